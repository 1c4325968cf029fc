"""What a run did not believe to be gone, over REST: looked at, and accepted or kept."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from django_spotify_sync.models import LargeLoss, LostRow, SyncRun
from django_spotify_sync.models.losses import Decision
from django_spotify_sync.rest.cursors import CursorPages, Ordered
from django_spotify_sync.rest.fields import RowSerializer
from django_spotify_sync.rest.keyset import by_number
from django_spotify_sync.rest.pinned import PinnedAPIView, own_account
from django_spotify_sync.rest.throttles import ListsThrottle
from django_spotify_sync.sync import decide_loss


class DecisionSerializer(serializers.Serializer[Any]):
    """The body of a POST that decides."""

    decision = serializers.ChoiceField(Decision.choices)

    class Meta:
        ref_name = "SpotifyDecision"


class LostRowSerializer(RowSerializer[LostRow]):
    class Meta:
        ref_name = "SpotifyLostRow"
        model = LostRow
        fields = ("spotify_id", "title", "subtitle")
        read_only_fields = fields


class LossSerializer(serializers.Serializer[Any]):
    """A page of what is lost, as ``LossPages`` answers it."""

    decision = serializers.ChoiceField(Decision.choices, allow_null=True)
    total = serializers.IntegerField()
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = LostRowSerializer(many=True)

    class Meta:
        ref_name = "SpotifyLoss"


class LossPages(CursorPages):
    """Pages of what is lost, each with what was decided, and how many rows there are in all."""

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        self._loss = view.loss
        return super().paginate_queryset(queryset, request, view)

    def get_paginated_response(self, data: Any) -> Response:
        loss = self._loss
        page = super().get_paginated_response(data).data
        return Response({"decision": loss.decision, "total": loss.total, **page})

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        page = super().get_paginated_response_schema(schema)
        decision = {"type": "string", "enum": [*Decision.values, None], "nullable": True}
        head = {"decision": decision, "total": {"type": "integer"}}
        return {
            **page,
            "required": [*head, *page["required"]],
            "properties": {**head, **page["properties"]},
        }


class LossViewSet(Ordered, PinnedAPIView, GenericViewSet[LostRow]):
    """What a run of the user's did not believe to be gone, in the order of the library."""

    serializer_class = LostRowSerializer
    throttle_classes = (ListsThrottle,)
    filter_backends = ()
    pagination_class = LossPages
    orders = {"position": by_number("position")}
    default_order = "position"

    @cached_property
    def loss(self) -> LargeLoss:
        """The loss that the run has met.

        :raises NotFound: if there is no such run of this user's, or it has met none.
        """
        runs = SyncRun.objects.filter(account=own_account(self.request))
        run = get_object_or_404(runs, pk=self.kwargs["pk"])
        loss = LargeLoss.objects.of_run(run)
        if loss is None:
            raise NotFound
        return loss

    def get_queryset(self) -> QuerySet[LostRow]:
        return LostRow.objects.filter(loss=self.loss)

    def list(self, request: Request, pk: str) -> Response:
        """What would be removed, and what was decided."""
        rows = self.paginate_queryset(self.get_queryset()) or []
        return self.get_paginated_response(self.get_serializer(rows, many=True).data)

    def create(self, request: Request, pk: str) -> Response:
        """Accept the loss, so that the next run removes the rows, or keep them."""
        said = DecisionSerializer(data=request.data)
        loss = self.loss
        said.is_valid(raise_exception=True)
        self.loss = decide_loss(loss, said.validated_data["decision"])
        return self.list(request, pk)

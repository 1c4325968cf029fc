"""Syncs over REST: asked for, and looked at."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from django_spotify_sync.conf import conf
from django_spotify_sync.models import SyncRun
from django_spotify_sync.models.runs import Trigger
from django_spotify_sync.rest.cursors import CursorPages, Ordered
from django_spotify_sync.rest.fields import ReasonField, RowSerializer
from django_spotify_sync.rest.keyset import by_time
from django_spotify_sync.rest.pinned import PinnedAPIView, own_account, own_url
from django_spotify_sync.rest.throttles import FullSyncThrottle, ListsThrottle, SyncThrottle
from django_spotify_sync.sync import may_sync, request_all, request_sync
from django_spotify_sync.tasks import queue


class SyncRequestSerializer(serializers.Serializer[Any]):
    """The body of a POST that asks for a sync."""

    full = serializers.BooleanField(default=False)

    class Meta:
        ref_name = "SpotifySyncRequest"


class CountsSerializer(RowSerializer[SyncRun]):
    class Meta:
        ref_name = "SpotifyRunCounts"
        model = SyncRun
        fields = ("created", "updated", "unchanged", "removed", "skipped")
        read_only_fields = fields


class RunErrorSerializer(RowSerializer[SyncRun]):
    code = serializers.CharField(source="error_code", read_only=True)
    detail = serializers.CharField(source="error_words", read_only=True)

    class Meta:
        ref_name = "SpotifyRunError"
        model = SyncRun
        fields = ("code", "detail")

    def get_attribute(self, run: SyncRun) -> SyncRun | None:
        return run if run.error_code else None


class SyncRunSerializer(RowSerializer[SyncRun]):
    reason = ReasonField(read_only=True, allow_null=True)
    counts = CountsSerializer(source="*", read_only=True)
    error = RunErrorSerializer(read_only=True, allow_null=True)

    class Meta:
        ref_name = "SpotifyRun"
        model = SyncRun
        fields = (
            "id",
            "resource",
            "status",
            "mode",
            "trigger",
            "reason",
            "done",
            "total",
            "requests",
            "counts",
            "created_at",
            "started_at",
            "finished_at",
            "resume_at",
            "error",
        )
        read_only_fields = fields


class SyncRunsSerializer(serializers.Serializer[Any]):
    runs = SyncRunSerializer(many=True)

    class Meta:
        ref_name = "SpotifyRuns"


class SyncView(PinnedAPIView):
    """Ask for a sync of one resource, if the site allows it. The answer is its run, which may be one under way."""

    throttle_classes = (SyncThrottle, FullSyncThrottle)

    def post(self, request: Request, resource: str) -> Response:
        account, full = own_account(request), _wants_full(request)
        # a hook is asked about nothing that the site does not sync
        if resource in conf.RESOURCES and not may_sync(account, resource, Trigger.USER):
            raise PermissionDenied
        run = request_sync(account, resource, full=full, trigger=Trigger.USER)
        queue(run)
        location = own_url(request, "run-detail", run.pk)
        return Response(SyncRunSerializer(run).data, status=202, headers={"Location": location})


class SyncAllView(PinnedAPIView):
    """Ask for a sync of every resource that the site allows. The answer is their runs, some perhaps under way."""

    throttle_classes = (SyncThrottle, FullSyncThrottle)

    def post(self, request: Request) -> Response:
        runs = request_all(own_account(request), full=_wants_full(request), trigger=Trigger.USER)
        queue(*runs)
        return Response(SyncRunsSerializer({"runs": runs}).data, status=202)


def _wants_full(request: Request) -> bool:
    """:raises ValidationError: if the body is no wish for a sync."""
    wish = SyncRequestSerializer(data=request.data)
    wish.is_valid(raise_exception=True)
    return bool(wish.validated_data["full"])


class SyncRunViewSet(
    Ordered, PinnedAPIView, ListModelMixin, RetrieveModelMixin, GenericViewSet[SyncRun]
):
    """The user's runs, newest first; each as far as it has come."""

    serializer_class = SyncRunSerializer
    throttle_classes = (ListsThrottle,)
    filter_backends = ()
    pagination_class = CursorPages
    orders = {"created_at": by_time("created_at")}
    default_order = "-created_at"

    def get_queryset(self) -> QuerySet[SyncRun]:
        return SyncRun.objects.filter(account=own_account(self.request))

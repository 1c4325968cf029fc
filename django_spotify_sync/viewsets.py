"""The REST doors to the account and its runs: each translates in, calls one function, translates out."""

from __future__ import annotations

from django.db.models import QuerySet
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from django_spotify_sync import accounts
from django_spotify_sync.cursors import CursorPages, by_time
from django_spotify_sync.models import SyncRun
from django_spotify_sync.models.runs import Trigger
from django_spotify_sync.rest import (
    FullSyncThrottle,
    OAuthThrottle,
    PinnedAPIView,
    SyncThrottle,
    own_account,
    own_url,
)
from django_spotify_sync.serializers import (
    SpotifyAccountSerializer,
    SyncRequestSerializer,
    SyncRunSerializer,
    SyncRunsSerializer,
    UTCField,
)
from django_spotify_sync.sync import request_all, request_sync
from django_spotify_sync.tasks import queue


class AccountView(PinnedAPIView):
    """The user's account and how its resources stand."""

    def get(self, request: Request) -> Response:
        return Response(SpotifyAccountSerializer(own_account(request)).data)


class RefreshView(PinnedAPIView):
    """Refresh the user's token now. The answer says until when it serves; the token itself is nobody's to see."""

    throttle_classes = (OAuthThrottle,)

    def post(self, request: Request) -> Response:
        token = accounts.refresh(own_account(request))
        return Response({"expires_at": UTCField().to_representation(token.expires_at)})


class DisconnectView(PinnedAPIView):
    """Let go of the user's Spotify account. The answer says what was removed, and where the user revokes at Spotify."""

    def post(self, request: Request) -> Response:
        removed = accounts.disconnect(own_account(request))
        return Response({"removed": removed, "revoke_at": accounts.REVOKE_URL})


class SyncView(PinnedAPIView):
    """Ask for a sync of one resource. The answer is its run, which may be one that is under way."""

    throttle_classes = (SyncThrottle, FullSyncThrottle)

    def post(self, request: Request, resource: str) -> Response:
        run = request_sync(
            own_account(request), resource, full=_wants_full(request), trigger=Trigger.USER
        )
        queue(run)
        location = own_url(request, "run-detail", run.pk)
        return Response(SyncRunSerializer(run).data, status=202, headers={"Location": location})


class SyncAllView(PinnedAPIView):
    """Ask for a sync of every resource. The answer is their runs, some of which may be under way."""

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


class SyncRunViewSet(PinnedAPIView, ListModelMixin, RetrieveModelMixin, GenericViewSet[SyncRun]):
    """The user's runs, newest first; each as far as it has come."""

    serializer_class = SyncRunSerializer
    filter_backends = ()
    pagination_class = CursorPages
    orders = {"created_at": by_time("created_at")}
    default_order = "-created_at"

    def get_queryset(self) -> QuerySet[SyncRun]:
        return SyncRun.objects.filter(account=own_account(self.request))

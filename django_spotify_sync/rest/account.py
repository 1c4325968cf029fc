"""The account over REST: how its resources stand, its token refreshed, let go of."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from django_spotify_sync import accounts
from django_spotify_sync.conf import conf
from django_spotify_sync.models import (
    SpotifyAccount,
    SyncRun,
    SyncState,
)
from django_spotify_sync.models.library import LIBRARY
from django_spotify_sync.rest.fields import RowSerializer, UTCField
from django_spotify_sync.rest.pinned import PinnedAPIView, own_account
from django_spotify_sync.rest.runs import SyncRunSerializer
from django_spotify_sync.rest.throttles import OAuthThrottle


class ResourceSerializer(serializers.Serializer[Any]):
    """How one resource of an account stands."""

    count = serializers.IntegerField()
    checked_at = UTCField(allow_null=True)
    next_sync_at = UTCField(allow_null=True)
    run = SyncRunSerializer(allow_null=True)

    class Meta:
        ref_name = "SpotifyResource"


class ResourcesField(serializers.DictField):
    """How each resource of an account stands, in a constant number of queries."""

    child = ResourceSerializer()

    def get_attribute(self, account: SpotifyAccount) -> dict[str, Any]:
        states = {state.resource: state for state in SyncState.objects.filter(account=account)}
        runs = SyncRun.objects.filter(account=account).order_by("-created_at", "-id")
        return {
            resource: {
                "count": LIBRARY[resource].shown_of(account.pk).count(),
                "checked_at": getattr(states.get(resource), "checked_at", None),
                "next_sync_at": getattr(states.get(resource), "next_sync_at", None),
                "run": runs.filter(resource=resource).first(),
            }
            for resource in conf.RESOURCES
        }


class SpotifyAccountSerializer(RowSerializer[SpotifyAccount]):
    """The account and how each resource of it stands; never a token."""

    scopes = serializers.ListField(child=serializers.CharField(), read_only=True)
    missing_scopes = serializers.ListField(child=serializers.CharField(), read_only=True)
    resources = ResourcesField(read_only=True)

    class Meta:
        ref_name = "SpotifyAccount"
        model = SpotifyAccount
        fields = (
            "spotify_id",
            "display_name",
            "image_url",
            "status",
            "scopes",
            "missing_scopes",
            "authorized_at",
            "reauthorize_by",
            "reauthorize_by_estimated",
            "resources",
        )
        read_only_fields = fields


class AccountView(PinnedAPIView):
    """The user's account and how its resources stand."""

    def get(self, request: Request) -> Response:
        return Response(SpotifyAccountSerializer(own_account(request)).data)


class RefreshView(PinnedAPIView):
    """Refresh the user's token now. The answer says until when it serves; the token itself is nobody's to see."""

    throttle_classes = (OAuthThrottle,)

    def post(self, request: Request) -> Response:
        token = accounts.refresh(own_account(request), deadline=accounts.page_deadline())
        return Response({"expires_at": UTCField().to_representation(token.expires_at)})


class DisconnectView(PinnedAPIView):
    """Let go of the user's Spotify account. The answer says what was removed, and where the user revokes at Spotify."""

    def post(self, request: Request) -> Response:
        removed = accounts.disconnect(own_account(request))
        return Response({"removed": removed, "revoke_at": accounts.REVOKE_URL})

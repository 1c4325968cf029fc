"""The account and its runs as JSON, as the public contract gives it; and what all our JSON has in common."""

from __future__ import annotations

from datetime import UTC
from typing import Any

from django.db import models
from rest_framework import ISO_8601, serializers

from django_spotify_sync.conf import conf
from django_spotify_sync.models import (
    AccountPlaylist,
    FollowedArtist,
    SavedTrack,
    SpotifyAccount,
    SyncRun,
    SyncState,
)


class UTCField(serializers.DateTimeField):
    """A time in UTC and ISO 8601, whatever time zone and format the site has."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(format=ISO_8601, default_timezone=UTC, **kwargs)


class RowSerializer[Row: models.Model](serializers.ModelSerializer[Row]):
    """A row as JSON. ``ref_name`` is what OpenAPI calls it: a host may well have tracks and artists of its own."""

    serializer_field_mapping = {
        **serializers.ModelSerializer.serializer_field_mapping,
        models.DateTimeField: UTCField,
    }


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


class ReasonField(serializers.CharField):
    """A text that is null where the row has none."""

    def to_representation(self, reason: str) -> Any:
        return reason or None


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
        listed = {
            # as tracks/ lists them: without the entries that hold none
            "tracks": SavedTrack.objects.filter(account=account, track__isnull=False),
            "playlists": AccountPlaylist.objects.filter(account=account),
            "following": FollowedArtist.objects.filter(account=account),
        }
        runs = SyncRun.objects.filter(account=account).order_by("-created_at", "-id")
        return {
            resource: {
                "count": listed[resource].count(),
                "checked_at": getattr(states.get(resource), "checked_at", None),
                "next_sync_at": getattr(states.get(resource), "next_sync_at", None),
                "run": runs.filter(resource=resource).first(),
            }
            for resource in conf.RESOURCES
        }


class SpotifyAccountSerializer(RowSerializer[SpotifyAccount]):
    """The account and how each resource of it stands; never a token."""

    scopes = serializers.ListField(child=serializers.CharField(), read_only=True)
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
            "authorized_at",
            "reauthorize_by",
            "resources",
        )
        read_only_fields = fields

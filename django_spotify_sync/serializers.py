"""Our rows as JSON, as the public contract gives it."""

from __future__ import annotations

from datetime import UTC, datetime
from operator import attrgetter
from typing import Any

from django.db import models
from rest_framework import ISO_8601, serializers

from django_spotify_sync.conf import conf
from django_spotify_sync.models import (
    AccountPlaylist,
    Album,
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
    serializer_field_mapping = {
        **serializers.ModelSerializer.serializer_field_mapping,
        models.DateTimeField: UTCField,
    }


class SyncRequestSerializer(serializers.Serializer[Any]):
    """The body of a POST that asks for a sync."""

    full = serializers.BooleanField(default=False)


class SyncRunSerializer(RowSerializer[SyncRun]):
    reason = serializers.SerializerMethodField()
    counts = serializers.SerializerMethodField()
    error = serializers.SerializerMethodField()

    class Meta:
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

    def get_reason(self, run: SyncRun) -> str | None:
        return run.reason or None

    def get_counts(self, run: SyncRun) -> dict[str, int]:
        return {
            name: getattr(run, name)
            for name in ("created", "updated", "unchanged", "removed", "skipped")
        }

    def get_error(self, run: SyncRun) -> dict[str, str] | None:
        return {"code": run.error_code, "detail": run.error_detail} if run.error_code else None


class SpotifyAccountSerializer(RowSerializer[SpotifyAccount]):
    """The account and how each resource of it stands; never a token. A constant number of queries."""

    scopes = serializers.ListField(child=serializers.CharField(), read_only=True)
    resources = serializers.SerializerMethodField()

    class Meta:
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

    def get_resources(self, account: SpotifyAccount) -> dict[str, Any]:
        states = {state.resource: state for state in SyncState.objects.filter(account=account)}
        counts = {
            "tracks": SavedTrack.objects.filter(account=account).count(),
            "playlists": AccountPlaylist.objects.filter(account=account).count(),
            "following": FollowedArtist.objects.filter(account=account).count(),
        }
        resources: dict[str, Any] = {}
        for resource in conf.RESOURCES:
            state = states.get(resource)
            run = (
                SyncRun.objects.filter(account=account, resource=resource)
                .order_by("-created_at", "-id")
                .first()
            )
            resources[resource] = {
                "count": counts[resource],
                "checked_at": _utc(state.checked_at) if state else None,
                "next_sync_at": _utc(state.next_sync_at) if state else None,
                "run": SyncRunSerializer(run).data if run else None,
            }
        return resources


class SavedTrackSerializer(serializers.BaseSerializer[SavedTrack]):
    """A saved entry that holds a track. Wants ``track__album`` selected and its artists prefetched."""

    def to_representation(self, saved: SavedTrack) -> dict[str, Any]:
        track = saved.track
        if track is None:
            raise TypeError("an entry without a track has no representation")
        return {
            "spotify_id": track.spotify_id,
            "uri": track.uri,
            "name": track.name,
            "artists": [
                {"spotify_id": link.artist.spotify_id, "name": link.artist.name}
                for link in sorted(track.track_artists.all(), key=attrgetter("position"))
            ],
            "album": _album(track.album),
            "duration_ms": track.duration_ms,
            "explicit": track.explicit,
            "isrc": track.isrc,
            # an entry that is answered without an id is one that Spotify no longer has
            "is_playable": saved.is_playable if saved.spotify_id else False,
            "added_at": _utc(saved.added_at),
            "url": track.get_absolute_url(),
        }


def _utc(moment: datetime | None) -> str | None:
    return UTCField().to_representation(moment) if moment else None


def _album(album: Album | None) -> dict[str, Any] | None:
    if album is None:
        return None
    return {
        "spotify_id": album.spotify_id,
        "name": album.name,
        "image_url": album.image_url,
        "release_date": album.release_date,
    }

"""Saved albums, shows, episodes and audiobooks, as stored and as FakeSpotify has them."""

from __future__ import annotations

from typing import Any

from django_spotify_sync.models import AlbumTrack, SpotifyAccount
from django_spotify_sync.models.library import LIBRARY

ALL = ("albums", "shows", "episodes", "audiobooks")
LIMITS = {"albums": 20, "shows": 50, "episodes": 50, "audiobooks": 50}
PATHS = {resource: f"/me/{resource}" for resource in ALL}
SCOPE = (
    "user-library-read playlist-read-private playlist-read-collaborative user-follow-read "
    "user-read-playback-position"
)

type Row = tuple[str, str | None, bool]


def rows_of(account: SpotifyAccount, resource: str) -> set[Row]:
    """Return what is stored: id, date, and whether it is available."""
    rows = LIBRARY[resource].of(account.pk)
    return {
        (spotify_id, added_at.strftime("%Y-%m-%dT%H:%M:%SZ") if added_at else None, is_available)
        for spotify_id, added_at, is_available in rows.values_list(
            "spotify_id", "added_at", "is_available"
        )
    }


def truth_of(who: Any, resource: str) -> set[Row]:
    """Return the same as Spotify has it."""
    entries = getattr(who, resource).entries
    dated = resource != "audiobooks"
    return {(one.id, one.added_at if dated else None, not one.null) for one in entries}


def tracks_of(album_id: str) -> list[str]:
    """Return the ids of an album's tracks in their order."""
    rows = AlbumTrack.objects.filter(album__spotify_id=album_id).order_by("position")
    return list(rows.values_list("track__spotify_id", flat=True))

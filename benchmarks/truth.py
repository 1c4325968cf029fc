"""What Spotify has, and what tables hold of it, in one form: the first is asked in Spotify's own process."""

from __future__ import annotations

from datetime import datetime
from typing import Any

type Row = list[Any]


def saved_at(user: Any) -> list[Row]:
    """Return FakeSpotify's saved tracks, newest first."""
    return [
        [
            entry.track.id,
            entry.added_at,
            entry.track.name,
            entry.track.duration_ms,
            entry.track.album.id,
            entry.track.album.name,
            [artist.id for artist in entry.track.artists],
        ]
        for entry in user.saved
    ]


def items_at(user: Any) -> list[Row]:
    """Return the items of FakeSpotify's playlists, in order."""
    return [
        [playlist.id, item.content.id, item.added_at]
        for playlist in user.playlists
        for item in playlist.items
    ]


def saved_in(entries: Any, links: Any) -> list[Row]:
    """Return rows of saved tracks, given in order, with the artists by links; of our models or of a rival's."""
    artists: dict[int, list[str]] = {}
    for track, artist in links.order_by("position").values_list("track", "artist__spotify_id"):
        artists.setdefault(track, []).append(artist)
    columns = (
        "track__spotify_id",
        "added_at",
        "track__name",
        "track__duration_ms",
        "track__album__spotify_id",
        "track__album__name",
        "track",
    )
    return [
        [spotify_id, _text(added_at), *rest, artists.get(track, [])]
        for spotify_id, added_at, *rest, track in entries.values_list(*columns)
    ]


def items_in(items: Any) -> list[Row]:
    """Return rows of playlists' items, given in order."""
    rows = items.values_list("playlist__spotify_id", "track__spotify_id", "added_at")
    return [[playlist, track, _text(added_at)] for playlist, track, added_at in rows]


def _text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")

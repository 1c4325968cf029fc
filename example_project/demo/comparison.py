"""Whether the site's copy is Spotify's library, to the last row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Prefetch
from django_spotify_sync.models import (
    AccountPlaylist,
    FollowedArtist,
    SavedTrack,
    SpotifyAccount,
    TrackArtist,
)
from django_spotify_sync.testing import FakeSpotify
from django_spotify_sync.testing.music.users import User

type Row = tuple[Any, ...]


def differences(account: SpotifyAccount, spotify: FakeSpotify) -> list[str]:
    """Compare all that there is, in order; return what differs in words, nothing if nothing does."""
    user = spotify.user
    return [
        *_differences("saved track", _tracks_here(account), _tracks_there(user)),
        *_differences("playlist", _playlists_here(account), _playlists_there(user)),
        *_differences("playlist item", _items_here(account), _items_there(user)),
        *_differences("followed artist", _artists_here(account), _artists_there(user)),
    ]


def _differences(kind: str, here: Sequence[Row], there: Sequence[Row]) -> Iterator[str]:
    if len(here) != len(there):
        yield f"{kind}s: {len(here)} here, {len(there)} at Spotify"
    for number, (mine, theirs) in enumerate(zip(here, there, strict=False), 1):
        if mine != theirs:
            yield f"{kind} {number}: {mine} here, {theirs} at Spotify"


def _tracks_here(account: SpotifyAccount) -> list[Row]:
    artists = TrackArtist.objects.select_related("artist").order_by("position")
    saved = (
        SavedTrack.objects.filter(account=account)
        .in_order()
        .select_related("track")
        .prefetch_related(Prefetch("track__track_artists", queryset=artists))
    )
    return [
        (
            entry.spotify_id,
            entry.added_at,
            entry.track.name,
            [link.artist.name for link in entry.track.track_artists.all()],
        )
        for entry in saved.iterator(chunk_size=1000)
    ]


def _tracks_there(user: User) -> list[Row]:
    return [
        (
            entry.track.id,
            _moment(entry.added_at),
            entry.track.name,
            [artist.name for artist in entry.track.artists],
        )
        for entry in user.saved
    ]


def _links(account: SpotifyAccount) -> list[AccountPlaylist]:
    links = AccountPlaylist.objects.filter(account=account).order_by("position")
    return list(links.select_related("playlist"))


def _playlists_here(account: SpotifyAccount) -> list[Row]:
    return [
        (
            link.playlist.spotify_id,
            link.playlist.name,
            link.playlist.owner_id,
            link.playlist.total,
            link.can_read_items,
        )
        for link in _links(account)
    ]


def _playlists_there(user: User) -> list[Row]:
    return [
        (one.id, one.name, one.owner.id, len(one.items), _may_read(user, one))
        for one in user.playlists
    ]


def _items_here(account: SpotifyAccount) -> list[Row]:
    return [
        (link.playlist.spotify_id, *item)
        for link in _links(account)
        for item in link.playlist.items.order_by("position").values_list(
            "uri", "added_at", "added_by"
        )
    ]


def _items_there(user: User) -> list[Row]:
    return [
        (one.id, item.uri or "", _moment(item.added_at), item.added_by or "")
        for one in user.playlists
        if _may_read(user, one)
        for item in one.items
    ]


def _may_read(user: User, playlist: Any) -> bool:
    """Tell whose items an app in development gets to read: those of its users' own lists, and of shared ones."""
    return playlist.owner is user or user in playlist.collaborators


def _artists_here(account: SpotifyAccount) -> list[Row]:
    rows = FollowedArtist.objects.filter(account=account).order_by("position")
    return list(rows.values_list("artist__spotify_id", "artist__name"))


def _artists_there(user: User) -> list[Row]:
    return [(entry.artist.id, entry.artist.name) for entry in user.following.entries]


def _moment(text: str | None) -> datetime | None:
    """Return a date; the first moment of 1970 is Spotify's word for one that it does not know."""
    return datetime.fromisoformat(text) if text not in {None, "1970-01-01T00:00:00Z"} else None

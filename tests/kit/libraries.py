"""Libraries put together row by row, for what reads them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from django.contrib.auth import get_user_model
from django.db import connection
from django.utils import timezone

from django_spotify_sync.models import (
    AccountPlaylist,
    Album,
    Artist,
    FollowedArtist,
    Playlist,
    PlaylistItem,
    SavedTrack,
    SpotifyAccount,
    Track,
    TrackArtist,
)

EPOCH = datetime(2024, 5, 1, 12, tzinfo=UTC)
_numbers = count(1)


def account_of(user: Any, spotify_id: str = "", **values: Any) -> SpotifyAccount:
    """Give a user an account without asking Spotify, and without a token."""
    now = timezone.now()
    return SpotifyAccount.objects.create(
        user=user,
        spotify_id=spotify_id or f"spotify-{user.username}",
        **{"authorized_at": now, "reauthorize_by": now + timedelta(days=180)} | values,
    )


def people(count: int, *, status: str = "connected", first: int = 0) -> list[SpotifyAccount]:
    """Make connected accounts, all at once, without asking Spotify."""
    users = get_user_model().objects.bulk_create(
        get_user_model()(username=f"user {first + number}") for number in range(count)
    )
    now = timezone.now()
    return SpotifyAccount.objects.bulk_create(
        SpotifyAccount(
            user=user,
            spotify_id=f"spotify of {user.username}",
            status=status,
            authorized_at=now,
            reauthorize_by=now + timedelta(days=180),
        )
        for user in users
    )


def track_of(
    name: str = "",
    *,
    artists: Sequence[str] = ("Artist 2", "Artist 1"),
    album: str = "Album",
    duration_ms: int = 1000,
) -> Track:
    """Make one more track, with an album and artists of its own, the first of them first."""
    number = next(_numbers)
    track = Track.objects.create(
        spotify_id=f"track-{number}",
        name=name or f"Track {number}",
        album=Album.objects.create(
            spotify_id=f"album-{number}",
            name=album,
            image_url="https://i.example/album",
            release_date="1981-12",
        ),
        duration_ms=duration_ms,
    )
    made = [
        Artist.objects.create(spotify_id=f"artist-{number}-{position}", name=artist)
        for position, artist in enumerate(artists)
    ]
    for position, artist in reversed(list(enumerate(made))):
        TrackArtist.objects.create(track=track, artist=artist, position=position)
    return track


def save(
    account: SpotifyAccount,
    added_at: datetime | None = EPOCH,
    *,
    track: Track | None = None,
    **values: Any,
) -> SavedTrack:
    """Save a track, by default one more."""
    number = next(_numbers)
    track = track or track_of()
    values = {"track": track, "spotify_id": track.spotify_id, "is_playable": True} | values
    return SavedTrack.objects.create(account=account, added_at=added_at, rank=number, **values)


def own(account: SpotifyAccount, playlist: Playlist | None = None, **values: Any) -> Playlist:
    """Put a playlist into a library, by default one more, whose items may be seen."""
    number = next(_numbers)
    playlist = playlist or Playlist.objects.create(
        spotify_id=f"list{number}",
        name=f"List {number}",
        owner_id=account.spotify_id,
        owner_name="Owner",
        total=1,
        items_read_by=account.pk,
    )
    values = {"position": number, "can_read_items": True} | values
    AccountPlaylist.objects.create(account=account, playlist=playlist, **values)
    return playlist


def put(playlist: Playlist, **values: Any) -> PlaylistItem:
    """Put one more thing at the end of a playlist, by default a track."""
    values = {"kind": "track", "added_at": EPOCH, "is_playable": True} | values
    if values["kind"] == "track" and "track" not in values:
        values["track"] = track_of()
    position = values.pop("position", playlist.items.count())
    return PlaylistItem.objects.create(playlist=playlist, position=position, **values)


def follow(account: SpotifyAccount, name: str = "", **values: Any) -> FollowedArtist:
    """Follow one more artist."""
    number = next(_numbers)
    artist = Artist.objects.create(spotify_id=f"artist{number}", name=name or f"Artist {number}")
    values = {"position": number} | values
    return FollowedArtist.objects.create(account=account, artist=artist, **values)


def splits(rows: int) -> int:
    """Return how many statements more so many rows may take where a database takes few parameters in one.

    It is SQLite under Django 5.2, with 999; elsewhere there are none.
    """
    most = connection.features.max_query_params
    return rows // 10 if most and most < 1000 else 0

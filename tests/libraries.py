"""Libraries put together row by row, for what reads them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from django.utils import timezone

from django_spotify_sync.models import (
    Album,
    Artist,
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


def save(account: SpotifyAccount, added_at: datetime | None = EPOCH, **values: Any) -> SavedTrack:
    """Save one more track, with an album and two artists of its own."""
    number = next(_numbers)
    artists = [
        Artist.objects.create(spotify_id=f"artist-{number}-{place}", name=f"Artist {place}")
        for place in (1, 2)
    ]
    album = Album.objects.create(
        spotify_id=f"album-{number}",
        name="Album",
        image_url="https://i.example/album",
        release_date="1981-12",
    )
    track = Track.objects.create(
        spotify_id=f"track-{number}", name=f"Track {number}", album=album, duration_ms=1000
    )
    for position, artist in enumerate(reversed(artists)):
        TrackArtist.objects.create(track=track, artist=artist, position=position)
    values = {"track": track, "spotify_id": track.spotify_id, "is_playable": True} | values
    return SavedTrack.objects.create(account=account, added_at=added_at, rank=number, **values)

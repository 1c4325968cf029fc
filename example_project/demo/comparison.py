"""Whether the site's copy is Spotify's library, to the last row."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Prefetch
from django_spotify_sync.models import SavedTrack, SpotifyAccount, TrackArtist
from django_spotify_sync.testing import FakeSpotify

type Row = tuple[str | None, datetime | None, str, list[str]]


def differences(account: SpotifyAccount, spotify: FakeSpotify) -> list[str]:
    """Compare ids, dates, names and artists, all in order; return what differs in words, nothing if nothing does."""
    here, there = _rows_here(account), _rows_there(spotify)
    found = [] if len(here) == len(there) else [f"{len(here)} rows here, {len(there)} at Spotify"]
    found += [
        f"row {number}: {mine} here, {theirs} at Spotify"
        for number, (mine, theirs) in enumerate(zip(here, there, strict=False), 1)
        if mine != theirs
    ]
    return found


def _rows_here(account: SpotifyAccount) -> list[Row]:
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


def _rows_there(spotify: FakeSpotify) -> list[Row]:
    return [
        (
            entry.track.id,
            datetime.fromisoformat(entry.added_at),
            entry.track.name,
            [artist.name for artist in entry.track.artists],
        )
        for entry in spotify.user.saved
    ]

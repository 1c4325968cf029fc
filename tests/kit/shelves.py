"""Saved albums, shows, episodes and audiobooks put together row by row, for what reads them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import count
from typing import Any

from django_spotify_sync.models import (
    Album,
    AlbumArtist,
    AlbumTrack,
    Artist,
    Audiobook,
    Episode,
    SavedAlbum,
    SavedAudiobook,
    SavedEpisode,
    SavedShow,
    Show,
    SpotifyAccount,
)
from tests.kit.libraries import EPOCH, track_of

_numbers = count(1)


def album_of(
    name: str = "", *, artists: Sequence[str] = ("Band 2", "Band 1"), tracks: int = 0, **values: Any
) -> Album:
    """Make one more album with artists of its own, the first of them first, and so many tracks, stored in no order."""
    number = next(_numbers)
    known = {"name": name or f"Album {number}", "total_tracks": tracks}
    album = Album.objects.create(**{"spotify_id": f"saved-album-{number}", **known, **values})
    made = [
        Artist.objects.create(spotify_id=f"band-{number}-{position}", name=artist)
        for position, artist in enumerate(artists)
    ]
    for position, artist in reversed(list(enumerate(made))):
        AlbumArtist.objects.create(album=album, artist=artist, position=position)
    for position in [*range(1, tracks, 2), *range(0, tracks, 2)]:
        AlbumTrack.objects.create(album=album, track=track_of(f"T{position}"), position=position)
    return album


def save_album(
    account: SpotifyAccount,
    album: Album | None = None,
    added_at: datetime | None = EPOCH,
    **values: Any,
) -> SavedAlbum:
    """Save an album, by default one more."""
    album = album or album_of()
    return SavedAlbum.objects.create(
        account=account, album=album, spotify_id=album.spotify_id, added_at=added_at, **values
    )


def save_show(
    account: SpotifyAccount,
    name: str = "",
    *,
    publisher: str = "Publisher",
    added_at: datetime | None = EPOCH,
    **values: Any,
) -> SavedShow:
    """Save one more show."""
    number = next(_numbers)
    show = Show.objects.create(
        spotify_id=f"show-{number}",
        name=name or f"Show {number}",
        publisher=publisher,
        total_episodes=7,
        image_url="https://i.example/show",
    )
    return SavedShow.objects.create(
        account=account, show=show, spotify_id=show.spotify_id, added_at=added_at, **values
    )


def save_episode(
    account: SpotifyAccount,
    name: str = "",
    *,
    show: str | None = "Show",
    release_date: str = "2026-02-03",
    duration_ms: int = 1000,
    added_at: datetime | None = EPOCH,
    **values: Any,
) -> SavedEpisode:
    """Save one more episode, of a show of its own or of none that is known."""
    number = next(_numbers)
    episode = Episode.objects.create(
        spotify_id=f"episode-{number}",
        name=name or f"Episode {number}",
        show=show and Show.objects.create(spotify_id=f"show-{number}", name=show),
        duration_ms=duration_ms,
        release_date=release_date,
        image_url="https://i.example/episode",
    )
    return SavedEpisode.objects.create(
        account=account, episode=episode, spotify_id=episode.spotify_id, added_at=added_at, **values
    )


def save_audiobook(
    account: SpotifyAccount,
    name: str = "",
    *,
    authors: Sequence[str] = ("Author",),
    added_at: datetime | None = EPOCH,
    **values: Any,
) -> SavedAudiobook:
    """Save one more audiobook."""
    number = next(_numbers)
    audiobook = Audiobook.objects.create(
        spotify_id=f"audiobook-{number}",
        name=name or f"Audiobook {number}",
        authors=list(authors),
        narrators=["Narrator 2", "Narrator 1"],
        total_chapters=12,
        image_url="https://i.example/audiobook",
    )
    return SavedAudiobook.objects.create(
        account=account,
        audiobook=audiobook,
        spotify_id=audiobook.spotify_id,
        added_at=added_at,
        **values,
    )

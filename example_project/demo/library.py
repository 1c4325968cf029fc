"""A library made of thin air, straight into the tables: for what measures pages, where a sync would take its time."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.db import models
from django.utils import timezone
from django_spotify_sync.models import (
    AccountPlaylist,
    Album,
    AlbumArtist,
    AlbumTrack,
    Artist,
    Audiobook,
    Episode,
    FollowedArtist,
    LibraryChange,
    Playlist,
    PlaylistItem,
    SavedAlbum,
    SavedAudiobook,
    SavedEpisode,
    SavedShow,
    SavedTrack,
    Show,
    SpotifyAccount,
    SyncRun,
    Track,
    TrackArtist,
)
from django_spotify_sync.sync.tracks.sorting import refresh_sort_keys
from django_spotify_sync.testing.music.words import artist_name, title

BATCH = 2_000
LATEST = datetime(2026, 10, 1, tzinfo=UTC)
PER_ALBUM, PER_ARTIST = 4, 12
#: Of so many tracks one is there twice, one cannot be played, and one has come or gone since the first sync.
PER_DOUBLE, PER_LOST, PER_CHANGE = 100, 50, 20


def make_account(name: str, tracks: int) -> SpotifyAccount:
    """Make a user with an account and so many saved tracks, with playlists, artists, runs, changes in proportion."""
    now = timezone.now()
    account = SpotifyAccount.objects.create(
        user=get_user_model().objects.create(username=name),
        spotify_id=name,
        display_name=name.title(),
        authorized_at=now,
        reauthorize_by=now + timedelta(days=180),
    )
    chance = random.Random(name)
    artists = _all(
        Artist(spotify_id=f"{name}-{at}", name=artist_name(chance))
        for at in range(tracks // PER_ARTIST + 2)
    )
    _save_tracks(account, artists, tracks, chance)
    refresh_sort_keys(account, is_whole=True, using=account._state.db or "default")
    _add_the_rest(account, artists, chance)
    _save_albums(account, artists, tracks)
    _save_spoken(account, min(500, tracks // 20), chance)
    _write_journal(account, tracks)
    return account


def _save_tracks(
    account: SpotifyAccount, artists: list[Any], count: int, chance: random.Random
) -> None:
    name = account.spotify_id
    albums = _all(
        Album(spotify_id=f"{name}-{at}", name=title(chance), release_year=1958 + at % 69)
        for at in range(count // PER_ALBUM + 1)
    )
    tracks = _all(
        Track(
            spotify_id=f"{name}-{at}",
            name=title(chance),
            album=albums[at // PER_ALBUM],
            duration_ms=int(chance.gauss(215_000, 50_000)) % 1_000_000,
            isrc=f"{name}-{at - (at % PER_DOUBLE == 1)}",
        )
        for at in range(count)
    )
    _all(
        TrackArtist(
            track=track, artist=artists[(at // PER_ALBUM + place) % len(artists)], position=place
        )
        for at, track in enumerate(tracks)
        for place in range(1 + at % 2)
    )
    _all(
        SavedTrack(
            account=account,
            track=track,
            spotify_id=track.spotify_id,
            added_at=LATEST - timedelta(hours=7 * at % 80_000),
            rank=-at,
            is_playable=at % PER_LOST > 0,
        )
        for at, track in enumerate(tracks)
    )


def _save_albums(account: SpotifyAccount, artists: list[Any], tracks: int) -> None:
    """Save one album for ten tracks; of the first one there are tracks in proportion."""
    name = account.spotify_id
    albums = list(Album.objects.filter(spotify_id__startswith=f"{name}-").order_by("pk"))
    albums = albums[: tracks // 10]
    _all(
        AlbumArtist(album=album, artist=artists[at % len(artists)], position=0)
        for at, album in enumerate(albums)
    )
    _all(
        SavedAlbum(
            account=account,
            album=album,
            spotify_id=album.spotify_id,
            added_at=LATEST - timedelta(days=at),
            is_available=at % 10 > 0,
        )
        for at, album in enumerate(albums)
    )
    listed = Track.objects.filter(spotify_id__startswith=f"{name}-").order_by("-pk")
    _all(
        AlbumTrack(album=albums[0], track=track, position=at)
        for at, track in enumerate(listed[: tracks // 10])
    )


def _save_spoken(account: SpotifyAccount, count: int, chance: random.Random) -> None:
    """Save so many shows, an episode of each, and as many audiobooks."""
    name = account.spotify_id
    shows = _all(
        Show(spotify_id=f"{name}-{at}", name=title(chance), publisher=artist_name(chance))
        for at in range(count)
    )
    episodes = _all(
        Episode(
            spotify_id=f"{name}-{at}", name=title(chance), show=shows[at], release_date="2026-02-03"
        )
        for at in range(count)
    )
    audiobooks = _all(
        Audiobook(spotify_id=f"{name}-{at}", name=title(chance), authors=[artist_name(chance)])
        for at in range(count)
    )
    for model, holds, rows in (
        (SavedShow, "show", shows),
        (SavedEpisode, "episode", episodes),
        (SavedAudiobook, "audiobook", audiobooks),
    ):
        _all(
            model(
                account=account,
                spotify_id=row.spotify_id,
                added_at=LATEST - timedelta(days=at),
                **{holds: row},
            )
            for at, row in enumerate(rows)
        )


def _write_journal(account: SpotifyAccount, tracks: int) -> None:
    """Write down changes of the year before LATEST, most of them tracks that were saved."""
    saved = SavedTrack.objects.filter(account=account).in_order().values_list("spotify_id")
    _all(
        LibraryChange(
            account=account,
            resource="tracks",
            kind="added" if at % 4 else "removed",
            spotify_id=spotify_id,
            title=f"Track {at}",
            seen_at=LATEST - timedelta(hours=at % 8_000),
        )
        for at, (spotify_id,) in enumerate(saved[: tracks // PER_CHANGE])
    )


def _add_the_rest(account: SpotifyAccount, artists: list[Any], chance: random.Random) -> None:
    name, size = account.spotify_id, len(artists)
    playlists = _all(
        Playlist(spotify_id=f"{name}-{at}", name=title(chance), owner_name=name, total=size)
        for at in range(min(size, 200))
    )
    _all(
        AccountPlaylist(account=account, playlist=one, position=at, can_read_items=True)
        for at, one in enumerate(playlists)
    )
    tracks = Track.objects.filter(spotify_id__startswith=name)[:size]
    _all(
        PlaylistItem(playlist=playlists[0], position=at, kind="track", track=track, uri=track.uri)
        for at, track in enumerate(tracks)
    )
    _all(
        FollowedArtist(account=account, artist=artist, position=at)
        for at, artist in enumerate(artists[:500])
    )
    ended = timezone.now()
    _all(
        SyncRun(
            account=account,
            resource="tracks",
            trigger="user",
            status="succeeded",
            finished_at=ended,
        )
        for _ in range(min(size, 60))
    )


def _all(rows: Iterator[models.Model]) -> list[Any]:
    """Store rows of one model."""
    made = list(rows)
    return type(made[0])._default_manager.bulk_create(made, batch_size=BATCH) if made else []

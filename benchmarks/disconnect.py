"""What it takes to disconnect, and to delete a user, with a library of 50,000 saved tracks."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from benchmarks import site
from django_spotify_sync import accounts
from django_spotify_sync.models import (
    AccountPlaylist,
    FollowedArtist,
    Playlist,
    PlaylistItem,
    SavedTrack,
    SpotifyAccount,
    Track,
)
from django_spotify_sync.models.catalog import Artist

TRACKS, PLAYLISTS, ITEMS, ARTISTS = 50_000, 200, 250, 1000


def _filled(name: str) -> SpotifyAccount:
    """Give a new user a library; the catalogue is shared with all of them."""
    user = get_user_model().objects.create_user(username=name)
    now = timezone.now()
    account = SpotifyAccount.objects.create(
        user=user, spotify_id=name, authorized_at=now, reauthorize_by=now + timedelta(days=180)
    )
    for model, number in ((Track, TRACKS), (Artist, ARTISTS)):
        model.objects.bulk_create(
            (model(spotify_id=f"{number}-{n}") for n in range(number)), 5000, ignore_conflicts=True
        )
    tracks = list(Track.objects.values_list("pk", flat=True))
    SavedTrack.objects.bulk_create(
        (SavedTrack(account=account, track_id=pk, rank=n) for n, pk in enumerate(tracks)), 5000
    )
    FollowedArtist.objects.bulk_create(
        FollowedArtist(account=account, artist_id=pk, position=n)
        for n, pk in enumerate(Artist.objects.values_list("pk", flat=True))
    )
    playlists = Playlist.objects.bulk_create(
        Playlist(spotify_id=f"{name}-{n}") for n in range(PLAYLISTS)
    )
    AccountPlaylist.objects.bulk_create(
        AccountPlaylist(account=account, playlist=playlist, position=n)
        for n, playlist in enumerate(playlists)
    )
    PlaylistItem.objects.bulk_create(
        (
            PlaylistItem(playlist=playlist, position=n, kind="track", track_id=tracks[n])
            for playlist in playlists
            for n in range(ITEMS)
        ),
        5000,
    )
    return account


def _measured(name: str, act: Callable[[SpotifyAccount], Any]) -> dict[str, Any]:
    account = _filled(name.replace(" ", "-"))
    with CaptureQueriesContext(connection) as queries:
        started = time.perf_counter()
        act(account)
        seconds = time.perf_counter() - started
    left = SavedTrack.objects.filter(account_id=account.pk).count()
    return {"act": name, "seconds": round(seconds, 2), "statements": len(queries), "left": left}


def main() -> None:
    with site.database():
        rows = [
            _measured("disconnect", accounts.disconnect),
            _measured("delete the user", lambda account: account.user.delete()),
        ]
        site.table(
            f"{TRACKS} saved tracks, {PLAYLISTS} playlists of {ITEMS}, {ARTISTS} artists", rows
        )
        print(site.versions())

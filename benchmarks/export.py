"""The peak memory of a process that exports 20,000 tracks, and 200,000: as each format, from PostgreSQL."""

from __future__ import annotations

import multiprocessing
import time
from datetime import timedelta
from multiprocessing.queues import SimpleQueue
from typing import Any

from django.contrib.auth import get_user_model
from django.db import connection, connections
from django.utils import timezone

from benchmarks import big, site
from benchmarks.measuring import memory_mb, name_database
from django_spotify_sync.export import FORMATS, begin_export
from django_spotify_sync.models import (
    AccountPlaylist,
    Playlist,
    PlaylistItem,
    SavedTrack,
    SpotifyAccount,
)

TRACKS = (20_000, 200_000)

_ROWS = (
    "INSERT INTO {saved} (account_id, track_id, spotify_id, added_at, rank) "
    "SELECT %(account)s, n, 'track' || n, now() - n * interval '1 hour', -n FROM generate_series(1, %(tracks)s) n",
    "INSERT INTO {item} (playlist_id, position, kind, uri, track_id, title, subtitle, added_at, added_by, folded) "
    "SELECT %(playlist)s, n, 'track', 'spotify:track:track' || n, n, '', '', now(), 'ada', '' "
    "FROM generate_series(1, %(tracks)s) n",
)


def _export(name: str, account_id: int, format_: str, results: SimpleQueue[Any]) -> None:
    name_database(name)
    account = SpotifyAccount.objects.get(pk=account_id)
    resource = "playlists" if format_ in ("exportify", "m3u8") else "tracks"
    before, started = memory_mb("VmRSS"), time.monotonic()
    size = sum(map(len, begin_export(account, format_, resource=resource).parts))
    results.put((resource, size, time.monotonic() - started, before, memory_mb("VmHWM")))


def main(sizes: tuple[int, ...] = TRACKS) -> list[dict[str, Any]]:
    """Print and return a row for each size and format; two of them as the zip of a playlist that holds it all."""
    rows = [row for tracks in sizes for row in _measure(tracks)]
    site.table("Peak memory of a process that exports", rows)
    return rows


def _measure(tracks: int) -> list[dict[str, Any]]:
    spawn = multiprocessing.get_context("spawn")
    rows = []
    with site.database():
        name = connections["default"].settings_dict["NAME"]
        big.fill(name, tracks, saved=0)
        account = _library(tracks)
        for format_ in FORMATS:
            results = spawn.SimpleQueue()
            process = spawn.Process(target=_export, args=(name, account.pk, format_, results))
            process.start()
            resource, size, seconds, before, after = results.get()
            process.join()
            rows.append(
                {
                    "format": format_,
                    "resource": resource,
                    "tracks": f"{tracks:,}",
                    "file_mb": round(size / 1e6, 1),
                    "seconds": round(seconds, 1),
                    "held_mb": round(before),
                    "peak_mb": round(after),
                    "grown_mb": round(after - before),
                }
            )
    return rows


def _library(tracks: int) -> SpotifyAccount:
    """Make an account that has saved all tracks, and has a playlist of them."""
    now = timezone.now()
    account = SpotifyAccount.objects.create(
        user=get_user_model().objects.create_user(username="ada"),
        spotify_id="ada",
        authorized_at=now,
        reauthorize_by=now + timedelta(days=180),
    )
    playlist = Playlist.objects.create(spotify_id="all", name="All", total=tracks)
    AccountPlaylist.objects.create(
        account=account, playlist=playlist, position=0, can_read_items=True
    )
    tables = {"saved": SavedTrack._meta.db_table, "item": PlaylistItem._meta.db_table}
    numbers = {"account": account.pk, "playlist": playlist.pk, "tracks": tracks}
    with connection.cursor() as cursor:
        for statement in _ROWS:
            cursor.execute(statement.format(**tables), numbers)
        cursor.execute("VACUUM ANALYZE")
    return account

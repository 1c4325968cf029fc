"""The peak memory of a process that syncs 50,000 tracks, and 200,000: first and again."""

from __future__ import annotations

import multiprocessing
from multiprocessing.queues import SimpleQueue
from typing import Any

from django.db import connections
from django.test.utils import override_settings

from benchmarks import site
from benchmarks.measuring import memory_mb, name_database
from django_spotify_sync.models import SpotifyAccount
from django_spotify_sync.sync import sync

TRACKS = (50_000, 200_000)


def _sync(settings: dict[str, Any], name: str, account_id: int, results: SimpleQueue[Any]) -> None:
    name_database(name)
    before = memory_mb("VmRSS")
    with override_settings(**settings):
        run = sync(SpotifyAccount.objects.get(pk=account_id), "tracks")
    results.put((run.status, run.requests, before, memory_mb("VmHWM")))


def main(sizes: tuple[int, ...] = TRACKS) -> list[dict[str, Any]]:
    """Print and return a row for each size, first and again."""
    rows = [row for tracks in sizes for row in _measure(tracks)]
    site.table("Peak memory of a process that syncs", rows)
    return rows


def _measure(tracks: int) -> list[dict[str, Any]]:
    spawn = multiprocessing.get_context("spawn")
    rows = []
    with site.database(), site.spotify(tracks=tracks) as spotify:
        account = site.connected(spotify)
        name = connections["default"].settings_dict["NAME"]
        for which in ("first", "again"):
            results = spawn.SimpleQueue()
            process = spawn.Process(
                target=_sync, args=(spotify.settings, name, account.pk, results)
            )
            process.start()
            status, requests, before, after = results.get()
            process.join()
            rows.append(
                {
                    "database": "PostgreSQL"
                    if connections["default"].vendor == "postgresql"
                    else "SQLite",
                    "subject": f"{tracks:,} tracks",
                    "step": which,
                    "status": status,
                    "requests": requests,
                    "held_mb": round(before),
                    "peak_mb": round(after),
                    "grown_mb": round(after - before),
                }
            )
    return rows

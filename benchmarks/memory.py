"""The peak memory of a process that syncs 50,000 tracks, first and again."""

from __future__ import annotations

import multiprocessing
import resource
from multiprocessing.queues import SimpleQueue
from typing import Any

from django.db import connections
from django.test.utils import override_settings

from benchmarks import site
from django_spotify_sync.models import SpotifyAccount
from django_spotify_sync.sync import sync

TRACKS = 50_000


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _sync(settings: dict[str, Any], name: str, account_id: int, results: SimpleQueue[Any]) -> None:
    connections["default"].settings_dict["NAME"] = name
    before = peak_mb()
    with override_settings(**settings):
        run = sync(SpotifyAccount.objects.get(pk=account_id), "tracks")
    results.put((run.status, run.requests, before, peak_mb()))


def main() -> None:
    spawn = multiprocessing.get_context("spawn")
    rows = []
    with site.database(), site.spotify(tracks=TRACKS) as spotify:
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
                    "sync": which,
                    "status": status,
                    "requests": requests,
                    "MB before": round(before),
                    "MB at peak": round(after),
                    "MB grown": round(after - before),
                }
            )
        site.table(f"Peak memory, {TRACKS} tracks", rows)
        print(site.versions())

"""What a sync of 10,000 tracks costs: first, unchanged, and with a few likes and unlikes."""

from __future__ import annotations

import time

from django.db import connection
from django.test.utils import CaptureQueriesContext

from benchmarks import site
from django_spotify_sync.sync import sync

TRACKS, LATENCY = 10_000, 0.08

CHANGES = (
    ("first", "None"),
    ("unchanged", "None"),
    ("+25 likes", "fake.user.like(25)"),
    ("-1 in the middle", "fake.user.unlike(5000)"),
)


def main() -> None:
    rows = []
    with site.database(), site.spotify(tracks=TRACKS, latency=LATENCY) as spotify:
        account = site.connected(spotify)
        for name, change in CHANGES:
            spotify.do(change)
            with CaptureQueriesContext(connection) as queries:
                started = time.perf_counter()
                run = sync(account, "tracks")
                seconds = time.perf_counter() - started
            rows.append(
                {
                    "sync": name,
                    "status": run.status,
                    "mode": run.mode,
                    "requests": run.requests,
                    "seconds": round(seconds, 2),
                    "statements": len(queries),
                    "created": run.created,
                    "updated": run.updated,
                    "removed": run.removed,
                }
            )
        site.table(f"Sync {TRACKS} tracks, {LATENCY * 1000:g} ms", rows)
        print(site.versions())

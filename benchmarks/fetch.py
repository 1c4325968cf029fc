"""How near the parallel fetch of 10,000 tracks comes to the ideal: ceil(pages / workers) x latency."""

from __future__ import annotations

import math
import time

from benchmarks import site
from django_spotify_sync import accounts
from django_spotify_sync.spotify.answers.saved import parse_saved_page
from django_spotify_sync.spotify.client import Get
from django_spotify_sync.spotify.fetching import Fetcher

TRACKS, LATENCY, WORKERS, REPEATS = 10_000, 0.08, 8, 5


def main() -> None:
    pages = TRACKS // 50
    ideal = math.ceil(pages / WORKERS) * LATENCY
    rows = []
    with site.database(), site.spotify(tracks=TRACKS, latency=LATENCY) as spotify:
        account = site.connected(spotify)
        for repeat in range(REPEATS):
            started = time.perf_counter()
            with accounts.client_for(account) as client, Fetcher(client, max_wait=0) as fetch:
                gets = [
                    Get("/me/tracks", parse_saved_page, {"limit": 50, "offset": offset})
                    for offset in range(0, TRACKS, 50)
                ]
                entries = sum(len(page.entries) for _, page in fetch.each(gets))
            seconds = time.perf_counter() - started
            rows.append(
                {
                    "repeat": repeat + 1,
                    "entries": entries,
                    "seconds": round(seconds, 3),
                    "ideal": round(ideal, 3),
                    "times ideal": round(seconds / ideal, 3),
                    "peak in flight": spotify.do("fake.peak_in_flight"),
                }
            )
        site.table(f"Fetch and parse {pages} pages, {LATENCY * 1000:g} ms, {WORKERS} workers", rows)
        print(site.versions())

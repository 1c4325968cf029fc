"""The best that a good developer assembles: spotipy in 8 threads, and ``bulk_create(update_conflicts=True)``."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import spotipy

from benchmarks.rivals import bulk

WORKERS = 8


def sync(token: str, api_url: str, account: int) -> None:
    """Bring the account's saved tracks up to date."""
    client = spotipy.Spotify(auth=token)
    client.prefix = f"{api_url}/"
    first = client.current_user_saved_tracks(limit=50)
    offsets = range(50, first["total"], 50)
    with ThreadPoolExecutor(WORKERS) as pool:
        rest = pool.map(lambda offset: client.current_user_saved_tracks(50, offset), offsets)
        items = [item for page in (first, *rest) for item in page["items"]]
    bulk.write(items, account)

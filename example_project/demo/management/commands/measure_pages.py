"""manage.py measure_pages: how many queries and how long each page takes, on a library of any size."""

from __future__ import annotations

import json
import statistics
import time
from argparse import ArgumentParser
from typing import Any

from django.core.cache import cache
from django.core.management.base import BaseCommand
from django.db import connection
from django.test import Client
from django.test.utils import (
    CaptureQueriesContext,
    override_settings,
    setup_test_environment,
    teardown_test_environment,
)
from django_spotify_sync.models import SpotifyAccount

from demo.library import make_account

BACKEND = "django.contrib.auth.backends.ModelBackend"
BEYOND = 999_999  # which is the last page of any list
HTMX = {"HX-Request": "true"}
#: A cache of this command's own, which it may empty: what is kept there is measured without and with it.
CACHE = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "measured"}


class Command(BaseCommand):
    help = "Make a database, fill it with a library of made-up rows, and measure every page on it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--tracks", type=int, nargs="+", default=[10_000, 100_000])
        parser.add_argument("--times", type=int, default=5, help="how often each page is asked for")
        parser.add_argument("--json", action="store_true", help="one object a size, page by page")

    def handle(self, *, tracks: list[int], times: int, **options: Any) -> None:
        setup_test_environment(debug=False)
        name = connection.settings_dict["NAME"]
        connection.creation.create_test_db(verbosity=0, autoclobber=True)
        try:
            for size in tracks:
                account = make_account(f"listener{size}", size)
                with connection.cursor() as cursor:
                    cursor.execute("ANALYZE")
                with override_settings(CACHES={"default": CACHE}):
                    found = {page: measured(account, page, times) for page in pages(account)}
                self._say(size, found, as_json=options["json"])
        finally:
            connection.creation.destroy_test_db(name, verbosity=0)
            teardown_test_environment()

    def _say(self, size: int, found: dict[str, dict[str, Any]], *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps({"tracks": size, "pages": found}))
            return
        self.stdout.write(
            f"\n{size:,} saved tracks, {connection.vendor}{'queries':>28}{'at first':>9}{'ms':>9}"
        )
        for page, one in found.items():
            self.stdout.write(
                f"  /{page:<48}{one['queries']:>8}{one['first_ms']:>9.1f}{one['ms']:>9.1f}"
            )


def pages(account: SpotifyAccount) -> list[str]:
    """Name the pages to measure, by what a person would ask for."""
    return [
        "",
        "shelf/tracks/",
        "tracks/",
        "tracks/?cursor=last",
        "tracks/?sort=artist",
        "tracks/?sort=artist&cursor=last",
        "tracks/?sort=album",
        "tracks/?q=rain",
        "tracks/?q=of+the&sort=title",
        "tracks/?q=zanzibar",
        "tracks/?sort=newest",
        f"tracks/?page={BEYOND}",
        f"tracks/?sort=artist&page={BEYOND}",
        "tracks/?month=2026-09",
        "tracks/?released=1990s",
        "tracks/?explicit=1",
        "tracks/?unavailable=1&since=2026-01-01",
        "tracks/?unlisted=1",
        f"tracks/{account.spotify_id}-9/",
        "playlists/",
        f"playlists/{account.spotify_id}-0/",
        f"playlists/overlap/?one={account.spotify_id}-0&two={account.spotify_id}-1",
        "artists/",
        f"artists/{account.spotify_id}-1/",
        "search/?q=rain",
        "search/?q=zanzibar",
        "search/?q=rain&in=albums",
        "search/?q=rain&in=items",
        "albums/",
        "albums/?sort=artist&cursor=last",
        "albums/?q=rain",
        f"albums/{account.spotify_id}-0/",
        f"albums/{account.spotify_id}-3/",
        "shows/",
        "shows/?sort=publisher",
        "pictures/",
        "changes/",
        "changes/?kind=removed",
        "lost/",
        "lost/?of=tracks&page=2",
        "duplicates/",
        "diary/",
        "diary/2026/",
        "diary/2026/9/",
        "take/",
        "syncs/",
        "connection/",
        "connection/leave/",
        "privacy/",
    ]


def measured(account: SpotifyAccount, page: str, times: int) -> dict[str, Any]:
    """Ask for a page as its owner; return its queries, and the median of its milliseconds.

    ``first_ms`` are those of the first time, when the cache has nothing of it, as after a sync that wrote.
    """
    client = Client(HTTP_HOST="127.0.0.1")
    client.force_login(account.user, backend=BACKEND)
    headers = HTMX if page.startswith("shelf/") else {}
    with CaptureQueriesContext(connection) as captured:
        answer = client.get(f"/{page}", headers=headers)
    queries = len(captured)  # before the next request begins the log anew
    if answer.status_code != 200:
        raise RuntimeError(f"/{page} answered {answer.status_code}.")
    cache.clear()
    taken = []
    for _ in range(times + 1):
        started = time.perf_counter()
        client.get(f"/{page}", headers=headers)
        taken.append((time.perf_counter() - started) * 1000)
    first, *later = taken
    return {
        "queries": queries,
        "first_ms": round(first, 1),
        "ms": round(statistics.median(later), 1),
    }

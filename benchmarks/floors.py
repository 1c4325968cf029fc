"""What nothing can be quicker than: to fetch and parse the pages alone, and to COPY rows that are ready."""

from __future__ import annotations

from functools import cache

from django.db import connection

from benchmarks import site
from django_spotify_sync import accounts
from django_spotify_sync.models import (
    Album,
    AlbumArtist,
    Artist,
    SavedTrack,
    SpotifyAccount,
    Track,
    TrackArtist,
)
from django_spotify_sync.spotify.answers.saved import parse_saved_page
from django_spotify_sync.spotify.client import Get
from django_spotify_sync.spotify.fetching import Fetcher
from django_spotify_sync.sync import sync

TABLES = [
    model._meta.db_table for model in (Artist, Album, Track, AlbumArtist, TrackArtist, SavedTrack)
]


def fetch(_: site.Spotify, account: SpotifyAccount, full: bool) -> None:
    """Fetch every page of the saved tracks, eight at once, and parse it."""
    with accounts.client_for(account) as client, Fetcher(client, max_wait=0) as fetcher:
        [(_, first)] = fetcher.each([_page(0)])
        gets = [_page(offset) for offset in range(50, first.total, 50)]
        read = len(first.entries) + sum(len(page.entries) for _, page in fetcher.each(gets))
    if read != first.total:
        raise RuntimeError(f"{read} of {first.total} entries were read.")


def _page(offset: int) -> Get:
    return Get("/me/tracks", parse_saved_page, {"limit": 50, "offset": offset})


def copy(_: site.Spotify, account: SpotifyAccount, full: bool) -> None:
    """COPY the rows of :func:`prepared` into their tables, in one transaction."""
    texts = prepared(account.pk)
    with connection.cursor() as cursor:
        cursor.execute("BEGIN")
        for table, text in texts.items():
            with cursor.copy(f"COPY {table} FROM STDIN") as into:
                into.write(text)
        cursor.execute("COMMIT")


@cache
def prepared(account_id: int) -> dict[str, bytes]:
    """Sync, take the rows out as the text that COPY reads, and empty the tables; not for timing."""
    run = sync(SpotifyAccount.objects.get(pk=account_id), "tracks")
    if run.status != "succeeded":
        raise RuntimeError(run.error_detail)
    texts = {}
    with connection.cursor() as cursor:
        for table in TABLES:
            with cursor.copy(f"COPY {table} TO STDOUT") as out:
                texts[table] = b"".join(bytes(block) for block in out)
        cursor.execute(f"TRUNCATE {', '.join(TABLES)} CASCADE")
        cursor.execute("VACUUM ANALYZE")
    return texts

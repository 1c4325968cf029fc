"""Pages that a run has fetched and not yet written, kept in the database: a resumed run need not ask for them again.

A page is filed by the distance of its beginning from the end of the list, which new entries at the head do not change.
"""

from __future__ import annotations

import json
import time
import zlib
from collections.abc import Mapping
from dataclasses import astuple
from datetime import UTC, datetime
from typing import Any

from django_spotify_sync.models import StagedPage, SyncRun
from django_spotify_sync.spotify.rows import AlbumRow, ArtistRow, Catalog, Page, SavedRow, TrackRow

FLUSH_EVERY = 2.0  # seconds of fetching that a killed worker may lose

SAVED_TRACKS = "saved_tracks"


class Stage:
    """The staged pages of a run's saved tracks. For the coordinating thread; nothing is staged inside a transaction."""

    def __init__(self, run: SyncRun, using: str) -> None:
        self._run = run
        self._using = using
        self._waiting: list[StagedPage] = []
        self._flushed = time.monotonic()

    def keep(self, page: Page[SavedRow]) -> None:
        """Stage a page, with others every couple of seconds."""
        staged = StagedPage(
            run=self._run,
            listing=SAVED_TRACKS,
            offset=max(0, page.total - page.offset),
            rows=packed(page),
        )
        self._waiting.append(staged)
        if time.monotonic() - self._flushed > FLUSH_EVERY:
            self.flush()

    def flush(self) -> None:
        """Write what is waiting."""
        rows, self._waiting = self._waiting, []
        StagedPage.objects.using(self._using).bulk_create(
            rows,
            update_conflicts=True,
            unique_fields=["run", "listing", "offset"],
            update_fields=["rows", "created_at"],
        )
        self._flushed = time.monotonic()

    def load(self) -> dict[int, Page[SavedRow]]:
        """Return the pages of earlier attempts by their distance from the end of the list."""
        rows = StagedPage.objects.using(self._using).filter(run=self._run, listing=SAVED_TRACKS)
        return {staged.offset: unpacked(bytes(staged.rows)) for staged in rows}

    def forget(self) -> None:
        """Throw all away: the list moved, and they fit no more."""
        self._waiting = []
        StagedPage.objects.using(self._using).filter(run=self._run, listing=SAVED_TRACKS).delete()


def packed(page: Page[SavedRow]) -> bytes:
    """Return a page as compressed JSON."""
    plain = {
        "page": [page.offset, page.limit, page.total],
        "entries": [astuple(entry) for entry in page.entries],
        "artists": [astuple(row) for row in page.catalog.artists.values()],
        "albums": [astuple(row) for row in page.catalog.albums.values()],
        "tracks": [astuple(row) for row in page.catalog.tracks.values()],
    }
    return zlib.compress(json.dumps(plain, default=_stamp, separators=(",", ":")).encode())


def unpacked(packed_page: bytes) -> Page[SavedRow]:
    """Return the page that was packed."""
    plain = json.loads(zlib.decompress(packed_page))
    offset, limit, total = plain["page"]
    return Page(
        offset=offset,
        limit=limit,
        total=total,
        entries=tuple(_saved(*entry) for entry in plain["entries"]),
        catalog=Catalog(
            artists=_by_id(ArtistRow, plain["artists"]),
            albums=_by_id(AlbumRow, plain["albums"]),
            tracks=_by_id(TrackRow, plain["tracks"]),
        ),
    )


def _stamp(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    raise TypeError(f"a {type(value).__name__} is not staged")


def _saved(spotify_id: str | None, added_at: str | None, *more: Any) -> SavedRow:
    return SavedRow(spotify_id, datetime.fromisoformat(added_at) if added_at else None, *more)


def _by_id[Row](kind: type[Row], rows: list[list[Any]]) -> dict[str, Row]:
    """Rebuild rows; lists were tuples."""
    built = [
        kind(*(tuple(value) if isinstance(value, list) else value for value in row)) for row in rows
    ]
    return {row[0]: item for row, item in zip(rows, built, strict=True)}


def staged_total(pages: Mapping[int, Page[SavedRow]]) -> int:
    """Return how long the list was when its head was last staged."""
    return max(pages, default=0)

"""Pages that a run has fetched and not yet written, kept in the database: a resumed run need not ask for them again.

A page is filed by the distance of its beginning from the end of the list, which new entries at the head do not change.
"""

from __future__ import annotations

import time
from collections.abc import Mapping

from django_spotify_sync.models import StagedPage, SyncRun
from django_spotify_sync.spotify.rows import Page, SavedRow
from django_spotify_sync.sync.packing import pack, unpack

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
            rows=pack(page),
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
        return {staged.offset: unpack(bytes(staged.rows)) for staged in rows}

    def forget(self) -> None:
        """Throw all away: the list moved, and they fit no more."""
        self._waiting = []
        StagedPage.objects.using(self._using).filter(run=self._run, listing=SAVED_TRACKS).delete()


def staged_total(pages: Mapping[int, Page[SavedRow]]) -> int:
    """Return how long the list was when its head was last staged."""
    return max(pages, default=0)

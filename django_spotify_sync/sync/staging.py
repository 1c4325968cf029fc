"""Answers that a run has fetched and not yet written, kept in the database: a resumed run need not ask for them again.

Each is filed under a listing, which says what list it belongs to and as of when, and a place in it. Answers are written
every couple of seconds, so that a run that is over soon stages nothing.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django_spotify_sync.db.transactions import done_again
from django_spotify_sync.exceptions import NotWhole, RunCancelled, RunLost
from django_spotify_sync.models import StagedPage, SyncRun
from django_spotify_sync.sync.packing import NotPacked, pack, unpack

FLUSH_EVERY = 2.0  # seconds of fetching that a killed worker may lose


class Stage:
    """The staged answers of a run. For the coordinating thread; nothing is staged inside a transaction."""

    def __init__(self, run: SyncRun, using: str) -> None:
        self._run = run
        self._using = using
        self._rows = StagedPage.objects.using(using).filter(run=run)
        self._waiting: list[StagedPage] = []
        self._flushed = time.monotonic()

    def keep(self, listing: str, place: int, answer: object) -> None:
        """Stage an answer, with others every couple of seconds."""
        self._waiting.append(
            StagedPage(run=self._run, listing=listing, offset=place, rows=pack(answer))
        )
        if time.monotonic() - self._flushed > FLUSH_EVERY:
            self.flush()

    def flush(self) -> None:
        """Write what is waiting; the later of two answers for one place counts."""
        rows = {(staged.listing, staged.offset): staged for staged in self._waiting}
        self._waiting = []
        done_again(
            lambda: self._rows.bulk_create(
                rows.values(),
                update_conflicts=True,
                unique_fields=["run", "listing", "offset"],
                update_fields=["rows", "created_at"],
            ),
            using=self._using,
        )
        self._flushed = time.monotonic()

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Write what is waiting whatever ends the attempt: from there this run goes on, or the next one.

        Not if the run is somebody else's by now, or its account is let go of, or if it is about to end with a write.
        """
        try:
            yield
        except (NotWhole, RunCancelled, RunLost):
            raise
        except BaseException:
            self.flush()
            raise

    def load(self, listing: str) -> dict[int, Any]:
        """Return the answers of earlier attempts by their place."""
        staged = self._rows.filter(listing=listing).values_list("offset", "rows")
        try:
            return {place: unpack(bytes(rows)) for place, rows in staged}
        except (
            NotPacked
        ):  # by another version of this package: it would stand in the way of every run to come
            self.forget(listing)
            return {}

    def forget(self, listing: str) -> None:
        """Throw a listing's answers away: it moved, and they fit no more."""
        self._waiting = [staged for staged in self._waiting if staged.listing != listing]
        done_again(self._rows.filter(listing=listing).delete, using=self._rows.db)

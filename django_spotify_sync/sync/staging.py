"""Answers that a run has fetched and not yet written, kept in the database: a resumed run need not ask for them again.

Each is filed under a listing, which says what list it belongs to and as of when, and a place in it. Every few seconds
those that came since are packed and written beside the reading; so a run that is over by then stages nothing.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any

from django.db import DatabaseError, IntegrityError, InterfaceError

from django_spotify_sync.db.transactions import done_again
from django_spotify_sync.exceptions import NotWhole, RunCancelled, RunLost
from django_spotify_sync.models import StagedPage
from django_spotify_sync.sync.handover import Work
from django_spotify_sync.sync.packing import NotPacked, pack, unpack

logger = logging.getLogger("django_spotify_sync.sync")

FLUSH_EVERY = 5.0  # seconds of fetching that a killed worker may lose
MOST_WAITING = 250  # answers that are in memory whole at most, if they come that fast

#: Answers by their listing and their place in it.
type Answers = dict[tuple[str, int], object]


class Stage:
    """The staged answers of a run, all of one ``kind``. For the coordinating thread; nothing is staged inside a
    transaction.
    """

    def __init__(self, work: Work, kind: Any) -> None:
        self._run = work.run
        self._using = work.using
        self._beside = work.beside
        self._kind = kind
        self._rows = StagedPage.objects.using(work.using).filter(run=work.run)
        self._waiting: Answers = {}
        self._flushing: Answers = {}
        self._flush: Future[None] | None = None
        self._has_flushed = False
        self._flushed = time.monotonic()

    def keep(self, listing: str, place: int, answer: object) -> None:
        """Stage an answer, with others every few seconds; the later of two for one place counts."""
        self._waiting[listing, place] = answer
        is_time = (
            time.monotonic() - self._flushed > FLUSH_EVERY or len(self._waiting) >= MOST_WAITING
        )
        if is_time and (self._flush is None or self._flush.done()):
            self._settle()
            self._flushing = answers = self._waiting
            self._waiting = {}
            self._has_flushed = True
            self._flushed = time.monotonic()
            self._flush = self._beside.do(lambda: self._write(answers))

    def flush(self) -> None:
        """Write what is waiting, now."""
        try:
            self._settle()
        finally:
            answers, self._waiting = self._waiting, {}
            self._write(answers)

    def _write(self, answers: Mapping[tuple[str, int], object]) -> None:
        rows = [
            StagedPage(run=self._run, listing=listing, offset=place, rows=pack(answer, self._kind))
            for (listing, place), answer in answers.items()
        ]
        done_again(
            lambda: StagedPage.objects.using(self._using).bulk_create(
                rows,
                update_conflicts=True,
                unique_fields=["run", "listing", "offset"],
                update_fields=["rows", "created_at"],
            ),
            using=self._using,
        )

    def _settle(self) -> None:
        """Wait for the flush that is under way; take back what it could not write, to be written with the next."""
        flush, self._flush = self._flush, None
        try:
            if flush is not None:
                flush.result()
                self._flushing = {}
        except (DatabaseError, InterfaceError) as error:
            self._warn(error)
        finally:
            self._waiting = self._flushing | self._waiting
            self._flushing = {}

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Write what is waiting if the attempt is cut short: from there this run goes on, or the next one.

        A run that took so long that some of its answers are staged stages all of them before its write, which may be
        cut short too. Nothing is staged if the run is somebody else's by now, or its account is let go of, or if it is
        about to end with what can be proved.
        """
        try:
            yield
        except (NotWhole, RunCancelled, RunLost):
            self._settle()
            raise
        except BaseException:
            self.flush()
            raise
        if self._has_flushed:
            try:
                self.flush()
            except (DatabaseError, InterfaceError) as error:  # the write may do all the same
                self._warn(error)

    def _warn(self, error: Exception) -> None:
        # Nothing but the run can be missing to its pages: it went with its account, and nobody is to be told.
        level = logging.INFO if isinstance(error, IntegrityError) else logging.WARNING
        logger.log(
            level, "run=%s pages could not be staged (%s)", self._run.pk, type(error).__name__
        )

    def load(self, listing: str) -> dict[int, Any]:
        """Return the answers of earlier attempts by their place."""
        staged = self._rows.filter(listing=listing).values_list("offset", "rows")
        try:
            return {place: unpack(bytes(rows), self._kind) for place, rows in staged}
        except NotPacked:
            # by another version of this package: it would stand in the way of every run to come
            self.forget(listing)
            return {}

    def forget(self, listing: str) -> None:
        """Throw a listing's answers away: it moved, and they fit no more."""
        self._settle()
        self._waiting = {key: answer for key, answer in self._waiting.items() if key[0] != listing}
        done_again(self._rows.filter(listing=listing).delete, using=self._rows.db)

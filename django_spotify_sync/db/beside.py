"""Short work on the database beside what its owner is waiting for elsewhere. Knows nothing of Spotify."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType

from django.db import connections


class Beside:
    """A thread with a connection of its own, which does one thing after the other; both are made when first needed.

    A database that has one writer at a time (SQLite) would gain nothing by it: there the owner's thread does it all.
    """

    def __init__(self, using: str) -> None:
        self._using = using
        self._pool: ThreadPoolExecutor | None = None

    def __enter__(self) -> Beside:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Wait for what has been begun; do nothing more."""
        if self._pool is not None:
            self._pool.submit(self._close)
            self._pool.shutdown(wait=True)

    def do[Result](self, work: Callable[[], Result]) -> Future[Result]:
        """Do ``work`` when what was asked for before is done; the future holds what it returns or raises."""
        if connections[self._using].features.has_select_for_update:
            if self._pool is None:
                self._pool = ThreadPoolExecutor(1, thread_name_prefix="spotify-beside")
            return self._pool.submit(self._on_a_good_connection, work)
        done: Future[Result] = Future()
        try:
            done.set_result(work())
        except Exception as error:
            done.set_exception(error)
        return done

    def _on_a_good_connection[Result](self, work: Callable[[], Result]) -> Result:
        connections[self._using].close_if_unusable_or_obsolete()
        return work()

    def _close(self) -> None:
        connections[self._using].close()

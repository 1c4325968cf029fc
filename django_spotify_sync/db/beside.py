"""Short work on the database beside what its owner is waiting for elsewhere. Knows nothing of Spotify."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType

from django.db import DatabaseError, InterfaceError, connections


class Beside:
    """A thread with a connection of its own, which does one thing after the other; both are made when first needed.

    Where that would gain nothing, or not be the same, the owner's thread does it all: a database with one writer at a
    time (SQLite), an open transaction, a connection that was told to look elsewhere (``search_path``, ``SET ROLE``).
    """

    def __init__(self, using: str) -> None:
        self._using = using
        self._pool: ThreadPoolExecutor | None = None
        self._is_settled = False  # whether there is to be a thread

    def __enter__(self) -> Beside:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Wait for what has been begun; do nothing more."""
        self._close()

    def do[Result](self, work: Callable[[], Result]) -> Future[Result]:
        """Do ``work`` when what was asked for before is done; the future holds what it returns or raises.

        What the owner's thread does itself raises at once, but for what the database says.
        """
        if not self._is_settled:
            self._settle()
        if self._pool is not None:
            return self._pool.submit(self._on_a_good_connection, work)
        done: Future[Result] = Future()
        try:
            done.set_result(work())
        except (DatabaseError, InterfaceError) as error:
            done.set_exception(error)
        return done

    def _settle(self) -> None:
        """Find out whether another connection would do the same, and keep it if so."""
        self._is_settled = True
        connection = connections[self._using]
        if connection.vendor != "postgresql" or connection.in_atomic_block:
            return
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="spotify-beside")
        try:
            is_same = self._pool.submit(self._place).result() == self._place()
        except (DatabaseError, InterfaceError):  # there are no more connections to be had
            is_same = False
        if not is_same:
            self._close()

    def _place(self) -> object:
        """Return where this thread's connection looks, and as whom."""
        with connections[self._using].cursor() as cursor:
            cursor.execute("SELECT current_schemas(false), current_user, current_database()")
            return cursor.fetchone()

    def _on_a_good_connection[Result](self, work: Callable[[], Result]) -> Result:
        connections[self._using].close_if_unusable_or_obsolete()
        return work()

    def _close(self) -> None:
        if self._pool is not None:
            self._pool.submit(lambda: connections[self._using].close())
            self._pool.shutdown(wait=True)
            self._pool = None

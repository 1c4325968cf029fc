"""How requests are held to a pace that the whole app shares: what a client is handed, and how threads come by it."""

from __future__ import annotations

import threading
import time
from collections import deque
from dataclasses import dataclass
from math import inf
from typing import Protocol

from django_spotify_sync.exceptions import Paced, RateLimited

_LOOK = 0.2  # seconds after which a thread looks whether its leave is still worth waiting for


@dataclass(frozen=True, slots=True)
class Leave:
    """So many requests may start before ``until``, in seconds of the monotonic clock."""

    requests: int
    until: float


class Pace(Protocol):
    """Who says when a request may start. It may ask a cache, so it is not for threads that fetch."""

    def grant(self, wanted: int) -> Leave:
        """Return leave for ``wanted`` starts or fewer; for none at all if others were faster, so ask again soon.

        :raises RateLimited: while Spotify wants no requests; its ``status`` is None, since none was sent.
        """

    def refused(self, error: RateLimited) -> float:
        """Learn of a 429; return for how many seconds nobody is to ask."""


class Unpaced:
    """No pace: everything may start at once."""

    def grant(self, wanted: int) -> Leave:
        return Leave(wanted, inf)

    def refused(self, error: RateLimited) -> float:
        return error.retry_after


class Purse:
    """Leaves on their way from the thread that coordinates, which puts them in, to those that start requests."""

    def __init__(self) -> None:
        self._leaves: deque[Leave] = deque()
        self._changed = threading.Condition()
        self._waiting = 0
        self._held = False
        self._shut = False
        self._emptied = 0

    @property
    def emptied(self) -> int:
        """How often it was emptied."""
        return self._emptied

    @property
    def missing(self) -> int:
        """How many threads wait for more than there is: those that try a request again."""
        with self._changed:
            return max(0, self._waiting - self._fresh())

    def put(self, leave: Leave) -> None:
        with self._changed:
            self._leaves.append(leave)
            self._changed.notify_all()

    def take(self, emptied: int | None = None) -> None:
        """Wait for leave to start one request, and use it up.

        ``emptied`` is how often the purse was emptied as the request was handed to a thread. One that was handed over
        before the last time has no part in what was put in since.

        :raises Paced: if there will be none, or none for now.
        """
        with self._changed:
            self._waiting += 1
            try:
                while (is_over := self._is_over(emptied)) or not self._fresh():
                    if is_over or self._shut:
                        raise Paced
                    self._changed.wait(_LOOK)
                leave = self._leaves.popleft()
                if leave.requests > 1:
                    self._leaves.appendleft(Leave(leave.requests - 1, leave.until))
            finally:
                self._waiting -= 1

    def hold(self) -> None:
        """Send away who waits or comes until it is emptied: a thread was refused, of which the others do not know."""
        with self._changed:
            self._held = True
            self._changed.notify_all()

    def empty(self) -> None:
        """Forget what is in it. What is put in from now on is given again."""
        with self._changed:
            self._leaves.clear()
            self._held = False
            self._emptied += 1
            self._changed.notify_all()

    def shut(self) -> None:
        """Send away who waits."""
        with self._changed:
            self._shut = True
            self._changed.notify_all()

    def _is_over(self, emptied: int | None) -> bool:
        return self._held or emptied not in (None, self._emptied)

    def _fresh(self) -> int:
        """Drop the leaves whose time is over, and count the others."""
        now = time.monotonic()
        while self._leaves and self._leaves[0].until <= now:
            self._leaves.popleft()
        return sum(leave.requests for leave in self._leaves)

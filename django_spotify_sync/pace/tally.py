"""What Spotify was seen to allow in a day: the requests of all processes are counted, and a quota that is met says how
many were too many.

Kept in the cache, as the pauses are: it is of the app at Spotify, which several sites may share. Nothing goes faster or
slower by it, so a cache that was emptied costs no more than what was known.
"""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django_spotify_sync import shared_cache
from django_spotify_sync.exceptions import CacheUnavailable
from django_spotify_sync.pace.pauses import AWAY

HOURS = 24  # in which Spotify counts a quota
REMEMBERED_FOR = timedelta(days=30)  # how long a quota that was met is known
TELL_EVERY = 1.0  # seconds between two times at which a process tells what it has counted
_HOUR = 3600


@dataclass(frozen=True, slots=True)
class Allowance:
    """So many requests went before a quota in the 24 hours until it was met, the last time at ``seen_at``.

    A quota is of one kind of address, and which kinds a site asks for stays about the same: so it is about what a day
    allows this site.
    """

    requests: int
    seen_at: datetime


class Tally:
    """The requests of one client id, counted by the hour. Not for several threads at once.

    What the cache does not take while it is away is told later.
    """

    def __init__(self, key: str) -> None:
        self._hours = f"{key}asked:"
        self._allowed = f"{key}allowed"
        self._untold = 0
        self._tell_at = 0.0

    def count(self, requests: int) -> None:
        """Count requests that start now."""
        self._untold += requests
        if time.monotonic() >= self._tell_at:
            self._tell()

    def met_quota(self) -> None:
        """Learn that no more were allowed than went in the last 24 hours: of several times, the one with the most.

        Fewer were counted where the cache was emptied meanwhile, or another program asked by the same app.
        """
        self._tell()
        with suppress(CacheUnavailable):
            known = self.allowance()
            if most := max(self._asked(), known.requests if known else 0):
                shared_cache.put(self._allowed, (most, time.time()), REMEMBERED_FOR)

    def allowance(self) -> Allowance | None:
        """Return what was learned in the last 30 days, None if no quota was met, or the cache does not say."""
        with suppress(CacheUnavailable):
            match shared_cache.peek(self._allowed):
                case [int(requests), float(seen_at)]:
                    return Allowance(requests, datetime.fromtimestamp(seen_at, UTC))
        return None

    def forget(self) -> None:
        """Know nothing of a quota any more.

        :raises CacheUnavailable: if the cache does not say that it has forgotten.
        """
        shared_cache.delete(self._allowed)

    def _tell(self) -> None:
        self._tell_at = time.monotonic() + TELL_EVERY
        if not self._untold:
            return
        try:
            ttl = timedelta(hours=HOURS + 1)
            shared_cache.incr(self._key(time.time()), self._untold, ttl)
        except CacheUnavailable:
            self._tell_at += AWAY
        else:
            self._untold = 0

    def _asked(self) -> int:
        """Return how many requests were counted in this hour and the 23 before it."""
        now = time.time()
        keys = [self._key(now - ago * _HOUR) for ago in range(HOURS)]
        return sum(shared_cache.peek_many(keys).values())

    def _key(self, moment: float) -> str:
        return f"{self._hours}{int(moment // _HOUR)}"

"""The pace of the whole app towards Spotify: one governor a client id, shared by all processes through the cache.

Never more than ``REQUESTS_PER_WINDOW`` starts in any ``WINDOW`` (see ``window``), of which scheduled work may use four
fifths. A 429 stops everybody until it is over, and is followed by a slow start at half the pace (see ``pauses``). With
the cache away each process goes on by itself, at an eighth of the pace.
"""

from __future__ import annotations

import hashlib
import os
import threading
import time
from collections import deque
from contextlib import suppress
from datetime import timedelta
from math import inf

from django_spotify_sync import shared_cache
from django_spotify_sync.conf import conf
from django_spotify_sync.exceptions import CacheUnavailable, RateLimited
from django_spotify_sync.pace.pauses import AWAY, Block, Pauses
from django_spotify_sync.pace.window import LIFE, Slots, leading, lifetime, sizes
from django_spotify_sync.spotify.pace import Leave

__all__ = [
    "SCHEDULED_SHARE",
    "Block",
    "at_the_door",
    "blocked",
    "blocks",
    "ensure_door_open",
    "ensure_open",
    "forget",
    "lift_blocks",
    "shared_pace",
]

SCHEDULED_SHARE = 0.8
ALONE = 1 / 8  # of the pace, for a process that cannot ask the others
PEOPLE_FIRST = 2.0  # seconds for which scheduled work makes way for somebody who waits
AT_THE_DOOR = 3.0  # seconds for which who comes back from Spotify waits for leave
_LOOK_FOR_PEOPLE = 0.25


def shared_pace(*, scheduled: bool = False) -> SharedPace:
    """Return what holds requests to the pace of this site's app; ``scheduled`` work leaves a fifth of it to people."""
    return SharedPace(_governor(), scheduled=scheduled)


def at_the_door() -> AtTheDoor:
    """Return the pace of asking who it is that comes back from Spotify, for one person."""
    return AtTheDoor(_governor())


def ensure_door_open() -> None:
    """Pass unless it is known that nobody who goes to Spotify now could be let in when they come back.

    :raises RateLimited, QuotaExceeded: if Spotify refused to say who came back, for longer than somebody is away.
    :raises CacheUnavailable: if the cache says that it is away.
    """
    if _governor().door_is_shut():
        ensure_open(conf.MAX_WAIT)


def blocked() -> Block | None:
    """Return the block that lasts longest, None if Spotify may be asked."""
    return max(blocks(), key=lambda block: block.until, default=None)


def blocks() -> list[Block]:
    """Return what keeps the app from asking: a rate limit, a quota, both or nothing."""
    return _governor().blocks()


def ensure_open(patience: timedelta) -> None:
    """Pass if Spotify may be asked now, or soon.

    :raises RateLimited, QuotaExceeded: if it wants no requests for longer than ``patience``.
    """
    block = blocked()
    if block is not None and (error := block.error()).retry_after > patience.total_seconds():
        raise error


def lift_blocks() -> int:
    """Let Spotify be asked again, in every process and whatever it said; return how many runs that waited go on.

    For an operator who knows better than the last answer: by another app at Spotify, or Spotify's own word.

    :raises CacheUnavailable: if the other processes cannot be told.
    """
    return _governor().lift()


class SharedPace:
    """The pace as one piece of work has it."""

    def __init__(self, governor: Governor, *, scheduled: bool) -> None:
        self._governor = governor
        self._scheduled = scheduled

    def grant(self, wanted: int) -> Leave:
        """Return leave for ``wanted`` starts or fewer.

        :raises RateLimited, QuotaExceeded: while Spotify wants no requests.
        """
        return self._governor.grant(wanted, scheduled=self._scheduled)

    def refused(self, error: RateLimited) -> float:
        """Tell everybody of a 429; return for how many seconds nobody is to ask."""
        return self._governor.refused(error)


class AtTheDoor:
    """The pace of one person who has come back with a code that is spent by now.

    A pause that Spotify asked for, be it of the schedule's requests, says nothing of this one: it is sent all the same,
    once, and its answer decides. So it is where no leave is given in time.
    """

    def __init__(self, governor: Governor) -> None:
        self._governor = governor
        self._until = time.monotonic() + AT_THE_DOOR
        self._went = False

    def grant(self, wanted: int) -> Leave:
        """Return leave for one request, whatever is the matter; for others as anybody has it."""
        try:
            leave = self._governor.grant(wanted, scheduled=False)
        except RateLimited:
            if self._went:
                raise
            leave = Leave(1, inf)
        if not leave.requests and not self._went and time.monotonic() > self._until:
            leave = Leave(1, inf)
        self._went = self._went or leave.requests > 0
        return leave

    def refused(self, error: RateLimited) -> float:
        """Tell everybody of a 429, and who is about to come that it is for the door, too."""
        self._governor.shut_door(error.retry_after)
        return self._governor.refused(error)


class Governor:
    """One client id's pace as this process knows it. For several threads."""

    def __init__(self, client_id: str, requests: int | None, window: float) -> None:
        app = hashlib.sha256(client_id.encode()).hexdigest()[:16]
        self._key = f"{shared_cache.APP_WIDE}{app}:"
        self._window = window
        self._pauses = Pauses(self._key, window)
        self._slots = Slots(window, self._add)
        everything = sizes(requests) if requests is not None else []
        common = leading(everything, SCHEDULED_SHARE)
        self._sizes = everything
        self._common, self._for_people = everything[:common], everything[common:]
        self._stock: deque[Leave] = deque()  # what is left of handfuls, of the common slots
        self._stock_for_people: deque[Leave] = deque()
        self._people_wait = False
        self._look_for_people_at = self._said_at = 0.0
        self._lock = threading.Lock()

    def grant(self, wanted: int, *, scheduled: bool) -> Leave:
        """Return leave to start up to ``wanted`` requests.

        :raises RateLimited, QuotaExceeded: while Spotify wants none.
        """
        with self._lock:
            self._pauses.look()
            blocks = self._pauses.blocks()
            if blocks:
                raise max(blocks, key=lambda block: block.until).error()
            if not self._sizes:
                return Leave(wanted, inf)
            stocks = [self._stock] if scheduled else [self._stock_for_people, self._stock]
            if not (scheduled and self._makes_way()):
                self._fill(wanted, stocks, self._usable(scheduled=scheduled))
            given = _withdraw(wanted, stocks)
            if not given.requests and not scheduled:
                self._say_that_people_wait()
            return given

    def refused(self, error: RateLimited) -> float:
        """Note a 429 for everybody; return the seconds until somebody may ask again."""
        with self._lock:
            return self._pauses.note(error)

    def blocks(self) -> list[Block]:
        """Return what keeps everybody from asking."""
        with self._lock:
            self._pauses.look(anew=True)
            return self._pauses.blocks()

    # The door

    def shut_door(self, seconds: float) -> None:
        """Note that Spotify does not say who came back, either."""
        with suppress(CacheUnavailable):
            shared_cache.put(self._key + "door", 1, timedelta(seconds=seconds))

    def door_is_shut(self) -> bool:
        """:raises CacheUnavailable: if the cache says that it is away."""
        return shared_cache.peek(self._key + "door") is not None

    def lift(self) -> int:
        """End all pauses, and open the door; return how many runs go on by that.

        :raises CacheUnavailable: if the other processes cannot be told.
        """
        with self._lock:
            freed = self._pauses.lift()
        shared_cache.delete(self._key + "door")
        return freed

    # Handfuls

    def _usable(self, *, scheduled: bool) -> list[int]:
        """Return the slots that may be taken now, of each kind its share."""
        share = self._pauses.share()
        if self._pauses.cache_is_away:
            share = min(share, ALONE)
        usable = list(range(leading(self._common, share)))
        if not scheduled:
            first = len(self._common)
            usable += range(first, first + leading(self._for_people, share))
        return usable

    def _fill(self, wanted: int, stocks: list[deque[Leave]], usable: list[int]) -> None:
        """Take slots until the stocks suffice, or no slot is free."""
        while sum(leave.requests for stock in stocks for leave in _fresh(stock)) < wanted:
            until = time.monotonic() + LIFE
            slot = self._slots.take(usable)
            if slot is None:
                return
            stock = self._stock if slot < len(self._common) else self._stock_for_people
            stock.append(Leave(self._sizes[slot], until))

    def _add(self, slot: int) -> float | None:
        """Take a slot for all processes. See ``Slots``."""
        if self._pauses.cache_is_away:
            return None
        key, ttl = f"{self._key}{slot}", lifetime(self._window)
        try:
            if shared_cache.add(key, time.time(), timedelta(seconds=ttl)):
                return None
            taken_at = shared_cache.peek(key)
        except CacheUnavailable:
            self._pauses.lose_cache()
            return AWAY
        # Another machine's clock says when it was taken, so this says only when to look again.
        return taken_at + ttl - time.time() if isinstance(taken_at, float) else 0.0

    # People first

    def _makes_way(self) -> bool:
        """Tell whether somebody waits for whom scheduled work makes way."""
        now = time.monotonic()
        if now >= self._look_for_people_at and not self._pauses.cache_is_away:
            self._look_for_people_at = now + _LOOK_FOR_PEOPLE
            try:
                self._people_wait = shared_cache.peek(self._key + "people") is not None
            except CacheUnavailable:
                self._pauses.lose_cache()
        return self._people_wait and not self._pauses.cache_is_away

    def _say_that_people_wait(self) -> None:
        now = time.monotonic()
        if now < self._said_at + PEOPLE_FIRST / 2 or self._pauses.cache_is_away:
            return
        self._said_at = now
        try:
            shared_cache.put(self._key + "people", 1, timedelta(seconds=PEOPLE_FIRST))
        except CacheUnavailable:
            self._pauses.lose_cache()


def _withdraw(wanted: int, stocks: list[deque[Leave]]) -> Leave:
    """Take what is wanted out of the stocks, if it is there. All of it is good until the first part is not."""
    given, until = 0, time.monotonic() + LIFE
    for stock in stocks:
        while given < wanted and _fresh(stock):
            leave = stock.popleft()
            used = min(leave.requests, wanted - given)
            if used < leave.requests:
                stock.appendleft(Leave(leave.requests - used, leave.until))
            given, until = given + used, min(until, leave.until)
    return Leave(given, until)


def _fresh(stock: deque[Leave]) -> deque[Leave]:
    """Drop the leaves whose time is over."""
    while stock and stock[0].until <= time.monotonic():
        stock.popleft()
    return stock


_governors: dict[tuple[str, int | None, timedelta, str], Governor] = {}
_making = threading.Lock()


def _governor() -> Governor:
    """Return this process's governor for the settings as they are now."""
    made_for = (conf.CLIENT_ID, conf.REQUESTS_PER_WINDOW, conf.WINDOW, conf.CACHE)
    with _making:
        if made_for not in _governors:
            _governors[made_for] = Governor(*made_for[:2], conf.WINDOW.total_seconds())
        return _governors[made_for]


def forget() -> None:
    """Forget what this process knows. A fork does, since two would use the same leaves."""
    global _making
    _making = threading.Lock()
    _governors.clear()


os.register_at_fork(after_in_child=forget)

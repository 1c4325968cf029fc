"""The pace of the whole app towards Spotify: one governor a client id, shared by all processes through the cache.

Never more than ``REQUESTS_PER_WINDOW`` starts in any ``WINDOW`` (see ``slots``), of which scheduled work may use four
fifths. A 429 stops everybody until it is over, and is followed by a slow start at half the pace. A quota is kept apart.
Runs that wait for either are what remembers it should the cache be emptied.
"""

from __future__ import annotations

import hashlib
import logging
import os
import random
import threading
import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import router

from django_spotify_sync import shared_cache
from django_spotify_sync.conf import conf
from django_spotify_sync.exceptions import CacheUnavailable, QuotaExceeded, RateLimited
from django_spotify_sync.models import SyncRun
from django_spotify_sync.slots import LIFE, Slots, lifetime, sizes
from django_spotify_sync.spotify.pace import Grant

logger = logging.getLogger(__name__)

REASONS = (RateLimited.code, QuotaExceeded.code)
SCHEDULED_SHARE = 0.8
LOOK_EVERY = 0.25  # seconds for which is believed what the cache said of blocks
REMEMBER_EVERY = (
    15.0  # seconds between two looks at the runs that wait, where nothing else is known of them
)
PEOPLE_FIRST = 2.0  # seconds for which scheduled work makes way for somebody who waits
JITTER = 0.05  # of a Retry-After, at most, and never more than 30 s
AWAY = 5.0  # seconds in which a cache that was away is not asked again
#: The share of the pace that a process allows itself while it cannot ask the others.
ALONE = 1 / 8


@dataclass(frozen=True, slots=True)
class Block:
    """Spotify wants no requests of this app: why (``rate_limited`` or ``quota_exceeded``), and until when."""

    reason: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Pause:
    """A 429 and what follows it. ``until`` is in seconds since the epoch, ``share`` the part of the pace after it."""

    until: float = 0.0
    share: float = 1.0

    HOLD = 180.0  # seconds at that share
    CREEP = 300.0  # seconds in which it grows to the whole again
    LEAST = 1 / 8

    def share_at(self, now: float, window: float) -> float:
        """Return the part of the pace that is allowed: none, a slow start, ``share``, and slowly all of it again."""
        since = now - self.until
        if since < 0:
            return 0.0
        grown = max(0.0, since - self.HOLD) / self.CREEP
        return min(1.0, self.share + (1 - self.share) * grown) * min(1.0, since / window)

    def halved(self, now: float, window: float) -> float:
        """Return the share after a 429 now. Several that come in one pause count as one."""
        if now < self.until:
            return self.share
        reached = self.share_at(now, window) if now - self.until > window else self.share
        return max(self.LEAST, reached / 2)


def pace(*, scheduled: bool = False) -> SharedPace:
    """Return what holds requests to the pace of this site's app; ``scheduled`` work leaves a fifth of it to people."""
    return SharedPace(_governor(), scheduled=scheduled)


def blocked() -> Block | None:
    """Return the block that lasts longest, None if Spotify may be asked."""
    return max(blocks(), key=lambda block: block.until, default=None)


def blocks() -> list[Block]:
    """Return what keeps the app from asking: a rate limit, a quota, both or nothing."""
    return _governor().blocks()


class SharedPace:
    """The pace as one piece of work has it."""

    def __init__(self, governor: Governor, *, scheduled: bool) -> None:
        self._governor = governor
        self._scheduled = scheduled

    def grant(self, wanted: int) -> Grant:
        """Return leave for ``wanted`` starts or fewer.

        :raises RateLimited, QuotaExceeded: while Spotify wants no requests.
        """
        return self._governor.grant(wanted, scheduled=self._scheduled)

    def refused(self, error: RateLimited) -> float:
        """Tell everybody of a 429; return for how many seconds nobody is to ask."""
        return self._governor.refused(error)


class Governor:
    """One client id's pace as this process knows it. For several threads."""

    def __init__(self, client_id: str, requests: int | None, window: float) -> None:
        self._key = f"pace:{hashlib.sha256(client_id.encode()).hexdigest()[:16]}:"
        self._window = window
        self._sizes = sizes(requests) if requests is not None else []
        self._common = _leading(self._sizes, SCHEDULED_SHARE)
        self._slots = Slots(window, self._add, time.monotonic)
        self._stock: list[deque[Grant]] = [
            deque(),
            deque(),
        ]  # of slots for all, of those for people
        self._pauses = dict.fromkeys(REASONS, Pause())
        self._people_wait = False
        self._look_at = self._remember_at = self._back_at = self._flag_at = 0.0
        self._lock = threading.Lock()

    def grant(self, wanted: int, *, scheduled: bool) -> Grant:
        """Return leave to start up to ``wanted`` requests. :raises RateLimited, QuotaExceeded: while there is none."""
        with self._lock:
            self._look()
            now = time.time()
            self._refuse(now)
            if not self._sizes:
                return Grant(wanted, time.monotonic() + LIFE)
            self._fill(wanted, now, scheduled=scheduled)
            given = self._withdraw(wanted, self._stock[:1] if scheduled else self._stock)
            if not given.requests and not scheduled:
                self._say_that_people_wait()
            return given

    def refused(self, error: RateLimited) -> float:
        """Note a 429 for everybody; return the seconds until somebody may ask again."""
        with self._lock:
            self._look(anew=True)
            now = time.time()
            reason = QuotaExceeded.code if isinstance(error, QuotaExceeded) else RateLimited.code
            known = self._pauses[reason]
            wait = error.retry_after + random.uniform(0, min(JITTER * error.retry_after, 30.0))
            share = 1.0 if reason == QuotaExceeded.code else known.halved(now, self._window)
            self._learn(reason, Pause(max(known.until, now + wait), share))
            self._tell(reason)
            logger.warning("Spotify answered 429 (%s): nobody asks for %.0f s", reason, wait)
            return max(pause.until for pause in self._pauses.values()) - now

    def blocks(self) -> list[Block]:
        """Return what keeps everybody from asking."""
        with self._lock:
            self._look(anew=True)
            now = time.time()
            return [
                Block(reason, datetime.fromtimestamp(pause.until, UTC))
                for reason, pause in self._pauses.items()
                if pause.until > now
            ]

    # Blocks

    def _refuse(self, now: float) -> None:
        reason, pause = max(self._pauses.items(), key=lambda item: item[1].until)
        if pause.until > now:
            kind = QuotaExceeded if reason == QuotaExceeded.code else RateLimited
            raise kind(retry_after=pause.until - now, status=None)

    def _look(self, *, anew: bool = False) -> None:
        """Learn what the cache says; what the database remembers, now and then and where the cache is silent."""
        now = time.monotonic()
        if now < self._look_at and not anew:
            return
        self._look_at = now + LOOK_EVERY
        silent = self._ask_cache(now)
        if now >= self._remember_at or (silent and not self._is_away(now)):
            self._remember_at = now + REMEMBER_EVERY
            self._remember()
            for reason in silent:
                self._tell(reason, only_if_silent=True)

    def _ask_cache(self, now: float) -> list[str]:
        """Return the reasons of which the cache knows nothing: it is new, was emptied, or is away."""
        if self._is_away(now):
            return list(REASONS)
        silent = []
        try:
            self._people_wait = shared_cache.peek(self._key + "people") is not None
            for reason in REASONS:
                said = shared_cache.get(self._key + reason)
                if said is None:
                    silent.append(reason)
                else:
                    self._learn(reason, Pause(*said))
        except CacheUnavailable:
            self._go_alone()
            return list(REASONS)
        return silent

    def _remember(self) -> None:
        runs = SyncRun.objects.using(router.db_for_write(SyncRun))
        for reason in REASONS:
            waiting = runs.filter(reason=reason).blocked()
            if waiting is not None and waiting.resume_at is not None:
                known = self._pauses[reason]
                until = waiting.resume_at.timestamp()
                if until > known.until + 1:  # which nobody told: the cache was emptied meanwhile
                    share = 1.0 if reason == QuotaExceeded.code else 0.5
                    self._learn(reason, Pause(until, share))

    def _learn(self, reason: str, said: Pause) -> None:
        """Believe the longer one of two pauses."""
        known = self._pauses[reason]
        self._pauses[reason] = max(known, said, key=lambda pause: (pause.until, -pause.share))

    def _tell(self, reason: str, *, only_if_silent: bool = False) -> None:
        """Let the cache know what is known here, again should somebody with a shorter pause have come between."""
        pause = self._pauses[reason]
        rest = max(0.0, pause.until - time.time())
        told = (pause.until, pause.share)
        ttl = timedelta(seconds=rest + Pause.HOLD + Pause.CREEP)
        try:
            if self._is_away(time.monotonic()):
                return
            if only_if_silent:
                shared_cache.add(self._key + reason, told, ttl)
                return
            for _ in range(3):
                shared_cache.put(self._key + reason, told, ttl)
                said = shared_cache.peek(self._key + reason)
                if said is not None and said[0] >= pause.until:
                    return
        except CacheUnavailable:
            self._go_alone()

    # Grants

    def _fill(self, wanted: int, now: float, *, scheduled: bool) -> None:
        """Take slots until the stock suffices, or no slot is free."""
        if scheduled and self._people_wait:
            return
        stocks = self._stock[:1] if scheduled else self._stock
        usable = self._usable(now, scheduled=scheduled)
        while sum(grant.requests for stock in stocks for grant in _fresh(stock)) < wanted:
            asked = time.monotonic()
            slot = self._slots.take(usable)
            if slot is None:
                return
            grant = Grant(self._sizes[slot], asked + LIFE)
            self._stock[slot >= self._common].append(grant)

    def _usable(self, now: float, *, scheduled: bool) -> Iterable[int]:
        """Return the slots that may be taken now."""
        share = min(pause.share_at(now, self._window) for pause in self._pauses.values())
        if self._is_away(time.monotonic()):
            share = min(share, ALONE)
        common = range(_leading(self._sizes[: self._common], share))
        if scheduled:
            return common
        return [
            *common,
            *(self._common + i for i in range(_leading(self._sizes[self._common :], share))),
        ]

    def _withdraw(self, wanted: int, stocks: list[deque[Grant]]) -> Grant:
        """Take out of the stock what is wanted and there; all of it is good until the first part is not."""
        given, until = 0, time.monotonic() + LIFE
        for stock in reversed(stocks):  # what is for people alone first
            while given < wanted and _fresh(stock):
                grant = stock.popleft()
                used = min(grant.requests, wanted - given)
                if used < grant.requests:
                    stock.appendleft(Grant(grant.requests - used, grant.until))
                given, until = given + used, min(until, grant.until)
        return Grant(given, until)

    def _say_that_people_wait(self) -> None:
        now = time.monotonic()
        if now < self._flag_at or self._is_away(now):
            return
        self._flag_at = now + PEOPLE_FIRST / 2
        try:
            shared_cache.put(self._key + "people", 1, timedelta(seconds=PEOPLE_FIRST))
        except CacheUnavailable:
            self._go_alone()

    # The cache

    def _add(self, slot: int) -> float | None:
        """Take a slot for all processes. See ``Slots``."""
        if self._is_away(time.monotonic()):
            return None
        key, ttl = f"{self._key}{slot}", lifetime(self._window)
        try:
            if shared_cache.add(key, time.time(), timedelta(seconds=ttl)):
                return None
            taken_at = shared_cache.peek(key)
        except CacheUnavailable:
            self._go_alone()
            return AWAY
        # Another machine's clock says when it was taken, so this says only when to look again.
        rest = taken_at + ttl - time.time() if isinstance(taken_at, float) else 0.0
        return min(max(rest, 0.05), ttl)

    def _is_away(self, now: float) -> bool:
        return now < self._back_at

    def _go_alone(self) -> None:
        self._back_at = time.monotonic() + AWAY
        logger.warning("the cache is away: each process keeps a careful pace of its own")


def _leading(sizes: list[int], share: float) -> int:
    """Return how many of the first slots hold no more than this share of all; at least one, if there is one."""
    limit, held = sum(sizes) * share + 1e-9, 0
    for count, size in enumerate(sizes):
        held += size
        if held > limit:
            return max(1, count)
    return len(sizes)


def _fresh(stock: deque[Grant]) -> deque[Grant]:
    """Drop the grants whose time is over."""
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
    """Forget what this process knows, as in a fork, where two would use the same grants."""
    global _making
    _making = threading.Lock()
    _governors.clear()


os.register_at_fork(after_in_child=forget)

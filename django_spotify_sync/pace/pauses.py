"""What keeps the whole app from asking Spotify, and for how long: learned by one process, known to all.

The cache holds a pause for all processes. Runs that wait for its end are what remembers it should the cache forget:
the moment at which they go on is the end of the pause. A rate limit and a quota are kept apart.
"""

from __future__ import annotations

import logging
import random
import secrets
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import router
from django.db.models.functions import Now

from django_spotify_sync import shared_cache
from django_spotify_sync.exceptions import (
    CacheUnavailable,
    QuotaExceeded,
    RateLimited,
    TokensRateLimited,
)
from django_spotify_sync.models import SyncRun
from django_spotify_sync.models.runs import BLOCKS, RunStatus

logger = logging.getLogger(__name__)

LOOK_EVERY = 0.25  # seconds for which is believed what the cache said
REMEMBER_EVERY = 15.0  # seconds between two looks at the runs that wait, which is all that per-process caches share
JITTER = 0.05  # of a Retry-After, at most
LONGEST_JITTER = 30.0  # seconds
AWAY = 5.0  # seconds in which a cache that was away is not asked again
HOLD = 180.0  # seconds for which the pace is kept down after a 429
CREEP = 300.0  # seconds in which it then grows to the whole again
LEAST = 1 / 8  # of the pace, however many 429s there are
_LIFTED = "lifted"  # the key that says so, to processes that remember a pause by themselves
_LATE = 60.0  # seconds by which a run on its way may write that it waits for longer than was lifted
_SAID_LIFTED_FOR = timedelta(days=2)  # longer than any pause lasts that somebody may remember


@dataclass(frozen=True, slots=True)
class Block:
    """Spotify wants no requests of this app: why (``rate_limited`` or ``quota_exceeded``), and until when."""

    reason: str
    until: datetime

    def error(self) -> RateLimited:
        """Return what is raised instead of sending a request."""
        kind = QuotaExceeded if self.reason == QuotaExceeded.code else RateLimited
        return kind(retry_after=max(0.0, self.until.timestamp() - time.time()), status=None)


@dataclass(frozen=True, slots=True)
class Pause:
    """A 429 and what follows it. ``until`` is in seconds since the epoch, ``share`` the part of the pace after it."""

    until: float = 0.0
    share: float = 1.0

    def share_at(self, now: float, window: float) -> float:
        """Return the part of the pace that is allowed: none, a slow start, ``share``, and slowly all of it again."""
        since = now - self.until
        if since < 0:
            return 0.0
        grown = max(0.0, since - HOLD) / CREEP
        return min(1.0, self.share + (1 - self.share) * grown) * min(1.0, since / window)

    def halved(self, now: float, window: float) -> float:
        """Return the share after one more 429. Several that come in one pause count as one."""
        if now < self.until:
            return self.share
        reached = self.share_at(now, window) if now - self.until > window else self.share
        return max(LEAST, reached / 2)


class Pauses:
    """The pauses of one client id as this process knows them. Not for several threads at once."""

    def __init__(self, key: str, window: float) -> None:
        self._key = key
        self._window = window
        self._known = dict.fromkeys(BLOCKS, Pause())
        self._look_at = self._remember_at = self._back_at = 0.0
        self._lifted: object = None  # what the cache said when it last told of a lifting
        self._lifted_until = 0.0  # what runs remember that end by then was lifted

    @property
    def cache_is_away(self) -> bool:
        return time.monotonic() < self._back_at

    def lose_cache(self) -> None:
        """Leave the cache alone for a while."""
        self._back_at = time.monotonic() + AWAY
        logger.warning("the cache is away: each process keeps a careful pace of its own")

    def blocks(self) -> list[Block]:
        """Return what is in force."""
        now = time.time()
        return [
            Block(reason, datetime.fromtimestamp(pause.until, UTC))
            for reason, pause in self._known.items()
            if pause.until > now
        ]

    def share(self) -> float:
        """Return the part of the pace that is allowed now."""
        now = time.time()
        return min(pause.share_at(now, self._window) for pause in self._known.values())

    def note(self, error: RateLimited) -> float:
        """Learn of a 429 and tell everybody; return the seconds until somebody may ask again."""
        self.look(anew=True)
        now = time.time()
        reason = QuotaExceeded.code if isinstance(error, QuotaExceeded) else RateLimited.code
        known = self._known[reason]
        end = now + error.retry_after
        if end > known.until:  # else it says what is known already, as many do that were under way
            until = end + random.uniform(0, min(JITTER * error.retry_after, LONGEST_JITTER))
            # a quota says nothing of the pace
            share = known.halved(now, self._window) if reason == RateLimited.code else 1.0
            self._known[reason] = Pause(until, share)
            self._tell(reason)
            logger.warning("Spotify answered 429 (%s): nobody asks for %.0f s", reason, until - now)
        return max(pause.until for pause in self._known.values()) - now

    def lift(self) -> int:
        """End all pauses: for the runs that wait, which remember them, in the cache, and so in every process.

        Return how many runs go on by that. A process that was just about to tell may do so once more.

        :raises CacheUnavailable: if the others cannot be told. The runs that wait have been let go of by then.
        """
        runs = SyncRun.objects.using(router.db_for_write(SyncRun))
        self.look(anew=True)
        until = max(pause.until for pause in self._known.values()) + _LATE
        reasons = (*BLOCKS, TokensRateLimited.code)
        waiting = runs.filter(status=RunStatus.WAITING, reason__in=reasons)
        freed = waiting.update(resume_at=Now(), published_at=None)
        shared_cache.put(self._key + _LIFTED, [secrets.token_hex(8), until], _SAID_LIFTED_FOR)
        for reason in BLOCKS:
            shared_cache.delete(self._key + reason)
        self._heed_lifting()
        return freed

    def look(self, *, anew: bool = False) -> None:
        """Learn what the cache says; what the database remembers, now and then and where the cache is silent."""
        now = time.monotonic()
        if now < self._look_at and not anew:
            return
        self._look_at = now + LOOK_EVERY
        silent = self._silent()
        if now >= self._remember_at or (silent and not self.cache_is_away):
            self._remember_at = now + REMEMBER_EVERY
            self._remember()
            for reason in silent:
                self._tell(reason, unless_told=True)

    def _silent(self) -> list[str]:
        """Learn from the cache; return of what it knows nothing: it is new, was emptied, or is away."""
        silent = list(BLOCKS)
        if self.cache_is_away:
            return silent
        try:
            self._heed_lifting()
            for reason in BLOCKS:
                said = shared_cache.get(self._key + reason)
                if said is None:
                    continue
                silent.remove(reason)
                self._learn(reason, Pause(*said))
                if self._known[reason].until > max(said[0], time.time()):
                    self._tell(reason)  # which it missed while it was away
        except CacheUnavailable:
            self.lose_cache()
        return silent

    def _heed_lifting(self) -> None:
        """Forget what was known before somebody lifted it."""
        match shared_cache.peek(self._key + _LIFTED):
            case [str(lifting), float(until)] if lifting != self._lifted:
                self._lifted, self._lifted_until = lifting, until
                self._known = dict.fromkeys(BLOCKS, Pause())
            case None:  # long ago, or the cache was emptied
                self._lifted_until = 0.0

    def _remember(self) -> None:
        runs = SyncRun.objects.using(router.db_for_write(SyncRun))
        for reason in BLOCKS:
            waiting = runs.filter(reason=reason).blocked()
            if waiting is None or waiting.resume_at is None:
                continue
            until = waiting.resume_at.timestamp()
            # then the cache was emptied since somebody told
            if until > max(self._known[reason].until + 1, self._lifted_until):
                self._learn(reason, Pause(until, 0.5 if reason == RateLimited.code else 1.0))

    def _learn(self, reason: str, said: Pause) -> None:
        """Believe the longer one of two pauses."""
        known = self._known[reason]
        self._known[reason] = max(known, said, key=lambda pause: (pause.until, -pause.share))

    def _tell(self, reason: str, *, unless_told: bool = False) -> None:
        """Let the cache know; again, should somebody who knew of a shorter pause have written at the same time."""
        if self.cache_is_away:
            return
        pause = self._known[reason]
        told = (pause.until, pause.share)
        ttl = timedelta(seconds=max(0.0, pause.until - time.time()) + HOLD + CREEP)
        try:
            if unless_told:
                shared_cache.add(self._key + reason, told, ttl)
                return
            for _ in range(3):
                shared_cache.put(self._key + reason, told, ttl)
                said = shared_cache.peek(self._key + reason)
                if said is not None and said[0] >= pause.until:
                    return
        except CacheUnavailable:
            self.lose_cache()

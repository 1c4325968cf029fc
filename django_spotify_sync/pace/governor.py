"""The pace of the whole app towards Spotify: one governor a client id, shared by all processes through the cache.

Never more than ``REQUESTS_PER_WINDOW`` starts in any ``WINDOW`` (see ``window``). Who stands at the door, people and
the schedule have a reserve each (see ``shares``), and in each of these classes turns go round by account (see
``turns``). A 429 stops everybody until it is over, and is followed by a slow start at half the pace (see ``pauses``).
With the cache away each process goes on by itself, at an eighth of the pace.
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

from django.utils.crypto import salted_hmac

from django_spotify_sync import shared_cache
from django_spotify_sync.conf import conf
from django_spotify_sync.exceptions import CacheUnavailable, QuotaExceeded, RateLimited
from django_spotify_sync.pace.pauses import AWAY, Block, Pauses
from django_spotify_sync.pace.shares import OWN, Caller, Part, dealt
from django_spotify_sync.pace.tally import Allowance, Tally
from django_spotify_sync.pace.turns import Turns
from django_spotify_sync.pace.window import LIFE, Busy, Slots, lifetime, sizes
from django_spotify_sync.spotify.pace import Leave

ALONE = 1 / 8  # of the pace, for a process that cannot ask the others
AT_THE_DOOR = 3.0  # seconds for which who comes back from Spotify waits for leave


def shared_pace(*, scheduled: bool = False, account_id: int | None = None) -> SharedPace:
    """Return what holds requests to the pace of this site's app, as one account's share of its class has it.

    ``scheduled`` work leaves a fifth of it to people and the door.
    """
    caller = Caller.SCHEDULE if scheduled else Caller.PERSON
    return SharedPace(_governor(), caller, _owner(caller, account_id))


def _owner(caller: Caller, account_id: int | None) -> str:
    """Return what stands for an account in the cache, which sites may share: short, and it names nobody."""
    said = salted_hmac("django_spotify_sync.pace", f"{caller}:{account_id}", algorithm="sha256")
    return said.hexdigest()[:16]


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


def allowance() -> Allowance | None:
    """Return what Spotify was seen to allow this app in a day, None if no quota was met, or that is not known now."""
    return _governor().tally.allowance()


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

    def __init__(self, governor: Governor, caller: Caller, owner: str) -> None:
        self._governor = governor
        self._caller = caller
        self._owner = owner

    def grant(self, wanted: int) -> Leave:
        """Return leave for ``wanted`` starts or fewer.

        :raises RateLimited, QuotaExceeded: while Spotify wants no requests.
        """
        return self._governor.grant(wanted, self._caller, self._owner)

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
            leave = self._governor.grant(wanted, Caller.DOOR)
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
        self._turns = Turns(self._key, window)
        self.tally = Tally(self._key)
        self._shares = dealt(sizes(requests) if requests is not None else [])
        self._stocks: dict[Part, deque[Leave]] = {part: deque() for part in Part}  # of handfuls
        self._lock = threading.Lock()

    def grant(self, wanted: int, caller: Caller, owner: str = "") -> Leave:
        """Return leave to start up to ``wanted`` requests, of what is there for this class of callers.

        ``owner`` stands for the account, which takes none while others wait that hold fewer.

        :raises RateLimited, QuotaExceeded: while Spotify wants none.
        """
        with self._lock:
            self._pauses.look()
            blocks = self._pauses.blocks()
            if blocks:
                raise max(blocks, key=lambda block: block.until).error()
            if not self._shares.sizes:
                self.tally.count(wanted)
                return Leave(wanted, inf)
            self._look_who_waits(caller)
            parts = self._parts(caller)
            self._fill(wanted, parts, caller, owner)
            given = _withdraw(wanted, [self._stocks[part] for part in parts])
            self._tell_how_it_went(caller, owner, given)
            self.tally.count(given.requests)
            return given

    def refused(self, error: RateLimited) -> float:
        """Note a 429 for everybody; return the seconds until somebody may ask again."""
        with self._lock:
            if isinstance(error, QuotaExceeded):
                self.tally.met_quota()
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
        """End all pauses, open the door, and forget a quota that was met; return how many runs go on by that.

        :raises CacheUnavailable: if the other processes cannot be told.
        """
        with self._lock:
            freed = self._pauses.lift()
            self.tally.forget()
        shared_cache.delete(self._key + "door")
        return freed

    # Handfuls

    def _parts(self, caller: Caller) -> list[Part]:
        """Return the parts that this class may take from now."""
        parts = [OWN[caller]]
        if not self._turns.somebody_waits(*caller.those_before):
            parts.append(Part.COMMON)
        if caller is Caller.PERSON and not self._turns.schedule_is_at_work:
            parts.append(Part.SCHEDULE)  # is lent
        return parts

    def _fill(self, wanted: int, parts: list[Part], caller: Caller, owner: str) -> None:
        """Take slots until the stocks suffice, no slot is free, or it is another account's turn."""
        turn = self._turns.whose(caller)
        while (
            sum(leave.requests for part in parts for leave in _fresh(self._stocks[part])) < wanted
        ):
            if turn is not None and turn.owner != owner and self._slots.held_by(owner) > turn.held:
                return
            until = time.monotonic() + LIFE
            slot = self._take(parts, owner)
            if slot is None:
                return
            stock = self._stocks[self._shares.part_of(slot)]
            stock.append(Leave(self._shares.sizes[slot], until))

    def _take(self, parts: list[Part], owner: str) -> int | None:
        """Take a slot of the first part that has one which is free; return it, None if there is none."""
        share = self._pauses.share()
        if self._pauses.cache_is_away:
            share = min(share, ALONE)
        taken = (self._slots.take(self._shares.usable(part, share), owner) for part in parts)
        return next((slot for slot in taken if slot is not None), None)

    def _add(self, slot: int, owner: str) -> Busy | None:
        """Take a slot for all processes. See ``Slots``."""
        if self._pauses.cache_is_away:
            return None
        key, ttl = f"{self._key}{slot}", lifetime(self._window)
        try:
            if shared_cache.add(key, (time.time(), owner), timedelta(seconds=ttl)):
                return None
            taken = shared_cache.peek(key)
        except CacheUnavailable:
            self._pauses.lose_cache()
            return Busy(AWAY)
        # Another machine's clock says when it was taken, so this says only when to look again.
        match taken:
            case [float(at), str(owner)]:
                return Busy(at + ttl - time.time(), owner)
            case float(at):  # by an older version of the package
                return Busy(at + ttl - time.time())
        return Busy(0.0)

    # Turns

    def _look_who_waits(self, caller: Caller) -> None:
        if self._pauses.cache_is_away:
            self._turns.forget()
            return
        try:
            self._turns.look()
            if caller is Caller.SCHEDULE:
                self._turns.note_schedule()
        except CacheUnavailable:
            self._pauses.lose_cache()
            self._turns.forget()

    def _tell_how_it_went(self, caller: Caller, owner: str, given: Leave) -> None:
        if self._pauses.cache_is_away:
            return
        held = self._slots.held_by(owner)
        try:
            if given.requests:
                self._turns.served(caller, owner, held)
            else:
                self._turns.wait(caller, owner, held)
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

"""Who waits for a turn: told by each process to all others through the cache, and forgotten within seconds.

The slots of a class of callers go to the account that holds the fewest. That takes no list of all that wait: each tells
how many it holds unless one that holds fewer has told already, and who holds more than was told takes none.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from django_spotify_sync import shared_cache
from django_spotify_sync.pace.shares import Caller

LOOK_EVERY = 0.25  # seconds for which is believed what was told
WAITING = 2.0  # seconds for which the classes behind make way for somebody who said that they wait
TURN = 1.0  # seconds for which the accounts of a class do


@dataclass(frozen=True, slots=True)
class Turn:
    """The account whose turn it is: of those that wait the one that holds the fewest slots."""

    held: int
    owner: str


class Turns:
    """What this process knows of those who wait, in whichever process. Not for several threads at once.

    :raises CacheUnavailable: from each method that tells or looks, if the cache says that it is away.
    """

    def __init__(self, key: str, window: float) -> None:
        self._key = key
        self._window = window
        self._known: dict[str, object] = {}
        self._look_at = 0.0
        self._told_at: dict[str, float] = {}

    def look(self) -> None:
        """Learn what was told."""
        now = time.monotonic()
        if now >= self._look_at:
            self._look_at = now + LOOK_EVERY
            names = [f"{about}:{caller}" for caller in Caller for about in ("waits", "turn")]
            self._known = self._peek([*names, "at-work"])

    def forget(self) -> None:
        """Take nobody to wait: with the cache away nobody can say so."""
        self._known = {}

    # Between the classes

    def somebody_waits(self, *callers: Caller) -> bool:
        return any(f"waits:{caller}" in self._known for caller in callers)

    @property
    def schedule_is_at_work(self) -> bool:
        """Tell whether the schedule asked for anything within the last window."""
        return "at-work" in self._known

    def note_schedule(self) -> None:
        """Tell that the schedule is at work."""
        self._tell("at-work", 1, seconds=self._window, every=self._window / 4)

    # Between the accounts of a class

    def whose(self, caller: Caller) -> Turn | None:
        """Return whose turn it is, None if nobody waits."""
        told = self._known.get(f"turn:{caller}")
        return Turn(*told) if isinstance(told, list | tuple) else None

    def wait(self, caller: Caller, owner: str, held: int) -> None:
        """Tell that somebody found none: the classes behind make way, and so do accounts that hold more."""
        self._tell(f"waits:{caller}", 1, seconds=WAITING, every=WAITING / 2)
        turn = self.whose(caller)
        if turn is None or turn.owner == owner or held < turn.held:
            self._tell_turn(caller, Turn(held, owner))

    def served(self, caller: Caller, owner: str, held: int) -> None:
        """Tell how many it holds now, if it was this one's turn: whoever holds fewer is the next."""
        turn = self.whose(caller)
        if turn is not None and turn.owner == owner:
            self._tell_turn(caller, Turn(held, owner))

    def _tell_turn(self, caller: Caller, turn: Turn) -> None:
        every = TURN / 2 if turn == self.whose(caller) else 0.0
        self._tell(f"turn:{caller}", (turn.held, turn.owner), seconds=TURN, every=every)

    def _peek(self, names: Iterable[str]) -> dict[str, object]:
        keys = {self._key + name: name for name in names}
        return {keys[key]: value for key, value in shared_cache.peek_many(keys).items()}

    def _tell(self, name: str, value: object, *, seconds: float, every: float) -> None:
        now = time.monotonic()
        if now >= self._told_at.get(name, 0.0) + every:
            self._told_at[name] = now
            self._known[name] = value
            shared_cache.put(self._key + name, value, timedelta(seconds=seconds))

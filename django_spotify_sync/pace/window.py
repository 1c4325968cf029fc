"""A rolling window that many processes share, kept by nothing but "add this key unless it is there".

The window's requests are dealt into slots, and each slot is a key that lives for a little longer than the window. Who
adds the key has the slot: a handful of requests, to be started within ``LIFE``. The same slot gives the next handful
only when its key has ended, so no two starts of different handfuls of it are less than a window apart, whoever makes
them; and all slots together hold what one window allows. No clock is compared with another machine's.
"""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

SLOTS = 180  # so many keys at most, and so many adds a window, whatever the number of requests
LIFE = 1.0  # seconds in which a handful has to be started, counted from before it was asked for
#: Seconds that a key outlives window and LIFE. A request that took long to arrive may come so much later than one that
#: did not, and Memcached's keys end up to a second early.
MARGIN = 1.0
_LOOK_AGAIN = 0.05


def sizes(requests: int) -> list[int]:
    """Deal the requests of a window into slots as evenly as can be."""
    count = min(SLOTS, requests)
    size, more = divmod(requests, count)
    return [size + 1] * more + [size] * (count - more)


def leading(sizes: Sequence[int], share: float) -> int:
    """Return how many slots, from the first, hold no more than this share of all; one at least, if there is one."""
    limit, held = sum(sizes) * share + 1e-9, 0
    for count, size in enumerate(sizes):
        held += size
        if held > limit:
            return max(1, count)
    return len(sizes)


def lifetime(window: float) -> float:
    """Return for how many seconds a slot that was taken is not free: whole ones, since caches know no others."""
    return float(math.ceil(window + LIFE + MARGIN))


@dataclass(frozen=True, slots=True)
class Busy:
    """A slot that somebody has: whose it is, and for how many seconds trying again makes no sense."""

    seconds: float
    owner: str = ""


class Slots:
    """The slots as this process knows them. ``add(slot, owner)`` tries to take one for its owner: it returns None if
    that went well, else who was faster. Not for several threads at once.
    """

    def __init__(
        self,
        window: float,
        add: Callable[[int, str], Busy | None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._lifetime = lifetime(window)
        self._add = add
        self._clock = clock
        self._busy_until: dict[int, float] = {}
        self._owners: dict[int, str] = {}

    def take(self, among: Sequence[int], owner: str = "") -> int | None:
        """Take a slot that is free; return it, or None if none is. Those known to be busy cost no question."""
        now = self._clock()
        candidates = [slot for slot in among if self._busy_until.get(slot, now) <= now]
        random.shuffle(candidates)  # lest all processes try the same ones in turn
        return next((slot for slot in candidates if self._try(slot, owner)), None)

    def held_by(self, owner: str) -> int:
        """Return how many slots this owner has, as far as this process knows: each that it took or found taken."""
        now = self._clock()
        return sum(
            self._busy_until[slot] > now for slot, one in self._owners.items() if one == owner
        )

    def _try(self, slot: int, owner: str) -> bool:
        busy = self._add(slot, owner)
        rest = self._lifetime
        if busy is not None:
            rest, owner = min(max(busy.seconds, _LOOK_AGAIN), self._lifetime), busy.owner
        self._busy_until[slot] = self._clock() + rest
        self._owners[slot] = owner
        return busy is None

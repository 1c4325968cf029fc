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


class Slots:
    """The slots as this process knows them. ``add(slot)`` tries to take one: it returns None if that went well, else
    the seconds after which trying again makes sense. Not for several threads at once.
    """

    def __init__(
        self,
        window: float,
        add: Callable[[int], float | None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._lifetime = lifetime(window)
        self._add = add
        self._clock = clock
        self._busy_until: dict[int, float] = {}

    def take(self, among: Sequence[int]) -> int | None:
        """Take a slot that is free; return it, or None if none is. Those known to be busy cost no question."""
        now = self._clock()
        candidates = [slot for slot in among if self._busy_until.get(slot, now) <= now]
        random.shuffle(candidates)  # lest all processes try the same ones in turn
        return next((slot for slot in candidates if self._try(slot)), None)

    def _try(self, slot: int) -> bool:
        busy = self._add(slot)
        rest = self._lifetime if busy is None else min(max(busy, _LOOK_AGAIN), self._lifetime)
        self._busy_until[slot] = self._clock() + rest
        return busy is None

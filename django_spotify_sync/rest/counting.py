"""How often something was asked for lately, counted in the cache that all instances share.

Each request counts itself first, by the cache's ``incr``, and goes by the number that this gives: of many at once no
more pass than may. What counts is the last twenty parts of a period, so it is forgotten bit by bit and not all at once.
"""

from __future__ import annotations

import time
from datetime import timedelta

from django_spotify_sync import shared_cache

PARTS = 20  # of a period; what is counted in one is forgotten together


def count(key: str, most: int, period: float) -> float | None:
    """Count one more of ``most`` in a ``period`` of seconds. Return None if it may be, else in how many seconds.

    What may not be is not counted.

    :raises CacheUnavailable: if the cache does not say how many there are.
    """
    now, length = time.time(), period / PARTS
    latest = int(now // length)
    mine, lives = f"{key}:{latest}", timedelta(seconds=period + length)
    before = {f"{key}:{part}": part for part in range(latest - PARTS + 1, latest)}
    counts = {latest: shared_cache.incr(mine, 1, lives)}
    counts |= {before[name]: value for name, value in shared_cache.peek_many(before).items()}
    if sum(counts.values()) <= most:
        return None
    shared_cache.incr(mine, -1, lives)
    counts[latest] -= 1
    return _seconds_until_free(counts, most, period, now)


def _seconds_until_free(counts: dict[int, int], most: int, period: float, now: float) -> float:
    """Return the seconds until so many of the oldest are forgotten that one more may be: a whole period at most."""
    left = sum(counts.values())
    for part in sorted(counts):
        left -= counts[part]
        if left < most:
            return min(period, (part + PARTS) * period / PARTS - now)
    return period

"""The longest run of values that rise: what stays in its order while the rest moves around it."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence


def rising(values: Sequence[int | None]) -> list[int]:
    """Return the indexes of a longest run of values that rise; None is never part of it."""
    tails: list[int] = []  # the lowest value that ends a run of each length
    ends: list[int] = []  # and its index
    before: list[int | None] = [None] * len(values)
    for index, value in enumerate(values):
        if value is None:
            continue
        if not tails or value > tails[-1]:  # as nearly always: nothing has to be looked up
            before[index] = ends[-1] if ends else None
            tails.append(value)
            ends.append(index)
            continue
        length = bisect_left(tails, value)
        before[index] = ends[length - 1] if length else None
        tails[length], ends[length] = value, index
    chain: list[int] = []
    last = ends[-1] if ends else None
    while last is not None:
        chain.append(last)
        last = before[last]
    return chain[::-1]

"""Numbers that only order: far apart, so that a row that comes or moves gets one between its neighbours' and no other
row changes. Pure: no database.
"""

from __future__ import annotations

from collections.abc import Sequence

from django_spotify_sync.db.rising import rising

#: The distance of two neighbours that are numbered at once: between them can be put one row 16 times over.
STEP = 2**16
_FURTHEST = 2**63 - 1  # what a bigint holds, upwards and downwards


def ranks(current: Sequence[int | None], *, lowest: int, highest: int) -> list[int]:
    """Return a rank for each row, rising from first to last, of which as many as can be stay as they are.

    ``current`` are the rows' ranks as stored, None for new ones. Where no room is left between two neighbours, all are
    numbered anew, around the middle of what there is.
    """
    given: list[int] = []
    below: int | None = None
    for place in [*rising(current), len(current)]:
        above = current[place] if place < len(current) else None
        between = _between(below, above, place - len(given), lowest, highest)
        if between is None:
            return _anew(len(current), lowest, highest)
        given += between
        if above is not None:
            given.append(above)
        below = above
    return given


def falling_ranks(current: Sequence[int | None]) -> list[int]:
    """The same, falling from first to last, as wide as a bigint."""
    negative = [None if rank is None else -rank for rank in current]
    return [-rank for rank in ranks(negative, lowest=-_FURTHEST, highest=_FURTHEST)]


def _between(
    below: int | None, above: int | None, count: int, lowest: int, highest: int
) -> list[int] | None:
    """Return ``count`` rising ranks between two, or beyond the one that there is; None if they do not fit."""
    if not count:
        return []
    if below is None and above is None:
        return _anew(count, lowest, highest)
    if below is not None and above is not None:
        if above - below <= count:
            return None
        return [below + (above - below) * number // (count + 1) for number in range(1, count + 1)]
    room = above - lowest if above is not None else highest - (below or 0)
    step = min(STEP, room // (count + 1))
    if step < 1:
        return None
    start = above - step * (count + 1) if above is not None else below or 0
    return [start + step * number for number in range(1, count + 1)]


def _anew(count: int, lowest: int, highest: int) -> list[int]:
    """Return ``count`` ranks that take up the middle, and at most half of all there are."""
    step = min(STEP, (highest - lowest) // (2 * count))
    start = (lowest + highest - step * count) // 2
    return [start + step * number for number in range(count)]

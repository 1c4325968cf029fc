"""Which entry of a playlist is which stored row, and in what order they stand. Pure: no network, no database.

An entry is known by what it holds, when it was added and by whom. The same track may stand in a list many times, so
that only all three together come near to telling entries apart; where even they are equal, one row is as good as
another.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict, deque
from collections.abc import Hashable, Iterable, Mapping, Sequence
from datetime import datetime

from django_spotify_sync.db.rising import rising

#: What an entry holds (None for nothing), when it was added, by whom.
type ItemKey = tuple[Hashable | None, datetime | None, str]


def match(stored: Sequence[ItemKey], remote: Sequence[ItemKey]) -> list[int | None]:
    """Return the index of each remote entry's stored row, None for an entry that is new.

    First what is the same in place, from both ends; then what moved; then what was added anew; then, between the same
    neighbours, what Spotify answers with another id now, or with nothing.
    """
    head = _common(stored, remote)
    tail = _common(stored[head:][::-1], remote[head:][::-1])
    slots: list[int | None] = [None] * len(remote)
    slots[:head] = range(head)
    slots[len(remote) - tail :] = range(len(stored) - tail, len(stored))
    free = set(range(head, len(stored) - tail))
    new = set(range(head, len(remote) - tail))

    def claim(wanted: Mapping[int, Hashable], offered: Mapping[int, Hashable]) -> None:
        by_key: dict[Hashable, deque[int]] = defaultdict(deque)
        for slot in sorted(offered):
            by_key[offered[slot]].append(slot)
        for position in sorted(wanted):
            if slots_of := by_key.get(wanted[position]):
                slots[position] = slots_of.popleft()
                free.discard(slots[position] or 0)
                new.discard(position)

    claim({place: remote[place] for place in new}, {slot: stored[slot] for slot in free})
    claim(
        {place: remote[place][0] for place in new if remote[place][0] is not None},
        {slot: stored[slot][0] for slot in free if stored[slot][0] is not None},
    )
    if free and new:
        kept = rising(slots)
        kept_slots = [slots[place] or 0 for place in kept]
        claim(
            {place: (bisect_left(kept, place), remote[place][1]) for place in new},
            {slot: (bisect_left(kept_slots, slot), stored[slot][1]) for slot in free},
        )
    return slots


def match_some(stored: Sequence[ItemKey], remote: Sequence[ItemKey]) -> list[int | None]:
    """Like ``match``, for a reading that is not proved whole: finds what is the same, and guesses nothing."""
    offered: dict[ItemKey, deque[int]] = defaultdict(deque)
    for slot, key in enumerate(stored):
        offered[key].append(slot)
    return [offered[key].popleft() if offered.get(key) else None for key in remote]


def add_only(
    stored: Sequence[ItemKey], remote: Sequence[ItemKey]
) -> list[tuple[int | None, int | None]]:
    """Return (entry, row) for each place of a list in which every stored row stays and entries not known yet are added.

    Rows that no entry claims stay behind the row that they followed. An entry whose like is stored or was just added is
    left out: of a page that was answered twice nothing is to be added.
    """
    slots = match_some(stored, remote)
    known = set(stored)
    behind = _unclaimed_behind(len(stored), {slot for slot in slots if slot is not None})
    places: list[tuple[int | None, int | None]] = [(None, slot) for slot in behind[-1]]
    for entry, slot in enumerate(slots):
        if slot is None:
            if remote[entry] in known:
                continue
            known.add(remote[entry])
        places.append((entry, slot))
        if slot is not None:
            places += [(None, after) for after in behind[slot]]
    return places


def _unclaimed_behind(count: int, claimed: set[int]) -> dict[int, list[int]]:
    """Return the unclaimed rows behind each claimed one, those before the first of them behind -1."""
    behind: dict[int, list[int]] = defaultdict(list)
    last = -1
    for slot in range(count):
        if slot in claimed:
            last = slot
        else:
            behind[last].append(slot)
    return behind


def _common(one: Iterable[ItemKey], other: Iterable[ItemKey]) -> int:
    """Return how many entries both begin with."""
    count = 0
    for left, right in zip(one, other, strict=False):
        if left != right:
            break
        count += 1
    return count

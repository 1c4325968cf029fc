"""Which entry of a playlist is which stored row, and in what order they stand. Pure: no network, no database.

An entry is known by what it holds, when it was added and by whom. The same track may stand in a list many times, so
that only all three together come near to telling entries apart; where even they are equal, one row is as good as
another.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Hashable, Iterable, Sequence
from datetime import datetime

from django_spotify_sync.sync.claims import Claims

#: What an entry holds (None for nothing), when it was added, by whom.
type ItemKey = tuple[Hashable | None, datetime | None, str]


def match(stored: Sequence[ItemKey], remote: Sequence[ItemKey]) -> list[int | None]:
    """Return the index of each remote entry's stored row, None for an entry that is new.

    First what is the same in place, from both ends; then what moved; then what was added anew; then, between the same
    neighbours, what Spotify answers with another id now, or with nothing.
    """
    head = _common(stored, remote)
    tail = _common(stored[head:][::-1], remote[head:][::-1])
    claims = Claims(len(stored), len(remote))
    for place in range(head):
        claims.take(place, place)
    for distance in range(1, tail + 1):
        claims.take(len(remote) - distance, len(stored) - distance)
    claims.claim(
        {place: remote[place] for place in claims.unclaimed},
        {index: stored[index] for index in sorted(claims.free)},
    )
    claims.claim(
        {place: remote[place][0] for place in claims.unclaimed if remote[place][0] is not None},
        {index: stored[index][0] for index in sorted(claims.free) if stored[index][0] is not None},
    )
    if claims.free:
        claims.claim_between(
            {place: remote[place][1] for place in claims.unclaimed},
            {index: stored[index][1] for index in sorted(claims.free)},
        )
    return claims.indexes


def match_some(stored: Sequence[ItemKey], remote: Sequence[ItemKey]) -> list[int | None]:
    """Like ``match``, for a reading that is not proved whole: finds what is the same, and guesses nothing."""
    offered: dict[ItemKey, deque[int]] = defaultdict(deque)
    for index, key in enumerate(stored):
        offered[key].append(index)
    return [offered[key].popleft() if offered.get(key) else None for key in remote]


def add_only(
    stored: Sequence[ItemKey], remote: Sequence[ItemKey]
) -> list[tuple[int | None, int | None]]:
    """Return (entry, row) for each place of a list in which every stored row stays and entries not known yet are added.

    Rows that no entry claims stay behind the row that they followed. An entry whose like is stored or was just added is
    left out: of a page that was answered twice nothing is to be added.
    """
    indexes = match_some(stored, remote)
    known = set(stored)
    behind = _unclaimed_behind(len(stored), {index for index in indexes if index is not None})
    places: list[tuple[int | None, int | None]] = [(None, index) for index in behind[-1]]
    for entry, index in enumerate(indexes):
        if index is None:
            if remote[entry] in known:
                continue
            known.add(remote[entry])
        places.append((entry, index))
        if index is not None:
            places += [(None, after) for after in behind[index]]
    return places


def _unclaimed_behind(count: int, claimed: set[int]) -> dict[int, list[int]]:
    """Return the unclaimed rows behind each claimed one, those before the first of them behind -1."""
    behind: dict[int, list[int]] = defaultdict(list)
    last = -1
    for index in range(count):
        if index in claimed:
            last = index
        else:
            behind[last].append(index)
    return behind


def _common(one: Iterable[ItemKey], other: Iterable[ItemKey]) -> int:
    """Return how many entries both begin with."""
    count = 0
    for left, right in zip(one, other, strict=False):
        if left != right:
            break
        count += 1
    return count

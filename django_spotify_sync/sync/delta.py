"""What is the same, what is new, what is gone, and what of that is proved. Pure: no network, no database, no clock.

Everything here is about two orders: the entries as we stored them and the entries as Spotify lists them now, both
newest first, each known by its key ``(spotify_id, added_at)``. Entries, slots and positions are plain list indexes.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict, deque
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from django_spotify_sync.exceptions import NotWhole
from django_spotify_sync.spotify.rows import Key, Page, SavedRow

#: The distance of two neighbouring ranks that were given at once: room for 16 likes between any two.
RANK_STEP = 2**16


@dataclass(frozen=True, slots=True)
class Alignment:
    """Which stored slot each remote entry is.

    ``slots[i]`` is the slot of remote entry i, None for a new one; ``gone`` are the slots that no entry claims, and
    ``relinked`` those whose id nobody answered, but whose place is taken by an entry of the same second. ``kept`` are
    the remote positions of entries that stand in their stored order, which is what certificates lean on.
    """

    slots: list[int | None]
    gone: list[int]
    relinked: list[int]
    kept: list[int]


def whole(pages: Mapping[int, Page[SavedRow]], *, hidden: int = 0) -> list[SavedRow]:
    """Return the entries of all pages in order, if they are provably the whole list as far as pages can tell.

    :raises NotWhole: if totals differ, a page is missing, short or long, or a key came twice; ``reason`` says which.
    """
    ordered = [pages[offset] for offset in sorted(pages)]
    totals = {page.total for page in ordered}
    if len(totals) != 1:
        raise NotWhole(
            f"Spotify's total changed while it was read ({min(totals)} to {max(totals)}).",
            reason="drift",
        )
    total = totals.pop() - hidden
    entries: list[SavedRow] = []
    for page in ordered:
        wanted = max(0, min(page.limit, total - page.offset))
        if page.offset != len(entries) or len(page.entries) != wanted:
            raise NotWhole(
                f"The page at {page.offset} holds {len(page.entries)} entries, not {wanted}.",
                reason="page_length",
            )
        entries += page.entries
    if len(entries) != total:
        raise NotWhole(f"{len(entries)} entries came, {total} were announced.", reason="count")
    if (twice := _twice(entry.key for entry in entries)) is not None:
        raise NotWhole(f"{twice[0]} came twice.", reason="drift")
    return entries


def _twice(keys: Iterable[Key]) -> Key | None:
    seen: set[Key] = set()
    for key in keys:
        if key[0] is not None and key in seen:
            return key
        seen.add(key)
    return None


def align(stored: Sequence[Key], remote: Sequence[Key], *, relinks: bool = True) -> Alignment:
    """Find each remote entry's slot: by its key, else by its id (liked anew), else by its second (relinked, or null).

    Only entries that stand between the same two certain neighbours are taken for relinked, and none where ``relinks``
    is False: in a list that is not whole, the id that seems gone may only not have been read.
    """
    slots: list[int | None] = [None] * len(remote)
    free = set(range(len(stored)))

    def claim(wanted: Mapping[int, object], offered: Mapping[int, object]) -> list[int]:
        by_key: dict[object, deque[int]] = defaultdict(deque)
        for slot, key in offered.items():
            by_key[key].append(slot)
        claimed = []
        for position, key in wanted.items():
            if by_key[key]:
                slot = by_key[key].popleft()
                slots[position] = slot
                claimed.append(slot)
        free.difference_update(claimed)
        return claimed

    def unclaimed() -> list[int]:
        return [position for position, slot in enumerate(slots) if slot is None]

    claim(dict(enumerate(remote)), dict(enumerate(stored)))
    claim(
        {
            position: remote[position][0]
            for position in unclaimed()
            if remote[position][0] is not None
        },
        {slot: stored[slot][0] for slot in sorted(free) if stored[slot][0] is not None},
    )
    relinked: list[int] = []
    if relinks and free:
        kept = _kept(slots)
        kept_slots = [slots[position] or 0 for position in kept]
        relinked = claim(
            {
                position: (bisect_left(kept, position), remote[position][1])
                for position in unclaimed()
            },
            {slot: (bisect_left(kept_slots, slot), stored[slot][1]) for slot in sorted(free)},
        )
    return Alignment(slots, gone=sorted(free), relinked=sorted(relinked), kept=_kept(slots))


def _kept(slots: Sequence[int | None]) -> list[int]:
    """Return the positions of the longest run of entries whose slots rise, that is, stand in their stored order."""
    tails: list[int] = []  # the lowest slot that ends a chain of each length
    ends: list[int] = []  # and its position
    before: dict[int, int | None] = {}
    for position, slot in enumerate(slots):
        if slot is None:
            continue
        length = bisect_left(tails, slot)
        before[position] = ends[length - 1] if length else None
        tails[length : length + 1] = [slot]
        ends[length : length + 1] = [position]
    chain: list[int] = []
    position_or_none = ends[-1] if ends else None
    while position_or_none is not None:
        chain.append(position_or_none)
        position_or_none = before[position_or_none]
    return chain[::-1]


def seams(
    alignment: Alignment, total: int, pages: Collection[tuple[int, int]], *, limit: int
) -> list[int]:
    """Return the offsets to read so that every missing slot is certified by one answer.

    A slot is certified gone when its nearest kept neighbours, above and below, were seen with all that stands between
    them in one answer, or in several that overlap. ``pages`` are the (offset, end) of the answers so far. An end of the
    list counts as seen only by a page that came back short.
    """
    unseen = {end for _, end in pages} | {offset for offset, _ in pages}
    for offset, end in pages:
        # Borders strictly inside an answer are seen; so is the head by a page at 0, the end by a short page.
        unseen -= {border for border in unseen if offset < border < end}
        if offset == 0:
            unseen.discard(0)
        if end == total and end - offset < limit:
            unseen.discard(total)
    if total == 0:
        unseen.clear()
    relinked = set(alignment.relinked)
    kept = [position for position in alignment.kept if alignment.slots[position] not in relinked]
    kept_slots = [alignment.slots[position] or 0 for position in kept]
    wanted: set[int] = set()
    for slot in alignment.gone + alignment.relinked:
        place = bisect_left(kept_slots, slot)
        above = kept[place - 1] if place else -1
        below = kept[place] if place < len(kept) else total
        wanted |= {border for border in unseen if above < border <= below}
    return sorted({max(0, border - limit // 2) for border in wanted})


def ranks(current: Sequence[int | None]) -> list[int]:
    """Return a rank for each remote entry, falling from first to last, of which as many as can be stay as they are.

    ``current`` are the entries' ranks as stored, None for new ones.
    """
    kept = _kept([None if rank is None else -rank for rank in current])
    given: list[int | None] = [None] * len(current)
    for position in kept:
        given[position] = current[position]
    result: list[int] = []
    position = 0
    while position < len(given):
        rank = given[position]
        if rank is not None:
            result.append(rank)
            position += 1
            continue
        end = position
        while end < len(given) and given[end] is None:
            end += 1
        between = _between(
            result[-1] if result else None, given[end] if end < len(given) else None, end - position
        )
        if between is None:  # no room is left between two neighbours: number all anew
            return [RANK_STEP * (len(current) - index) for index in range(len(current))]
        result += between
        position = end
    return result


def _between(above: int | None, below: int | None, count: int) -> list[int] | None:
    """Return ``count`` falling numbers between two, as far apart as can be; None if they do not fit."""
    if above is None:
        floor = below if below is not None else 0
        return [floor + RANK_STEP * (count - index) for index in range(count)]
    if below is None:
        return [above - RANK_STEP * (index + 1) for index in range(count)]
    if above - below <= count:
        return None
    return [above - (above - below) * (index + 1) // (count + 1) for index in range(count)]


def is_large_loss(*, stored: int, gone: int, max_share: float) -> bool:
    """Tell whether a loss is too large to be believed by the first run that sees it."""
    return gone > 0 and (gone == stored or (gone > 50 and gone > max_share * stored))

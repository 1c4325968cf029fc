"""What to read next, and what is proved: the algorithm of few requests. Pure: no network, no database, no clock.

Two orders are compared: the entries as known (newest first) and the list as Spotify answers it now, of which some
pages were read. Where a known entry stands ``d`` places from where it stood, ``d`` entries came or went above it; so a
stretch between two entries that were found again holds a loss (or a find) exactly if it became shorter (or longer), and
halving such stretches finds it in a handful of requests. What is presumed unchanged was never read: see ``_survey``.

A *position* is a place in Spotify's list. A *border* b lies between the positions b - 1 and b; it is *seen* when one
answer showed both sides. The head's border is 0, the end's the total; the end is seen only by a page that came short.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from django_spotify_sync.db.rising import rising
from django_spotify_sync.exceptions import NotWhole
from django_spotify_sync.secret import masked
from django_spotify_sync.spotify.answers.saved import Key
from django_spotify_sync.sync.tracks.alignment import NONE_ALIGNED, Alignment, align
from django_spotify_sync.sync.tracks.chart import Chart, Places


@dataclass(frozen=True, slots=True)
class Step:
    """Where to read next. Without ``reads`` all is settled: what was not read is the known entry of ``presumed``, and
    ``alignment`` says which known entry each of the whole list is.

    ``pages_ahead`` is about how many pages there are still to read: one for each entry that a stretch lost or found,
    but no more than it has.
    """

    reads: list[int]
    presumed: dict[int, int]
    pages_ahead: int = 0
    alignment: Alignment = NONE_ALIGNED

    def keys(self, known: Sequence[Key], chart: Chart) -> list[Key]:
        """Return the whole list, once settled: as read, or as known where that is presumed."""
        return [
            chart.keys[position] if position in chart.keys else known[self.presumed[position]]
            for position in range(chart.total)
        ]


def next_step(known: Sequence[Key], chart: Chart) -> Step:
    """Compare the known order with what was read; say which pages would tell the most, or that all is settled.

    Settled means that every entry is read or rightly presumed, and that every loss is proved.

    :raises NotWhole: if an entry came twice, and did not stand in the same two places at the look before. Where, says
        ``doubled`` of the chart.
    """
    step = _survey(known, chart)
    if step.reads:
        return step
    keys = step.keys(known, chart)
    chart.doubled = _doubled(keys, known, chart)
    if chart.doubled and chart.doubled != chart.doubled_before:
        came = masked(str(next(iter(chart.doubled))[0]))
        raise NotWhole(f"{came} came twice.", reason="drift")
    alignment = align(known, keys)
    return Step(_proof_reads(known, keys, alignment, chart), step.presumed, alignment=alignment)


def _survey(known: Sequence[Key], chart: Chart) -> Step:
    """Look for the stretches that differ.

    A stretch between two entries that stand in their known order is presumed unchanged if it has its known length and
    nothing strange was read in it. That holds whatever people like, unlike and like anew; an unlike and a like with an
    old date in one stretch escape it until the next full pass.
    """
    staying = _without_moved(known, chart)
    anchors = _anchors(known, staying, chart)
    read = sorted(chart.keys)
    reads: list[int] = []
    presumed: dict[int, int] = {}
    pages_ahead = 0
    for (above, place_above), (below, place_below) in pairwise(anchors):
        ours, theirs = place_below - place_above - 1, below - above - 1
        unseen = chart.unseen_between(above, below)
        strange = read[bisect_right(read, above) : bisect_left(read, below)]
        if not unseen or (not ours and len(strange) == theirs):
            continue  # all of it was seen, or was read with nothing to lose in it
        if ours == theirs and not strange:
            indexes = staying[place_above + 1 : place_below]
            presumed.update(zip(range(above + 1, below), indexes, strict=True))
            continue
        pages = -(-len(unseen) // (chart.limit - 1))
        pages_ahead += min(pages, max(1, abs(ours - theirs)))
        if ours == theirs:
            reads.append(_centred(_edge(strange, unseen), chart.limit))
        elif len(anchors) == 2:
            reads += _down_from_the_head(unseen[0] - 1, chart, grown=chart.total - len(staying))
        else:
            reads.append(unseen[(chart.limit - 1) * (pages // 2)] - 1)
    return Step(sorted(set(reads)), presumed, pages_ahead)


def _without_moved(known: Sequence[Key], chart: Chart) -> list[int]:
    """Return the known indexes but for those that were liked anew: their id was read elsewhere, under another date."""
    read = set(chart.keys.values())
    known_keys = set(known)
    elsewhere = {key[0] for key in read if key[0] is not None and key not in known_keys}
    staying = []
    for index, key in enumerate(known):
        if key[0] in elsewhere and key not in read:
            elsewhere.discard(key[0])
        else:
            staying.append(index)
    return staying


def _anchors(known: Sequence[Key], staying: Sequence[int], chart: Chart) -> list[tuple[int, int]]:
    """Return (position, place in staying) of what was read and stands in its known order, and both ends of the list."""
    by_key: dict[Key, deque[int]] = defaultdict(deque)
    wanted = set(chart.keys.values())
    for place, index in enumerate(staying):
        if known[index] in wanted:
            by_key[known[index]].append(place)
    positions = sorted(chart.keys)
    places = [
        by_key[key].popleft() if by_key[key] else None
        for key in map(chart.keys.__getitem__, positions)
    ]
    found = [(positions[one], places[one] or 0) for one in rising(places)]
    return [(-1, -1), *found, (chart.total, len(staying))]


def _edge(strange: Sequence[int], unseen: Sequence[int]) -> int:
    """Return the unseen border at which something strange was read."""
    edges = set(strange) | {position + 1 for position in strange}
    return next(border for border in unseen if border in edges)


def _centred(border: int, limit: int) -> int:
    return max(0, border - limit // 2)


def _down_from_the_head(start: int, chart: Chart, *, grown: int) -> list[int]:
    """Read on until the place where the first known entry ought to be; one page at a time beyond that."""
    until = min(max(grown, start + 1), chart.total - 1)
    return list(range(start, max(until, start + 1), chart.limit - 1))


def _proof_reads(
    known: Sequence[Key], keys: Sequence[Key], alignment: Alignment, chart: Chart
) -> list[int]:
    """Return what has to be read before anything may be called gone.

    A known entry is proved gone when its nearest neighbours that stayed, above and below, were seen with all that
    stands between them, and so was the whole run of its own second: within a second Spotify may order anew.
    """
    relinked = set(alignment.relinked)
    kept = [position for position in alignment.kept if alignment.indexes[position] not in relinked]
    kept_indexes = [alignment.indexes[position] or 0 for position in kept]
    reads: set[int] = set()
    for index in [*alignment.gone, *alignment.relinked]:
        place = bisect_left(kept_indexes, index)
        above = kept[place - 1] if place else -1
        below = kept[place] if place < len(kept) else chart.total
        reads |= {_centred(border, chart.limit) for border in chart.unproved_between(above, below)}
        second = known[index][1]
        if second is not None:
            reads |= set(_run_reads(keys, second, above, below, chart))
    return sorted(reads)


def _run_reads(
    keys: Sequence[Key], second: object, above: int, below: int, chart: Chart
) -> Iterator[int]:
    """Yield the page above and the page below where a run of one second was not read to its end."""
    position = above
    while position >= 0 and keys[position][1] == second:
        if chart.is_unproved(position):
            yield max(0, position - chart.limit + 1)
            break
        position -= 1
    position = below
    while position < chart.total and keys[position][1] == second:
        if chart.is_unproved(position + 1):
            yield position
            break
        position += 1


def cover(chart: Chart, *, overlapping: bool) -> list[int]:
    """Return the pages that are missing to a whole pass: every position, or, ``overlapping`` by one, every border."""
    reads: list[int] = []
    end = -1
    if not overlapping:
        for position in range(chart.total):
            if position not in chart.keys and position > end:
                reads.append(position)
                end = position + chart.limit - 1
        return reads
    for border in chart.unseen:
        if border > end and border < chart.total:
            reads.append(max(0, border - 1))
            end = reads[-1] + chart.limit - 1
    return reads


def _doubled(keys: Sequence[Key], known: Sequence[Key], chart: Chart) -> Places:
    """Return the places of the keys that come more often than any one answer, or the list as known, has them.

    Twice it comes for good where two entries of one second are answered with one id. Nulls of one second are alike.
    """
    many = {key: times for key, times in Counter(keys).items() if times > 1 and key[0] is not None}
    rightly = Counter(known) | chart.doubles if many else Counter()
    places: dict[Key, list[int]] = {key: [] for key, times in many.items() if times > rightly[key]}
    if places:
        for position, key in enumerate(keys):
            if key in places:
                places[key].append(position)
    return places


def wants_last_look(
    known: Sequence[Key], keys: Sequence[Key], alignment: Alignment, *, reads: int
) -> bool:
    """Tell whether the head has to be read again at the very end, and be the same.

    It has to if anything is gone, or if anything moved and the list could move as well between two of the reads.
    """
    moved = any(
        index is not None and known[index] != key
        for index, key in zip(alignment.indexes, keys, strict=True)
    )
    return bool(alignment.gone) or (moved and reads > 1)

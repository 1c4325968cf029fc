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
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import cast

from django_spotify_sync.db.rising import rising
from django_spotify_sync.exceptions import NotWhole
from django_spotify_sync.secret import masked
from django_spotify_sync.spotify.answers.saved import Key
from django_spotify_sync.sync.tracks.alignment import NONE_ALIGNED, Alignment, align
from django_spotify_sync.sync.tracks.chart import Chart, Places


class Known:
    """The entries as known, newest first. What has to be looked up of them is hashed once for all steps."""

    def __init__(self, keys: Sequence[Key]) -> None:
        self.keys = keys
        self._first = dict(zip(reversed(keys), range(len(keys) - 1, -1, -1), strict=True))
        self._all: dict[Key, list[int]] = {}  # of the keys that stand in several places
        if len(self._first) < len(keys):
            for index, key in enumerate(keys):
                if self._first[key] != index:
                    self._all.setdefault(key, [self._first[key]]).append(index)

    def __contains__(self, key: Key) -> bool:
        return key in self._first

    def found(self, keys: Iterable[Key]) -> list[int | None]:
        """Return where each key stands, None if it does not: of alike ones, in their order, each place once."""
        left = {key: iter(places) for key, places in self._all.items()}
        is_taken = bytearray(len(self.keys))
        indexes = []
        for key in keys:
            index = next(left[key], None) if key in left else self._first.get(key)
            if index is not None and is_taken[index]:
                index = None
            if index is not None:
                is_taken[index] = 1
            indexes.append(index)
        return indexes


@dataclass(frozen=True, slots=True)
class Step:
    """Where to read next. Without ``reads`` all is settled: ``keys`` is the whole list, and ``alignment`` says which
    known entry each of it is.

    ``presumed`` are the stretches that were not read: where each begins, and the known indexes that stand there.
    ``pages_ahead`` is about how many pages there are still to read: one for each entry that a stretch lost or found,
    but no more than it has.
    """

    reads: list[int]
    presumed: list[tuple[int, Sequence[int]]]
    pages_ahead: int = 0
    keys: list[Key] = field(default_factory=list)
    alignment: Alignment = NONE_ALIGNED

    def filled[Entry](
        self, read: Sequence[Entry | None], known: Callable[[int], Entry]
    ) -> list[Entry]:
        """Return the whole list, once settled, of what was read and, by its index, of what is known."""
        whole = list(read)
        for start, indexes in self.presumed:
            whole[start : start + len(indexes)] = map(known, indexes)
        return cast(list[Entry], whole)


def next_step(known: Known, chart: Chart) -> Step:
    """Compare the known order with what was read; say which pages would tell the most, or that all is settled.

    Settled means that every entry is read or rightly presumed, and that every loss is proved.

    :raises NotWhole: if an entry came twice, and did not stand in the same two places at the look before. Where, says
        ``doubled`` of the chart.
    """
    chart.doubled = {}
    step = _survey(known, chart)
    if step.reads:
        return step
    keys = step.filled(chart.keys, known.keys.__getitem__)
    chart.doubled = _doubled(keys, known.keys, chart)
    if chart.doubled and chart.doubled != chart.doubled_before:
        came = masked(str(next(iter(chart.doubled))[0]))
        raise NotWhole(f"{came} came twice.", reason="drift")
    alignment = align(known.keys, keys)
    reads = _proof_reads(known.keys, keys, alignment, chart)
    return replace(step, reads=reads, keys=keys, alignment=alignment)


def _survey(known: Known, chart: Chart) -> Step:
    """Look for the stretches that differ.

    A stretch between two entries that stand in their known order is presumed unchanged if it has its known length and
    nothing strange was read in it. That holds whatever people like, unlike and like anew; an unlike and a like with an
    old date in one stretch escape it until the next full pass.
    """
    read = chart.read
    staying = _without_moved(known, chart, read)
    anchors = _anchors(known, staying, chart, read)
    reads: list[int] = []
    presumed: list[tuple[int, Sequence[int]]] = []
    pages_ahead = 0
    for (above, place_above), (below, place_below) in pairwise(anchors):
        if chart.is_seen_between(above, below):
            continue
        ours, theirs = place_below - place_above - 1, below - above - 1
        strange = read[bisect_right(read, above) : bisect_left(read, below)]
        if not ours and len(strange) == theirs:
            continue  # it was read, with nothing to lose in it
        if ours == theirs and not strange:
            presumed.append((above + 1, staying[place_above + 1 : place_below]))
            continue
        unseen = chart.unseen_between(above, below)
        pages = -(-len(unseen) // (chart.limit - 1))
        pages_ahead += min(pages, max(1, abs(ours - theirs)))
        if ours == theirs:
            reads.append(_centred(_edge(strange, unseen), chart.limit))
        elif len(anchors) == 2:
            reads += _down_from_the_head(unseen[0] - 1, chart, grown=chart.total - len(staying))
        else:
            reads.append(unseen[(chart.limit - 1) * (pages // 2)] - 1)
    return Step(sorted(set(reads)), presumed, pages_ahead)


def _without_moved(known: Known, chart: Chart, read: Sequence[int]) -> Sequence[int]:
    """Return the known indexes but for those that were liked anew: their id was read elsewhere, under another date."""
    elsewhere = {key[0] for key in chart.keys_at(read) if key[0] is not None and key not in known}
    if not elsewhere:
        return range(len(known.keys))
    keys = set(chart.keys_at(read))
    moved = set()
    for index, key in enumerate(known.keys):
        if key[0] in elsewhere and key not in keys:
            elsewhere.discard(key[0])
            moved.add(index)
    return [index for index in range(len(known.keys)) if index not in moved]


def _anchors(
    known: Known, staying: Sequence[int], chart: Chart, read: Sequence[int]
) -> list[tuple[int, int]]:
    """Return (position, place in staying) of what was read and stands in its known order, and both ends of the list."""
    indexes = known.found(chart.keys_at(read))
    found = [(read[one], bisect_left(staying, indexes[one] or 0)) for one in rising(indexes)]
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
    if not alignment.gone and not alignment.relinked:
        return []
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
            if chart.keys[position] is None and position > end:
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
    if len(set(keys)) == len(keys):
        return {}
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
    if alignment.gone or reads <= 1:
        return bool(alignment.gone)
    return any(
        index is not None and known[index] != key
        for index, key in zip(alignment.indexes, keys, strict=True)
    )

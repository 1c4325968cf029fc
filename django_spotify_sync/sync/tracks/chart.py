"""What the pages that were read show of the list: entries, and borders (see ``delta``) with what stands between."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter

from django_spotify_sync.exceptions import NotWhole
from django_spotify_sync.spotify.answers.saved import Key

#: Where in the list a key stands.
type Places = Mapping[Key, Sequence[int]]


@dataclass(frozen=True, slots=True)
class Answer:
    """The keys of one page, and where it began. A page of an earlier day (``is_fresh`` False) proves no loss."""

    offset: int
    keys: tuple[Key, ...]
    is_fresh: bool = True


class Chart:
    """What answers showed of a list of ``total`` entries: keys by position, and the borders that nobody saw.

    ``doubles`` says how often a key stood in one answer's run of its second, if more than once: there nothing moves.
    ``doubled_before`` are the places of the keys that the look before this one met more than once, ``doubled`` those
    that this one meets.

    :raises NotWhole: if two answers show different entries in one place: the list moved between them. Or if one shows
        more than ``total``.
    """

    def __init__(
        self,
        total: int,
        answers: Iterable[Answer],
        *,
        limit: int,
        doubled_before: Places | None = None,
    ) -> None:
        self.total = total
        self.limit = limit
        self.doubled_before = doubled_before or {}
        self.doubled: Places = {}
        self.keys: dict[int, Key] = {}
        self.doubles: Counter[Key] = Counter()
        seen, freshly_seen = bytearray(total + 1), bytearray(total + 1)
        for answer in answers:
            if answer.keys and answer.offset + len(answer.keys) > total:
                raise NotWhole(f"There are more entries than {total}.", reason="drift")
            for position, key in enumerate(answer.keys, start=answer.offset):
                if self.keys.setdefault(position, key) != key:
                    raise NotWhole(
                        f"The library moved around {position} while it was read.", reason="drift"
                    )
            for _, run in groupby(answer.keys, key=itemgetter(1)):
                for key, times in Counter(run).items():
                    if times > 1:
                        self.doubles[key] = max(self.doubles[key], times)
            for border in _borders(answer, total, limit):
                seen[border] = 1
                freshly_seen[border] |= answer.is_fresh
        self.unseen = [border for border in range(total + 1) if not seen[border]]
        self.unproved = [border for border in range(total + 1) if not freshly_seen[border]]

    def unseen_between(self, above: int, below: int) -> list[int]:
        """Return the unseen borders between two positions."""
        return _between(self.unseen, above, below)

    def unproved_between(self, above: int, below: int) -> list[int]:
        """Return the borders between two positions that no answer of today showed."""
        return _between(self.unproved, above, below)

    def is_unproved(self, border: int) -> bool:
        return bool(_between(self.unproved, border - 1, border))


def _borders(answer: Answer, total: int, limit: int) -> Iterator[int]:
    end = answer.offset + len(answer.keys)
    yield from range(answer.offset + 1, end)
    if answer.offset == 0:
        yield 0
    if end == total and len(answer.keys) < limit:
        yield total


def _between(borders: list[int], above: int, below: int) -> list[int]:
    return borders[bisect_right(borders, above) : bisect_right(borders, below)]

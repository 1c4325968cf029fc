"""What the pages that were read show of the list: entries, and borders (see ``delta``) with what stands between."""

from __future__ import annotations

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
    """What answers showed of a list of ``total`` entries: keys by position, None where none was read, and the borders.

    ``doubles`` says how often a key stood in one answer's run of its second, if more than once: there nothing moves.
    ``doubled_before`` are the places of the keys that the look before this one met more than once, ``doubled`` those
    that this one meets.

    :raises NotWhole: if two answers show different entries in one place: the list moved between them. Or if one shows
        more than ``total``.
    """

    def __init__(
        self,
        total: int,
        answers: Iterable[Answer] = (),
        *,
        limit: int,
        doubled_before: Places | None = None,
    ) -> None:
        self.total = total
        self.limit = limit
        self.doubled_before = doubled_before or {}
        self.doubled: Places = {}
        self.keys: list[Key | None] = [None] * total
        self.doubles: Counter[Key] = Counter()
        self._stretches: list[tuple[int, int]] = []
        # a byte for each border
        self._seen, self._freshly_seen = bytearray(total + 1), bytearray(total + 1)
        for answer in answers:
            self.add(answer)

    def add(self, answer: Answer) -> None:
        """Take in one more answer.

        :raises NotWhole: as the making does. The chart is of no use then.
        """
        end = answer.offset + len(answer.keys)
        if answer.keys and end > self.total:
            raise NotWhole(f"There are more entries than {self.total}.", reason="drift")
        for position, key in enumerate(answer.keys, start=answer.offset):
            known = self.keys[position]
            if known is None:
                self.keys[position] = key
            elif known != key:
                raise NotWhole(
                    f"The library moved around {position} while it was read.", reason="drift"
                )
        if answer.keys:
            self._stretches.append((answer.offset, end))
        for _, run in groupby(answer.keys, key=itemgetter(1)):
            for key, times in Counter(run).items():
                if times > 1:
                    self.doubles[key] = max(self.doubles[key], times)
        self._see(self._seen, answer.offset, end)
        if answer.is_fresh:
            self._see(self._freshly_seen, answer.offset, end)

    def _see(self, borders: bytearray, start: int, end: int) -> None:
        inner = max(0, end - start - 1)
        borders[start + 1 : start + 1 + inner] = b"\1" * inner
        if start == 0:
            borders[0] = 1
        if end == self.total and end - start < self.limit:
            borders[end] = 1

    @property
    def read(self) -> list[int]:
        """The positions that were read, in order."""
        positions: list[int] = []
        read_until = 0
        for start, end in sorted(self._stretches):
            positions += range(max(start, read_until), end)
            read_until = max(end, read_until)
        return positions

    def keys_at(self, positions: Iterable[int]) -> Iterator[Key]:
        """Yield the keys at positions that were read."""
        return (key for position in positions if (key := self.keys[position]) is not None)

    @property
    def unseen(self) -> list[int]:
        """All unseen borders."""
        return self.unseen_between(-1, self.total)

    def is_seen_between(self, above: int, below: int) -> bool:
        """Tell whether all borders between two positions were seen."""
        return self._seen.find(0, above + 1, below + 1) < 0

    def unseen_between(self, above: int, below: int) -> list[int]:
        """Return the unseen borders between two positions."""
        return _missing(self._seen, above, below)

    def unproved_between(self, above: int, below: int) -> list[int]:
        """Return the borders between two positions that no answer of today showed."""
        return _missing(self._freshly_seen, above, below)

    def is_unproved(self, border: int) -> bool:
        return not self._freshly_seen[border]


def _missing(borders: bytearray, above: int, below: int) -> list[int]:
    return [border for border in range(above + 1, below + 1) if not borders[border]]

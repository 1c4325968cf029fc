"""The list of saved tracks as a model: keys in a Python list, people who edit it, and a reader that follows delta."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from django_spotify_sync.spotify.answers.saved import Key
from django_spotify_sync.sync.tracks.alignment import align
from django_spotify_sync.sync.tracks.chart import Answer, Chart
from django_spotify_sync.sync.tracks.delta import Known, next_step, wants_last_look

EPOCH = datetime(2020, 1, 1, tzinfo=UTC)


def second(number: int) -> datetime:
    return EPOCH + timedelta(seconds=number)


@dataclass
class Library:
    """A remote list, newest first, and what a person does to it."""

    keys: list[Key] = field(default_factory=list)
    clock: int = 10**6
    fresh: int = 0

    @classmethod
    def of(cls, size: int, *, ties: float = 0.0, seed: int = 0) -> Library:
        """Make a library; *ties* is the share of entries that lie in same-second runs of 2 to 119."""
        rng = random.Random(seed)
        keys: list[Key] = []
        moment = 0
        while len(keys) < size:
            moment += 1
            run = rng.randint(2, 119) if rng.random() < ties / 20 else 1
            for _ in range(min(run, size - len(keys))):
                keys.append((f"t{len(keys)}", second(moment)))
        return cls(keys[::-1])

    def like(self, count: int = 1) -> None:
        for _ in range(count):
            self.clock += 1
            self.fresh += 1
            self.keys.insert(0, (f"new{self.fresh}", second(self.clock)))

    def unlike(self, *positions: int) -> None:
        for position in sorted(positions, reverse=True):
            del self.keys[position]

    def relike(self, position: int) -> None:
        self.clock += 1
        spotify_id, _ = self.keys.pop(position)
        self.keys.insert(0, (spotify_id, second(self.clock)))

    def add_old(self, position: int) -> None:
        """Save a track with the date of an entry, just above it."""
        self.fresh += 1
        self.keys.insert(position, (f"old{self.fresh}", self.keys[position][1]))

    def page(self, offset: int, limit: int) -> tuple[Key, ...]:
        return tuple(self.keys[offset : offset + limit])


@dataclass
class Outcome:
    keys: list[Key]
    requests: int
    offsets: list[int]
    gone: list[Key]


def settle(
    known: Sequence[Key],
    library: Library,
    *,
    limit: int = 50,
    page: Callable[[int, int], tuple[Key, ...]] | None = None,
) -> Outcome:
    """Follow delta to the end, the last look at the head included; the list stands still."""
    page = page or library.page
    chart = Chart(len(library.keys), [Answer(0, page(0, limit))], limit=limit)
    asked = [0]
    before = Known(known)
    while (step := next_step(before, chart)).reads:
        new = [offset for offset in step.reads if offset not in asked]
        assert new, f"it asks again for {step.reads}"
        for offset in new:
            chart.add(Answer(offset, page(offset, limit)))
            asked.append(offset)
    if wants_last_look(known, step.keys, step.alignment, reads=len(asked)):
        asked.append(0)
    gone = [known[index] for index in align(known, step.keys).gone]
    return Outcome(step.keys, len(asked), asked, gone)

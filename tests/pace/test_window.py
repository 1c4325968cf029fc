from __future__ import annotations

from collections import deque
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_spotify_sync.pace.window import (
    LIFE,
    MARGIN,
    SLOTS,
    Busy,
    Slots,
    leading,
    lifetime,
    sizes,
)

WINDOW = 30.0


class Cache:
    """Keys that live for a while on a clock that goes on only when told. ``early``: as many seconds shorter."""

    def __init__(self, early: float = 0.0) -> None:
        self.now = 1000.0
        self.early = early
        self.ends: dict[int, float] = {}
        self.owners: dict[int, str] = {}
        self.questions = 0

    def add(self, slot: int, owner: str) -> Busy | None:
        self.questions += 1
        if self.ends.get(slot, self.now) > self.now:
            return Busy(self.ends[slot] - self.now, self.owners[slot])
        self.ends[slot], self.owners[slot] = self.now + lifetime(WINDOW) - self.early, owner
        return None

    def process(self) -> Slots:
        return Slots(WINDOW, self.add, lambda: self.now)


def most_in_a_window(arrivals: list[float], window: float) -> int:
    """Return how many came within any ``window`` seconds."""
    most, recent = 0, deque[float]()
    for at in sorted(arrivals):
        recent.append(at)
        while recent[0] <= at - window:
            recent.popleft()
        most = max(most, len(recent))
    return most


@given(requests=st.integers(1, 20_000))
def test_the_slots_of_a_window_hold_its_requests(requests):
    dealt = sizes(requests)

    assert sum(dealt) == requests
    assert len(dealt) == min(SLOTS, requests)
    assert max(dealt) - min(dealt) <= 1


@given(requests=st.integers(1, 20_000), share=st.floats(0, 1))
def test_the_leading_slots_hold_a_share_or_are_one(requests, share):
    dealt = sizes(requests)

    count = leading(dealt, share)

    assert 1 <= count <= len(dealt)
    assert count == 1 or sum(dealt[:count]) <= requests * share + 0.001
    assert count == len(dealt) or sum(dealt[: count + 1]) > requests * share


def test_of_no_slots_none_lead():
    assert leading([], 0.5) == 0


late = st.sampled_from([0.0, 0.5, 1.0])
passes = st.one_of(st.floats(0, 2), st.sampled_from([0.0, WINDOW, lifetime(WINDOW)]))
steps = st.lists(st.tuples(passes, st.integers(0, 3), late, late), min_size=1, max_size=300)


@pytest.mark.parametrize("early", [0.0, MARGIN])
@given(requests=st.sampled_from([1, 2, 60, 180, 500]), steps=steps)
def test_no_window_holds_more_whoever_asks_whenever(early, requests, steps):
    """Each step: time passes, a process takes a slot, starts late, and what it sends arrives late.

    Late by all of LIFE and all of MARGIN, or by LIFE alone where the cache's keys end early.
    """
    cache = Cache(early)
    processes = [cache.process() for _ in range(4)]
    dealt = sizes(requests)
    arrivals: list[float] = []

    for passed, process, starts_late, arrives_late in steps:
        cache.now += passed
        slot = processes[process].take(range(len(dealt)))
        if slot is not None:
            at = cache.now + starts_late * LIFE + arrives_late * (MARGIN - early)
            arrivals += [at] * dealt[slot]

    assert most_in_a_window(arrivals, WINDOW) <= requests


def test_what_there_is_can_be_had_at_once_and_again_after_its_time():
    cache = Cache()
    process = cache.process()
    came: list[int] = []

    for _ in range(int(10 * lifetime(WINDOW) / 0.25)):
        while process.take(range(60)) is not None:
            came.append(1)
        cache.now += 0.25

    assert len(came) >= 60 * 9


def test_a_slot_that_is_known_to_be_busy_costs_no_question():
    cache = Cache()
    mine, other = cache.process(), cache.process()
    while other.take(range(60)) is not None:
        pass
    cache.questions = 0

    for _ in range(1000):
        assert mine.take(range(60)) is None
        cache.now += 0.01

    assert cache.questions == 60


def test_what_another_took_is_found_free_as_soon_as_it_is():
    cache = Cache()
    mine, other = cache.process(), cache.process()
    other.take([0])
    assert mine.take([0]) is None

    cache.now += lifetime(WINDOW) + 0.01

    assert mine.take([0]) == 0


def test_it_is_known_who_holds_how_many_whoever_took_them_and_until_when() -> None:
    cache = Cache()
    mine, other = cache.process(), cache.process()
    for owner in ("ada", "ada", "grace"):
        other.take(range(3), owner)
    assert mine.held_by("ada") == 0
    assert mine.take(range(3), "ada") is None

    assert [mine.held_by(owner) for owner in ("ada", "grace", "eve")] == [2, 1, 0]
    cache.now += lifetime(WINDOW)
    assert mine.held_by("ada") == other.held_by("ada") == 0


@pytest.mark.parametrize("hint", [-5.0, 0.0, 1e9])
def test_a_foolish_hint_neither_asks_on_and_on_nor_forgets_a_slot(hint: float) -> None:
    """It comes from another machine's clock."""
    now, asked = [0.0], []

    def add(slot: int, owner: str) -> Busy:
        asked.append(now[0])
        return Busy(hint)

    slots = Slots(WINDOW, add, lambda: now[0])

    while now[0] < 2 * lifetime(WINDOW):
        slots.take([0])
        now[0] += 0.01

    assert len(asked) >= 2
    assert min(later - one for one, later in pairwise(asked)) >= 0.0499

"""Who has how many starts, and who waits for how long: processes on a clock of their own, in a house that is full."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest

from django_spotify_sync.pace import governor, pauses, tally, turns
from django_spotify_sync.pace.governor import AtTheDoor, Governor
from django_spotify_sync.pace.shares import Caller
from django_spotify_sync.pace.window import lifetime

pytestmark = pytest.mark.django_db

DOOR, PERSON, SCHEDULE = Caller
WINDOW = 30.0
TICK = 0.2  # as a run asks
BATCH = 10  # as many as a run wants at once


class House:
    """A cache and a clock that goes on only when told, and all that ask."""

    def __init__(self) -> None:
        self.now = 1000.0
        self._kept: dict[str, tuple[Any, float]] = {}
        self.had: Counter[str] = Counter()
        self.askers: dict[str, Callable[[], int]] = {}

    # The cache

    def put(self, key: str, value: Any, ttl: timedelta) -> None:
        self._kept[key] = (value, self.now + ttl.total_seconds())

    def add(self, key: str, value: Any, ttl: timedelta) -> bool:
        if self.peek(key) is not None:
            return False
        self.put(key, value, ttl)
        return True

    def incr(self, key: str, by: int, ttl: timedelta) -> int:
        number = (self.peek(key) or 0) + by
        self.put(key, number, ttl)
        return int(number)

    def peek(self, key: str) -> Any:
        value, until = self._kept.get(key, (None, 0.0))
        return value if until > self.now else None

    get = peek

    def peek_many(self, keys: Any) -> dict[str, Any]:
        return {key: value for key in keys if (value := self.peek(key)) is not None}

    def delete(self, key: str) -> bool:
        return self._kept.pop(key, None) is not None

    # Who asks

    def process(self) -> Governor:
        made = Governor("tests", 180, WINDOW)
        made._slots._clock = lambda: self.now
        return made

    def begin(self, name: str, caller: Caller, wanted: int = BATCH) -> None:
        """Let an account ask for requests on and on, in a process of its own."""
        grant = partial(self.process().grant, wanted, caller, name)
        self.askers[name] = lambda: grant().requests

    def let_pass(self, seconds: float) -> Counter[str]:
        """Return how many starts each had in this time."""
        before, ends = self.had.copy(), self.now + seconds
        while self.now < ends:
            for name, ask in self.askers.items():
                self.had[name] += ask()
            self.now += TICK
        return self.had - before


@pytest.fixture
def house(monkeypatch: pytest.MonkeyPatch) -> House:
    made = House()
    clocks = SimpleNamespace(time=lambda: made.now, monotonic=lambda: made.now)
    cache = SimpleNamespace(
        **{
            name: getattr(made, name)
            for name in ("put", "add", "incr", "get", "peek", "peek_many", "delete")
        },
        APP_WIDE="pace:",
    )
    for module in (governor, pauses, tally, turns):
        monkeypatch.setattr(module, "time", clocks)
        monkeypatch.setattr(module, "shared_cache", cache)
    return made


@pytest.mark.parametrize("caller", [PERSON, SCHEDULE])
def test_within_a_class_all_accounts_that_wait_have_the_same(house: House, caller: Caller) -> None:
    house.begin("giant", caller)
    house.let_pass(3 * WINDOW)
    for name in ("ada", "grace", "eve"):
        house.begin(name, caller)
    house.let_pass(2 * lifetime(WINDOW))

    had = house.let_pass(5 * lifetime(WINDOW))

    assert set(had) == {"giant", "ada", "grace", "eve"}
    assert max(had.values()) <= 1.4 * min(had.values()), had
    assert sum(had.values()) >= 0.9 * 5 * (162 if caller is PERSON else 144), "and nothing is lost"


def test_who_wants_little_has_it_before_who_wants_all(house: House) -> None:
    for number in range(3):
        house.begin(f"giant-{number}", PERSON)
    house.let_pass(3 * WINDOW)
    house.begin("small", PERSON, wanted=1)

    house.let_pass(lifetime(WINDOW))

    assert house.had["small"] >= 30


def test_an_account_in_many_processes_has_no_more_than_one_in_one(house: House) -> None:
    ask = [partial(house.process().grant, BATCH, PERSON, "many") for _ in range(4)]
    house.askers["many"] = lambda: sum(grant().requests for grant in ask)
    house.begin("one", PERSON)
    house.let_pass(3 * lifetime(WINDOW))

    had = house.let_pass(5 * lifetime(WINDOW))

    assert had["many"] <= 1.6 * had["one"], had


def test_the_schedule_keeps_a_tenth_beside_any_number_of_people(house: House) -> None:
    for number in range(8):
        house.begin(f"person-{number}", PERSON)
    house.let_pass(3 * WINDOW)
    house.begin("schedule", SCHEDULE)
    house.let_pass(lifetime(WINDOW))  # in which what was lent comes back

    had = house.let_pass(5 * lifetime(WINDOW))

    assert had["schedule"] >= 0.1 * had.total(), had
    assert had.total() - had["schedule"] >= 0.8 * had.total(), "People come first."


def test_what_the_schedule_does_not_want_is_lent(house: House) -> None:
    house.begin("schedule", SCHEDULE)
    house.let_pass(WINDOW)
    del house.askers["schedule"]
    house.begin("person", PERSON)
    house.let_pass(2 * lifetime(WINDOW))

    assert house.let_pass(5 * lifetime(WINDOW))["person"] >= 0.95 * 5 * 162


@pytest.mark.parametrize("at_once", [1, 16])
def test_a_callback_has_its_leave_within_five_seconds_beside_giants(
    house: House, at_once: int
) -> None:
    """As many as come back in each half minute, for five minutes. None of them is sent without leave."""
    for number in range(3):
        house.begin(f"person-{number}", PERSON)
        house.begin(f"schedule-{number}", SCHEDULE)
    house.let_pass(3 * WINDOW)
    waits = []

    for _ in range(10):
        came = house.now
        waiting = [AtTheDoor(house.process()) for _ in range(at_once)]
        while waiting:
            leaves = {one: one.grant(1) for one in waiting}
            waits += [house.now - came for leave in leaves.values() if leave.requests]
            assert all(leave.until < came + 100 for leave in leaves.values()), "sent without leave"
            waiting = [one for one, leave in leaves.items() if not leave.requests]
            house.let_pass(TICK)
        house.let_pass(lifetime(WINDOW) * at_once / 16)

    assert len(waits) == 10 * at_once
    assert max(waits) <= 5.0

"""How often something was asked for lately, on a clock that goes on only when told."""

from __future__ import annotations

from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest

from django_spotify_sync.rest import counting
from django_spotify_sync.rest.counting import count
from tests.kit.concurrency import at_once

MINUTE = 60.0


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Any:
    made = SimpleNamespace(now=6000.0)
    monkeypatch.setattr(counting, "time", SimpleNamespace(time=lambda: made.now))
    return made


def test_so_many_may_be_and_no_more_until_the_first_are_forgotten(clock: Any) -> None:
    assert [count("a", 3, MINUTE) for _ in range(3)] == [None] * 3
    assert count("a", 3, MINUTE) == MINUTE

    clock.now += MINUTE - 0.1
    assert count("a", 3, MINUTE) == pytest.approx(0.1)
    clock.now += 0.1
    assert [count("a", 3, MINUTE) for _ in range(3)] == [None] * 3


def test_what_is_refused_does_not_make_the_wait_longer(clock: Any) -> None:
    count("a", 1, MINUTE)
    for _ in range(59):
        clock.now += 1
        assert count("a", 1, MINUTE) is not None

    clock.now += 1

    assert count("a", 1, MINUTE) is None


def test_it_is_told_when_enough_will_be_forgotten(clock: Any) -> None:
    """As where a rate was lowered."""
    for _ in range(3):
        assert count("a", 3, MINUTE) is None
        clock.now += 15

    assert count("a", 1, MINUTE) == MINUTE - 15
    assert count("a", 2, MINUTE) == MINUTE - 30
    assert count("a", 0, MINUTE) == MINUTE


def test_each_is_counted_by_itself(clock: Any) -> None:
    assert [count(key, 1, MINUTE) is None for key in ("a", "b", "a", "b")] == [
        True,
        True,
        False,
        False,
    ]


def test_of_many_at_once_no_more_pass_than_may(clock: Any) -> None:
    told = at_once(*[partial(count, "a", 4, MINUTE)] * 16)

    assert told.count(None) == 4

"""A pace for work that nobody waits for."""

from __future__ import annotations

from math import inf
from typing import Any

import pytest

from django_spotify_sync.exceptions import QuotaExceeded, RateLimited
from django_spotify_sync.pace import Patient, patience
from django_spotify_sync.spotify.pace import Leave


class Scripted:
    """A pace that answers as it was told."""

    def __init__(self, *answers: int | RateLimited) -> None:
        self._answers = list(answers)
        self.told: list[RateLimited] = []

    def grant(self, wanted: int) -> Leave:
        answer = self._answers.pop(0)
        if isinstance(answer, RateLimited):
            raise answer
        return Leave(min(answer, wanted), inf)

    def refused(self, error: RateLimited) -> float:
        self.told.append(error)
        return error.retry_after


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Sleep no second, and collect how many it would have been."""
    pauses: list[float] = []
    monkeypatch.setattr(patience.time, "sleep", pauses.append)
    return pauses


def test_leave_is_handed_on_at_once(slept: list[float]) -> None:
    assert Patient(Scripted(5)).grant(3) == Leave(3, inf)
    assert slept == []


def test_a_turn_is_waited_for_however_long_that_takes(slept: list[float]) -> None:
    assert Patient(Scripted(*[0] * 100, 1)).grant(1).requests == 1
    assert len(slept) == 100


def test_a_pause_is_waited_out(settings: Any, slept: list[float]) -> None:
    pace = Scripted(RateLimited(retry_after=30), 0, RateLimited(retry_after=2), 1)

    assert Patient(pace).grant(1).requests == 1
    assert slept[0] == 30
    assert slept[2] == 2


def test_a_long_pause_is_not(slept: list[float]) -> None:
    with pytest.raises(QuotaExceeded):
        Patient(Scripted(QuotaExceeded(retry_after=31))).grant(1)
    assert slept == []


def test_a_refusal_is_told_to_everybody() -> None:
    pace, error = Scripted(), RateLimited(retry_after=7)

    assert Patient(pace).refused(error) == 7
    assert pace.told == [error]

"""How the app stands as metrics, in the text format that Prometheus and many others read.

Counters begin anew with each hour, as they may: ``increase()`` and ``rate()`` know that. No label names an account.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import NamedTuple

from django.utils import timezone

from django_spotify_sync.models.runs import RunStatus
from django_spotify_sync.upkeep.status import OUTCOMES, Status

PREFIX = "spotify_sync_"
LIVE = (RunStatus.QUEUED.value, RunStatus.RUNNING.value, RunStatus.WAITING.value)

type Number = float | None


class Metric(NamedTuple):
    """A metric by its name: a number, or numbers by the values of a label. What is None is left out."""

    name: str
    about: str
    numbers: Number | Mapping[str, Number]
    label: str = ""
    kind: str = "gauge"


def metrics_of(status: Status) -> str:
    """Return all metrics as text."""
    return "".join(f"{line}\n" for metric in _metrics(status) for line in _lines(metric))


def _lines(metric: Metric) -> Iterator[str]:
    name = PREFIX + metric.name
    yield f"# HELP {name} {metric.about}"
    yield f"# TYPE {name} {metric.kind}"
    numbers = metric.numbers if isinstance(metric.numbers, Mapping) else {"": metric.numbers}
    for value, number in numbers.items():
        if number is not None:
            yield f'{name}{{{metric.label}="{value}"}} {number}' if value else f"{name} {number}"


def _metrics(status: Status) -> Iterator[Metric]:
    hour = status.hours[-1]
    yield Metric("ok", "1 if all is well.", int(status.ok))
    lit = {name: int(lamp.ok) for name, lamp in status.lamps.items()}
    yield Metric("lamp_ok", "1 if this lamp is well.", lit, "lamp")
    yield Metric("accounts", "Accounts by status.", status.accounts, "status")
    live = {name: status.runs[name] for name in LIVE}
    yield Metric("live_runs", "Runs that have not ended, by status.", live, "status")
    yield Metric("due", "Runs and states that are due.", status.due.runs + status.due.states)
    yield Metric(
        "oldest_due_seconds", "For how long the first state has been due.", _age(status.due.since)
    )
    yield Metric("look_age_seconds", "Since the schedule looked last.", _age(status.looked_at))
    yield Metric(
        "heartbeat_age_seconds",
        "Since the oldest heartbeat of runs under way.",
        _age(status.oldest_heartbeat),
    )
    blocked = {reason: max(0, -(_age(until) or 0)) for reason, until in status.blocked.items()}
    yield Metric("blocked_seconds", "For how long Spotify wants no requests.", blocked, "reason")
    keys = dict.fromkeys(("newest", "retired", "unknown"), 0)
    for key in status.keys:
        keys[key.state] += key.rows
    yield Metric("tokens", "Stored tokens by the key that seals them.", keys, "key")
    grants = {str(days): count for days, count in status.grants.items()}
    yield Metric("grants_ending", "Grants that end within so many days.", grants, "days")
    yield Metric("requests_needed_per_day", "Requests that a day needs.", status.requests.needed)
    yield Metric(
        "requests_possible_per_day", "Requests that a day allows.", status.requests.possible
    )
    ended = {name: getattr(hour, name) for name in OUTCOMES}
    yield Metric("runs_total", "Runs that ended in this hour.", ended, "outcome", "counter")
    for name, about in (
        ("requests", "Requests to Spotify in this hour."),
        ("rate_limited", "Answers 429 in this hour."),
        ("quota_met", "Quotas that were met in this hour."),
    ):
        yield Metric(f"{name}_total", about, getattr(hour, name), kind="counter")


def _age(moment: datetime | None) -> float | None:
    return None if moment is None else round((timezone.now() - moment).total_seconds(), 1)

"""When a resource is synced next: soon while it changes, seldom while it does not, ever more seldom while it fails."""

from __future__ import annotations

import random
from datetime import timedelta

from django.utils import timezone

from django_spotify_sync.conf import conf
from django_spotify_sync.models import SyncState

DRIFT = 1.5  # by which the interval of what did not change grows
JITTER = 0.15  # so that those who came together part
_FIRST_BACKOFF = 8  # after a first failure, this part of the interval
_DOUBLINGS = 20  # are a million intervals, and a timedelta does not hold much more


def longest() -> timedelta:
    """Return MAX_SYNC_INTERVAL, or SYNC_INTERVAL if that is longer."""
    return max(conf.SYNC_INTERVAL, conf.MAX_SYNC_INTERVAL)


def after_success(state: SyncState, *, changed: bool, scheduled: bool) -> None:
    """Put down when to sync next. Does not save.

    Only the schedule's own checks make it slower: a user who asks five times in a row says nothing about a day.
    """
    interval = max(state.interval or conf.SYNC_INTERVAL, conf.SYNC_INTERVAL)
    if changed:
        interval = conf.SYNC_INTERVAL
    elif scheduled:
        interval *= DRIFT
    state.failures = 0
    state.interval = min(interval, longest())
    state.next_sync_at = timezone.now() + _about(state.interval)


def after_failure(state: SyncState) -> None:
    """Count a failure, and put down when to try next. Does not save."""
    state.failures += 1
    state.next_sync_at = timezone.now() + backoff(state.failures)


def backoff(failures: int) -> timedelta:
    """Return how long to leave alone what failed so often in a row: ever twice as long, up to MAX_SYNC_INTERVAL."""
    doublings = min(failures - 1, _DOUBLINGS)
    return _about(min(conf.SYNC_INTERVAL / _FIRST_BACKOFF * 2**doublings, longest()))


def _about(interval: timedelta) -> timedelta:
    return interval * random.uniform(1 - JITTER, 1 + JITTER)

"""What a run adds to the hour in which it ends, or is put down. See ``models.hours``.

It is written when the run is through with its transaction, in a statement of its own: all runs of an hour meet on this
row, and none of them waits for another one's write. A process that is killed in between leaves one run uncounted.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable

from django.db import DatabaseError, InterfaceError
from django.utils import timezone

from django_spotify_sync.exceptions import TokensRateLimited
from django_spotify_sync.models import SyncRun
from django_spotify_sync.models.hours import add_to_hour
from django_spotify_sync.models.runs import BLOCKS, Mode, RunStatus, Trigger

logger = logging.getLogger(__name__)

PAUSES = (*BLOCKS, TokensRateLimited.code)


def count_attempt(run: SyncRun, asked: dict[str, int], *, is_mine: bool) -> None:
    """Count what an attempt asked, and, while the run is this worker's, how it ended or for how long it was put down.

    Nothing depends on these numbers, so a database that is away costs no more than them.
    """
    counts = asked | (_ended(run) | _put_down(run) if is_mine else {})
    counts = {name: count for name, count in counts.items() if count}
    if not counts:
        return
    try:
        add_to_hour(run.resource, at=run.finished_at if is_mine else None, **counts)
    except (DatabaseError, InterfaceError) as error:
        logger.warning("run=%s was not counted (%s)", run.pk, type(error).__name__)


def count_lost(runs: Iterable[SyncRun]) -> None:
    """Count runs that were found lost."""
    for resource, lost in sorted(Counter(run.resource for run in runs).items()):
        add_to_hour(resource, lost=lost)


def _ended(run: SyncRun) -> dict[str, int]:
    found_nothing = run.status == RunStatus.SUCCEEDED and not (
        run.created or run.updated or run.removed
    )
    outcome = "nothing" if found_nothing else run.status
    if run.is_live or outcome == RunStatus.CANCELLED:
        return {}
    counts = {outcome: 1}
    if found_nothing and run.trigger == Trigger.SCHEDULE and run.mode == Mode.PROBE:
        counts |= {"checks": 1, "check_requests": run.requests}
    if run.mode == Mode.FULL:
        counts |= {"whole_passes": 1, "whole_requests": run.requests}
    return counts


def _put_down(run: SyncRun) -> dict[str, int]:
    """Count the pause that Spotify asked for, in seconds."""
    if run.status != RunStatus.WAITING or run.reason not in PAUSES or run.resume_at is None:
        return {}
    seconds = (run.resume_at - timezone.now()).total_seconds()
    return {"waited": max(0, round(seconds))}

"""Lines of a log that say whose they are: ``grep run=17`` follows one run, and a collector finds its fields."""

from __future__ import annotations

import logging
from collections.abc import MutableMapping
from typing import Any

from django.utils import timezone

from django_spotify_sync.models import SyncRun

logger = logging.getLogger("django_spotify_sync.sync")


class _RunLog(logging.LoggerAdapter[logging.Logger]):
    """Puts the ids of a run before each message, and what is known of the run into the record."""

    def __init__(self, run: SyncRun) -> None:
        super().__init__(logger)
        self._run = run

    def process(
        self, msg: Any, kwargs: MutableMapping[str, Any]
    ) -> tuple[Any, MutableMapping[str, Any]]:
        fields = fields_of(self._run)
        text = "run={run} account={account} resource={resource} ".format(**fields)
        return f"{text}{msg}", {**kwargs, "extra": {**fields, **kwargs.get("extra", {})}}


def fields_of(run: SyncRun) -> dict[str, Any]:
    """Return what a log record says of a run: whose it is, how it reads, what it cost so far and for how many seconds
    it has been under way, pauses included.

    ``mode`` is None until that is known, ``seconds`` until it has begun. ``run_id`` and ``account_id`` are older names.
    """
    ended_at = run.finished_at or timezone.now()
    seconds = (ended_at - run.started_at).total_seconds() if run.started_at else None
    return {
        "run": run.pk,
        "account": run.account_id,
        "resource": run.resource,
        "mode": run.mode,
        "requests": run.requests,
        "seconds": None if seconds is None else max(0.0, round(seconds, 3)),
        "run_id": run.pk,
        "account_id": run.account_id,
    }


def log_of(run: SyncRun) -> _RunLog:
    """Return the log of one run. It never gets to see a token."""
    return _RunLog(run)

"""Celery tasks: each a thin door. Arguments are ids, by keyword, and unknown ones are ignored (newer publishers)."""

from __future__ import annotations

import logging
import math
import random
from typing import Any

from celery import shared_task
from django.db import router, transaction
from django.utils import timezone
from kombu.exceptions import OperationalError

from django_spotify_sync.exceptions import NotConnected
from django_spotify_sync.models import SpotifyAccount, SyncRun
from django_spotify_sync.models.runs import RunStatus, Trigger
from django_spotify_sync.prune import prune as prune_all
from django_spotify_sync.sync import execute, request_sync

logger = logging.getLogger(__name__)

#: Longer waits are left to the database: Redis delivers a task with a countdown again at each visibility timeout.
LONGEST_COUNTDOWN = 300.0


@shared_task(name="django_spotify_sync.sync_account", acks_late=True, ignore_result=True)
def sync_account(
    run_id: int | None = None,
    account_id: int | None = None,
    resource: str | None = None,
    **kwargs: Any,
) -> int | None:
    """Execute a run, or request one for ``account_id`` and ``resource`` and execute it; return its id.

    Safe to deliver twice: the second finds the run claimed, or ended, and returns.
    """
    if run_id is None:
        account = SpotifyAccount.objects.get(pk=account_id or 0)
        trigger = kwargs.get("trigger", Trigger.SCHEDULE)
        try:
            run_id = request_sync(
                account, resource or "", full=bool(kwargs.get("full")), trigger=trigger
            ).pk
        except NotConnected as error:
            logger.info("account %s is not synced: %s", account_id, error.code)
            return None
    run = execute(run_id)
    if run.status == RunStatus.WAITING and run.resume_at is not None:
        seconds = (run.resume_at - timezone.now()).total_seconds()
        if seconds <= LONGEST_COUNTDOWN:
            sync_account.apply_async(
                kwargs={"run_id": run.pk},
                countdown=max(1, math.ceil(seconds * random.uniform(1.0, 1.1))),
            )
    return run.pk


@shared_task(name="django_spotify_sync.prune", acks_late=True, ignore_result=True)
def prune(**kwargs: Any) -> None:
    """Take away what nobody needs any more. Safe to run twice, and beside syncs."""
    prune_all()


def queue(run: SyncRun) -> None:
    """Hand a run to Celery when the transaction commits, unless that was done a moment ago or it is under way."""
    if run.publish():
        transaction.on_commit(lambda: _send(run), using=router.db_for_write(SyncRun))


def _send(run: SyncRun) -> None:
    try:
        sync_account.apply_async(kwargs={"run_id": run.pk})
    except OperationalError:
        # The run stays queued in the database; who asks next, or the schedule, hands it over again.
        SyncRun.objects.using(run._state.db).filter(pk=run.pk).update(published_at=None)
        logger.exception("run %s: the broker is away, the run stays queued", run.pk)

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
    try:
        run = execute(run_id)
    except SyncRun.DoesNotExist:
        logger.info("run %s is gone, and its account with it", run_id)
        return None
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


def queue(*runs: SyncRun) -> None:
    """Hand runs to Celery when the transaction commits, but for those that were handed over a moment ago or are under
    way.
    """
    published = [run for run in runs if run.publish()]
    if published:
        transaction.on_commit(lambda: _send(published), using=router.db_for_write(SyncRun))


def _send(runs: list[SyncRun]) -> None:
    for index, run in enumerate(runs):
        try:
            sync_account.apply_async(kwargs={"run_id": run.pk})
        except OperationalError:
            # They stay queued in the database; who asks next, or the schedule, hands them over again. The others are
            # not tried: each would keep a web request waiting as long.
            left = [run.pk for run in runs[index:]]
            SyncRun.objects.using(run._state.db).filter(pk__in=left).update(published_at=None)
            logger.exception("run %s: the broker is away, %d runs stay queued", run.pk, len(left))
            return

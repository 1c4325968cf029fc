"""Celery tasks: each a thin door. Arguments are ids, by keyword, and unknown ones are ignored (newer publishers)."""

from __future__ import annotations

import logging
import math
import random
from collections.abc import Sequence
from functools import partial
from typing import Any

from celery import shared_task
from celery.signals import worker_init, worker_shutting_down
from django.core.exceptions import ObjectDoesNotExist
from django.db import router, transaction
from django.utils import timezone
from kombu.exceptions import OperationalError

from django_spotify_sync.conf import conf
from django_spotify_sync.db.transactions import done_again
from django_spotify_sync.exceptions import InsufficientScope, NotConnected
from django_spotify_sync.models import SpotifyAccount, SyncRun
from django_spotify_sync.models.runs import RunStatus, Trigger
from django_spotify_sync.sync import execute, request_all, request_sync, stop_runs, take_due
from django_spotify_sync.upkeep import notices
from django_spotify_sync.upkeep.looks import note_look
from django_spotify_sync.upkeep.pruning import prune as prune_all
from django_spotify_sync.upkeep.refreshing import refresh_tokens
from django_spotify_sync.upkeep.retention import purge_accounts as purge_all_accounts

logger = logging.getLogger(__name__)

#: Longer waits are left to the database: Redis delivers a task with a countdown again at each visibility timeout.
LONGEST_COUNTDOWN = 300.0
#: Seconds by which the database's clock, which says what is due, may be behind: who comes early finds nothing to do.
CLOCKS = 2


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
    try:
        if run_id is None:
            using = router.db_for_write(SpotifyAccount)
            account = SpotifyAccount.objects.using(using).get(pk=account_id or 0)
            trigger = kwargs.get("trigger", Trigger.SCHEDULE)
            full = bool(kwargs.get("full"))
            run_id = request_sync(account, resource or "", full=full, trigger=trigger).pk
        run = execute(run_id)
    except (NotConnected, InsufficientScope) as error:
        logger.info("account=%s resource=%s not synced: %s", account_id, resource, error.code)
        return None
    except ObjectDoesNotExist:  # deleted since: a message may be older than what it speaks of
        logger.info("run=%s account=%s not synced: it is gone", run_id, account_id)
        return None
    if run.status == RunStatus.WAITING and not sync_account.request.is_eager:
        _send_later(run)
    return run.pk


@shared_task(name="django_spotify_sync.sync_due_accounts", acks_late=True, ignore_result=True)
def sync_due_accounts(**kwargs: Any) -> int:
    """Queue what is due: runs that waited or were lost, and accounts whose time has come. Return how many runs.

    For beat, every minute. Safe to run twice at once: the two share the work.
    """
    note_look()
    return _send(take_due())


@shared_task(name="django_spotify_sync.refresh_expiring_tokens", acks_late=True, ignore_result=True)
def refresh_expiring_tokens(**kwargs: Any) -> None:
    """Judge suspect grants, and refresh tokens that nobody used for a day. Safe to run twice, and at once."""
    refresh_tokens()


@shared_task(name="django_spotify_sync.warn_expiring_grants", acks_late=True, ignore_result=True)
def warn_expiring_grants(**kwargs: Any) -> None:
    """Tell which grants end soon, and which have ended. Safe to run twice, and at once."""
    notices.warn_expiring_grants()


@shared_task(name="django_spotify_sync.prune", acks_late=True, ignore_result=True)
def prune(**kwargs: Any) -> None:
    """Take away what nobody needs any more. Safe to run twice, and beside syncs."""
    prune_all()


@shared_task(name="django_spotify_sync.purge_accounts", acks_late=True, ignore_result=True)
def purge_accounts(**kwargs: Any) -> None:
    """Delete the accounts that are kept no longer. Safe to run twice, and beside syncs."""
    purge_all_accounts()


def queue(*runs: SyncRun, noted: bool = False) -> None:
    """Hand runs to Celery when the transaction commits, but for those that were handed over a moment ago or are under
    way; all of them if it is ``noted`` already that they are handed over.
    """
    published = [run.pk for run in runs if noted or run.publish()]
    if published:
        transaction.on_commit(lambda: _send(published), using=router.db_for_write(SyncRun))


def sync_connected(account: SpotifyAccount) -> None:
    """Queue a sync of all that the user of this account, just connected, has agreed to, if the site wants that."""
    if conf.SYNC_ON_CONNECT:
        queue(*request_all(account, trigger=Trigger.CONNECT))


def _send(run_ids: Sequence[int]) -> int:
    """Hand over runs that are noted as handed over; return how many were."""
    for sent, run_id in enumerate(run_ids):
        if not _deliver(run_ids[sent:], run_id):
            return sent  # the others are not tried: each would keep a web request waiting as long
    return len(run_ids)


def _send_later(run: SyncRun) -> None:
    """Have a run that waits a little while delivered when it may go on, once, however many look at it now."""
    now = timezone.now()
    seconds = ((run.resume_at or now) - now).total_seconds()
    if seconds <= LONGEST_COUNTDOWN and run.publish_later():
        countdown = CLOCKS + max(0, math.ceil(seconds * random.uniform(1.0, 1.1)))
        _deliver([run.pk], run.pk, countdown=countdown)


def _deliver(noted: Sequence[int], run_id: int, **options: Any) -> bool:
    """Send one message; with the broker away, note of all those runs that they were not handed over, and return False.

    They stay due in the database; who asks next, or the schedule, hands them over again.
    """
    try:
        sync_account.apply_async(kwargs={"run_id": run_id}, **options)
    except _broker_errors() as error:
        rows = SyncRun.objects.using(router.db_for_write(SyncRun)).filter(pk__in=noted)
        done_again(partial(rows.update, published_at=None), using=rows.db)
        # One line, and no traceback through the whole of kombu: each request for a sync would leave one.
        logger.error(
            "run=%s stays queued, %d in all: the broker is away (%s)", run_id, len(noted), error
        )
        return False
    return True


def _broker_errors() -> tuple[type[BaseException], ...]:
    """Return what a broker that is away, full or not to be entered is known by, whichever it is."""
    broker = sync_account.app.connection_for_write()
    return (OperationalError, *broker.connection_errors, *broker.channel_errors)


# A worker that is told to stop (SIGTERM, as on a deploy) puts its runs down instead of making everybody wait for them.


@worker_init.connect
def _go_on(**kwargs: Any) -> None:
    stop_runs(told=False)


@worker_shutting_down.connect
def _stop(**kwargs: Any) -> None:
    stop_runs()

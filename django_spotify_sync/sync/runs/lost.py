"""Runs whose worker died: each is ended, and another one goes on in its place."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from django.db import router, transaction
from django.db.models import F
from django.utils import timezone

from django_spotify_sync.conf import conf
from django_spotify_sync.db.chunks import in_chunks
from django_spotify_sync.db.locks import lock_free
from django_spotify_sync.db.transactions import done_again
from django_spotify_sync.models import SyncRun, SyncState
from django_spotify_sync.models.accounts import AccountStatus
from django_spotify_sync.models.runs import RunStatus, SyncRunQuerySet
from django_spotify_sync.sync.runs.counting import count_lost
from django_spotify_sync.sync.runs.intervals import backoff
from django_spotify_sync.sync.runs.log import log_of
from django_spotify_sync.sync.runs.making import make_runs


def replace_lost(runs: SyncRunQuerySet) -> int:
    """End those of ``runs`` that are silent as ``lost``; return how many. In chunks, each a short transaction.

    In place of each stands a new run that takes over its staged pages: queued, or, where one worker after the other
    dies of the same library, waiting for ever longer. A run that is writing is silent, not lost: its state is locked.
    """
    using = router.db_for_write(SyncRun)
    count = 0
    found = runs.using(using).silent().select_related("account")
    for silent in in_chunks(found, size=conf.BATCH_SIZE):
        lost = done_again(partial(_replace, [*silent], using), using=using)
        count_lost(lost)
        count += len(lost)
    return count


def _replace(silent: Iterable[SyncRun], using: str) -> list[SyncRun]:
    with transaction.atomic(using=using):
        return _replaced(silent, using)


def _replaced(silent: Iterable[SyncRun], using: str) -> list[SyncRun]:
    run_of = {(run.account_id, run.resource): run for run in silent}
    states = SyncState.objects.using(using)
    states.bulk_create(
        # due at once, should no run come of it: what has no time never comes due
        [
            SyncState(account_id=account, resource=resource, next_sync_at=timezone.now())
            for account, resource in run_of
        ],
        ignore_conflicts=True,
    )
    found = states.filter(account_id__in={account for account, _ in run_of}).order_by("pk")
    state_of = {(state.account_id, state.resource): state for state in lock_free(found)}
    free = [run.pk for key, run in run_of.items() if key in state_of]
    candidates = SyncRun.objects.using(using).filter(pk__in=free)
    candidates.mark_lost()
    lost = {run.pk for run in candidates.filter(status=RunStatus.LOST)}
    ended = {key: run for key, run in run_of.items() if run.pk in lost}
    states.filter(pk__in=[state_of[key].pk for key in ended]).update(failures=F("failures") + 1)
    for run in ended.values():
        log_of(run).warning("lost: no sign of life since %s", run.heartbeat_at)
    connected = {
        key: run for key, run in ended.items() if run.account.status == AccountStatus.CONNECTED
    }
    make_runs([_successor(run, state_of[key].failures) for key, run in connected.items()], using)
    return list(ended.values())


def _successor(run: SyncRun, failures: int) -> SyncRun:
    """Return what stands in the place of ``run``, after so many failures before this one."""
    new = SyncRun(account=run.account, resource=run.resource, full=run.full, trigger=run.trigger)
    if failures:
        new.status, new.reason = RunStatus.WAITING, "heartbeat"
        new.resume_at = timezone.now() + backoff(failures)
    return new

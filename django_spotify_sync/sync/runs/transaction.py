"""The one transaction of a run: what was fetched is written, and the run ends with it, or neither.

The catalogue, which all accounts share, is written before it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from django.db import IntegrityError, InterfaceError, OperationalError, connections, transaction
from django.utils import timezone

from django_spotify_sync.db.transactions import meets_others, pauses
from django_spotify_sync.exceptions import RunCancelled, RunLost
from django_spotify_sync.models import SpotifyAccount, StagedPage, SyncRun, SyncState
from django_spotify_sync.models.accounts import AccountStatus
from django_spotify_sync.models.runs import RunStatus, Trigger
from django_spotify_sync.signals import sync_finished
from django_spotify_sync.sync import journal
from django_spotify_sync.sync.catalog import Keys, no_keys
from django_spotify_sync.sync.handover import Fetched, Written
from django_spotify_sync.sync.runs import intervals
from django_spotify_sync.sync.runs.log import log_of

WRITE_ATTEMPTS = 3
WRITE_PATIENCE = (
    3600.0  # seconds for which others may be in the way, if no time limit of a task's is shorter
)


def write(
    run: SyncRun,
    fetched: Fetched,
    learned: Mapping[str, object],
    requests: int,
    using: str,
    *,
    tick: Callable[[], None] = lambda: None,
) -> Written:
    """Write what was fetched and learned, and end the run, in one transaction, tried again whole if need be.

    That is up to 3 times, not counting those at which others were in the way: until they are done. ``tick`` is called
    between two attempts.
    """
    ends = time.monotonic() + WRITE_PATIENCE
    faults = 0
    is_pruned = False
    for pause in pauses():
        try:
            catalog = fetched.catalog
            keys = catalog.write() if catalog and not is_pruned else no_keys()
            with transaction.atomic(using=using, durable=True):
                if catalog and is_pruned:
                    keys = catalog.hold()
                return _write_once(run, fetched, keys, learned, requests, using)
        except (IntegrityError, InterfaceError, OperationalError) as error:
            is_first_loss = isinstance(error, IntegrityError) and not is_pruned
            is_pruned = is_pruned or is_first_loss
            faults += not (is_first_loss or meets_others(error))
            if faults == WRITE_ATTEMPTS or time.monotonic() > ends:
                raise
            log_of(run).warning("the write is repeated (%s)", type(error).__name__)
            connections[using].close_if_unusable_or_obsolete()
        time.sleep(pause)
        tick()
    raise AssertionError("the pauses never end")


def _write_once(
    run: SyncRun,
    fetched: Fetched,
    keys: Keys,
    learned: Mapping[str, object],
    requests: int,
    using: str,
) -> Written:
    state = (
        SyncState.objects.using(using)
        .select_for_update()
        .get(account_id=run.account_id, resource=run.resource)
    )
    # What was read before a grant came into doubt was read with its consent.
    still = (AccountStatus.CONNECTED, AccountStatus.SUSPECT)
    accounts = SpotifyAccount.objects.using(using)
    if not accounts.filter(pk=run.account_id, status__in=still).exists():
        raise RunCancelled
    if (
        not SyncRun.objects.using(using)
        .select_for_update()
        .live()
        .filter(pk=run.pk, claim=run.claim)
        .exists()
    ):
        raise RunLost
    written = fetched.write(keys)
    counts = written.counts
    now = timezone.now()
    changes = journal.write(run, state, written, seen_at=now, using=using)
    claim = run.claim
    # what was rightly presumed is done as well; a check may have read too little to tell how much there is
    rows = counts.created + counts.updated + counts.unchanged
    total = rows if run.total is None else run.total
    finished = run.finish(
        RunStatus.PARTIAL if fetched.reason else RunStatus.SUCCEEDED,
        done=total,
        total=total,
        mode=fetched.mode,
        reason=fetched.reason,
        requests=requests,
        created=counts.created,
        updated=counts.updated,
        unchanged=counts.unchanged,
        removed=counts.removed,
        skipped=sum(fetched.skipped_reasons.values()),
        skipped_reasons=fetched.skipped_reasons,
    )
    if not finished:
        raise RunLost
    run.claim = claim  # should this transaction fail, the next attempt has to own the run still
    StagedPage.objects.using(using).filter(run=run).delete()
    state.checked_at = now
    changed = bool(fetched.reason or counts.created or counts.updated or counts.removed)
    scheduled = run.trigger == Trigger.SCHEDULE
    intervals.after_success(state, changed=changed, scheduled=scheduled)
    if scheduled and not changed:
        _keep_newest(run, using)
    if fetched.reason:
        state.full_due = True
    elif fetched.mode == SyncRun.Mode.FULL:
        state.full_at, state.full_due = now, False
    for name, value in learned.items():
        setattr(state, name, value)
    state.save(using=using)
    transaction.on_commit(
        lambda: sync_finished.send_robust(
            SyncRun, run=run, added=written.added, removed=written.removed, changes=changes
        ),
        using=using,
        robust=True,
    )
    return written


def _keep_newest(run: SyncRun, using: str) -> None:
    """Let the table not grow by checks that found nothing: of those only the newest is kept.

    Nothing points at such a run: it has no page left, no line in the journal and no loss.
    """
    same = SyncRun.objects.using(using).filter(account_id=run.account_id, resource=run.resource)
    same.found_nothing().exclude(pk=run.pk)._raw_delete(using)

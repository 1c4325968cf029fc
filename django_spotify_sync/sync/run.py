"""One run from its request to its signal: claim → fetch → one transaction → finish.

Every end is recorded on the run. A run belongs to the worker whose ``claim`` it bears; whoever lost it writes nothing.
"""

from __future__ import annotations

from time import monotonic

from celery.exceptions import SoftTimeLimitExceeded
from django.db import InterfaceError, OperationalError, router
from django.utils import timezone

from django_spotify_sync import pace
from django_spotify_sync.accounts.clients import client_of
from django_spotify_sync.accounts.tokens import AccountTokens
from django_spotify_sync.conf import conf
from django_spotify_sync.db.beside import Beside
from django_spotify_sync.db.transactions import done_again, meets_others, refuse_transaction
from django_spotify_sync.exceptions import (
    GrantInDoubt,
    NotConnected,
    RateLimited,
    ReauthorizationRequired,
    RunCancelled,
    RunInterrupted,
    RunLost,
    SpotifySyncError,
    SyncError,
)
from django_spotify_sync.models import SpotifyAccount, SyncRun, SyncState
from django_spotify_sync.models.runs import Trigger
from django_spotify_sync.spotify.fetching import Fetcher
from django_spotify_sync.sync.catalog_writer import CatalogWriter
from django_spotify_sync.sync.handover import Work
from django_spotify_sync.sync.losses import with_losses
from django_spotify_sync.sync.resources import RESOURCES
from django_spotify_sync.sync.runs.counting import count_attempt
from django_spotify_sync.sync.runs.ending import (
    cancel,
    fail,
    give_way,
    interrupt,
    is_disconnected,
    is_gone,
    outlast,
    step_aside,
    unexpected,
    wait,
)
from django_spotify_sync.sync.runs.heartbeat import Heartbeat, Watcher
from django_spotify_sync.sync.runs.log import log_of
from django_spotify_sync.sync.runs.requesting import request_sync
from django_spotify_sync.sync.runs.transaction import write


def sync(
    account: SpotifyAccount,
    resource: str,
    *,
    full: bool = False,
    trigger: str = Trigger.COMMAND,
    watch: Watcher | None = None,
) -> SyncRun:
    """Bring ``resource`` of ``account`` up to date, here and now; return the run as it ended.

    A run that another worker has under way is returned as it is. ``watch`` is called with the run as it goes on.

    :raises NotConnected, ReauthorizationRequired, UnknownResource, InsideTransaction: before anything is begun.
    """
    return execute(request_sync(account, resource, full=full, trigger=trigger).pk, watch=watch)


def execute(run_id: int, *, watch: Watcher | None = None) -> SyncRun:
    """Do the run if it is due and nobody else does; return it as it is afterwards. What goes wrong stands on the run.

    :raises InsideTransaction: if called inside ``atomic()``.
    :raises SyncRun.DoesNotExist: if there is no such run.
    """
    using = router.db_for_write(SyncRun)
    refuse_transaction(using)
    run = SyncRun.objects.using(using).select_related("account").get(pk=run_id)
    if not run.start():
        return run
    log_of(run).info("begun, asked for by %s", run.trigger)
    heartbeat = Heartbeat(run, watch or (lambda run: None))
    is_mine = True
    try:
        _do(run, heartbeat, using)
    except RunLost:
        is_mine = False
        step_aside(run)
    except ReauthorizationRequired as error:
        fail(run, error, heartbeat.requests)
    except (GrantInDoubt, RateLimited) as error:
        wait(run, error, heartbeat.requests)
    except (RunCancelled, NotConnected) as error:
        cancel(run, error, heartbeat.requests)
    except (RunInterrupted, SoftTimeLimitExceeded):
        interrupt(run, heartbeat.requests)
    except SpotifySyncError as error:
        fail(run, error, heartbeat.requests)
    except Exception as error:
        if isinstance(error, InterfaceError | OperationalError) and is_disconnected(using):
            outlast(run, heartbeat.requests)
        elif meets_others(error):
            give_way(run, heartbeat.requests)
        elif not is_gone(run):  # else its account was deleted meanwhile: nobody is to be told
            # A fault of ours: the record must not say "running" for ever, and the fault must be seen.
            fail(run, unexpected(error), heartbeat.requests)
            raise
    except BaseException:  # this process is told to end
        interrupt(run, heartbeat.requests)
        raise
    finally:
        count_attempt(run, heartbeat.asked, is_mine=is_mine)
    if watch is not None:
        watch(run)
    return run


def _do(run: SyncRun, heartbeat: Heartbeat, using: str) -> None:
    began = monotonic()
    pace.ensure_open(conf.MAX_WAIT)
    state, _ = done_again(
        lambda: SyncState.objects.using(using).get_or_create(
            account_id=run.account_id,
            resource=run.resource,
            defaults={"next_sync_at": timezone.now()},  # should this run be cancelled or lost
        ),
        using=using,
    )
    tokens, scheduled = AccountTokens(run.account), run.trigger == Trigger.SCHEDULE
    with (
        Beside(using) as beside,
        client_of(tokens, account_id=run.account_id, scheduled=scheduled) as client,
    ):
        heartbeat.count_requests(client)
        with Fetcher(client, max_wait=conf.MAX_WAIT.total_seconds(), tick=heartbeat.tick) as fetch:
            work = Work(
                run=run,
                account=run.account,
                state=state,
                fetch=fetch,
                using=using,
                progress=heartbeat.progress,
                beside=beside,
                catalog=CatalogWriter(beside, using),
            )
            fetched = with_losses(work, RESOURCES[run.resource].fetch(work))
    heartbeat.tick(force=True)
    fetched_at = monotonic()
    try:
        written = write(run, fetched, work.learned, heartbeat.requests, using, tick=heartbeat.tick)
    except SoftTimeLimitExceeded as error:
        if monotonic() - fetched_at < fetched_at - began:
            raise  # what is staged leaves the next attempt more time for its write
        # To go on later would come to the same end, since a write is whole or nothing.
        raise SyncError("The write takes longer than the task's time limit allows.") from error
    why = f" ({run.reason})" if run.reason else ""
    log_of(run).info("%s%s after %d requests, %s", run.status, why, run.requests, written.counts)

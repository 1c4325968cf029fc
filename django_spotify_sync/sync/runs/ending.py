"""The ends of a run that wrote nothing, and the pauses after which it goes on."""

from __future__ import annotations

from datetime import timedelta

from django.db import DatabaseError, InterfaceError, connections, transaction
from django.utils import timezone

from django_spotify_sync import pace
from django_spotify_sync.db.transactions import done_again
from django_spotify_sync.exceptions import (
    GrantInDoubt,
    RateLimited,
    SpotifySyncError,
)
from django_spotify_sync.models import StagedPage, SyncRun, SyncState
from django_spotify_sync.models.runs import BLOCKS, RunStatus
from django_spotify_sync.signals import sync_failed
from django_spotify_sync.sync.runs import intervals
from django_spotify_sync.sync.runs.log import log_of

LOST_DATABASE_FOR = timedelta(seconds=5)  # until a run asks a database again that went away


# Pauses


def wait(run: SyncRun, error: GrantInDoubt | RateLimited, requests: int) -> None:
    """Put the run down until its pause is over, which for all whom Spotify refuses is the same moment.

    It is also what remembers that moment, should the cache forget it; so it is never put off, not even a little.
    """
    resume_at, reason = timezone.now() + timedelta(seconds=error.retry_after), error.code
    if reason in BLOCKS and (block := pace.blocked()):
        resume_at, reason = block.until, block.reason
    run.wait(resume_at, reason, requests=requests)
    log_of(run).warning("waiting until %s (%s)", resume_at.isoformat(timespec="seconds"), reason)


def interrupt(run: SyncRun, requests: int) -> None:
    """Put the run down for the next worker. A time limit may have struck anywhere, a statement under way included."""
    connection = connections[run._state.db or "default"]
    if not connection.in_atomic_block:
        connection.close()
    run.wait(timezone.now(), "interrupted", requests=requests)
    log_of(run).warning("put down: the worker is told to stop; another one goes on with it")


def is_disconnected(using: str) -> bool:
    """Tell whether the last error was that the database is gone, and not that it did not like something."""
    connection = connections[using]
    return connection.connection is None or not connection.is_usable()


def give_way(run: SyncRun, requests: int) -> None:
    """Put the run down for a moment: the database refuses what it does for as long as others do the same."""
    run.wait(timezone.now() + LOST_DATABASE_FOR, "database_busy", requests=requests)
    log_of(run).warning("put down: others are in the way")


def outlast(run: SyncRun, requests: int) -> None:
    """Put the run down for a moment: the connection to the database was lost, which is no fault of its.

    :raises OperationalError: if the database is still away. The run will be taken for lost then.
    """
    connections[run._state.db or "default"].close()
    try:
        run.wait(timezone.now() + LOST_DATABASE_FOR, "database_lost", requests=requests)
    except (DatabaseError, InterfaceError):
        log_of(run).error("the database is away; the run will be taken for lost, and gone on with")
        raise
    log_of(run).warning("put down: the connection to the database was lost")


# Ends


def step_aside(run: SyncRun) -> None:
    """Leave the run to whoever took it over or ended it."""
    if is_gone(run):
        return
    log_of(run).warning("taken over or ended elsewhere; nothing is written here")
    run.refresh_from_db(using=run._state.db)
    if run.status == RunStatus.CANCELLED:  # what was staged since is of no use to anybody
        _forget_staged(run)


def _forget_staged(run: SyncRun) -> None:
    staged = StagedPage.objects.using(run._state.db or "default").filter(run=run)
    done_again(staged.delete, using=staged.db)


def is_gone(run: SyncRun) -> bool:
    """Tell whether the account was deleted while it was synced, and the run with it."""
    gone = not SyncRun.objects.using(run._state.db).filter(pk=run.pk).exists()
    if gone:
        log_of(run).info("its account was deleted; nothing is written")
    return gone


def cancel(run: SyncRun, error: SpotifySyncError, requests: int) -> None:
    """End the run because its account is no longer there to be synced."""
    run.finish(
        RunStatus.CANCELLED,
        reason=error.code,
        error_code=error.code,
        error_detail=str(error),
        requests=requests,
    )
    _forget_staged(run)
    log_of(run).info("cancelled (%s)", error.code)


def fail(run: SyncRun, error: SpotifySyncError, requests: int) -> None:
    """End the run for good, and leave its library alone for a while.

    Whatever it was, what is staged is as good as ever, and the next run goes on from there.
    """
    if done_again(lambda: _fail(run, error, requests), using=run._state.db or "default"):
        log_of(run).warning("failed: %s", error)
        sync_failed.send_robust(SyncRun, run=run, error=error)


def _fail(run: SyncRun, error: SpotifySyncError, requests: int) -> bool:
    using = run._state.db
    claim = run.claim
    with transaction.atomic(using=using):
        # The state first, as whoever writes or replaces a run locks it, so that no two wait for each other.
        states = SyncState.objects.using(using).select_for_update()
        state = states.filter(account_id=run.account_id, resource=run.resource).first()
        if not run.finish(
            RunStatus.FAILED, error_code=error.code, error_detail=str(error), requests=requests
        ):
            return False
        run.claim = claim  # should this transaction fail, the next attempt has to own the run still
        if state is not None:
            intervals.after_failure(state)
            state.save(using=using, update_fields=["failures", "next_sync_at"])
    run.claim = None
    return True


def unexpected(error: Exception) -> SpotifySyncError:
    """Return what stands on record for a fault that nobody foresaw; its own words may hold a secret."""
    return SpotifySyncError(f"An unexpected {type(error).__name__} ended the run; see the log.")

"""One run from its request to its signal: claim → fetch → one transaction → finish.

Every end is recorded on the run. A run belongs to the worker whose ``claim`` it bears; whoever lost it writes nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta

from django.db import router, transaction
from django.db.models import F
from django.utils import timezone

from django_spotify_sync import accounts
from django_spotify_sync.conf import conf
from django_spotify_sync.exceptions import (
    InsideTransaction,
    NotConnected,
    RateLimited,
    ReauthorizationRequired,
    RunCancelled,
    RunLost,
    SpotifySyncError,
)
from django_spotify_sync.models import SpotifyAccount, StagedPage, SyncRun, SyncState
from django_spotify_sync.models.runs import RunStatus, Trigger
from django_spotify_sync.signals import sync_failed
from django_spotify_sync.spotify.pages import Fetcher
from django_spotify_sync.sync.beat import Beat, Watcher, refuse_to_knock
from django_spotify_sync.sync.following import fetch_following
from django_spotify_sync.sync.playlists import fetch_playlists
from django_spotify_sync.sync.requesting import request_sync
from django_spotify_sync.sync.tracks import fetch_tracks
from django_spotify_sync.sync.work import Fetched, Work
from django_spotify_sync.sync.writing import write

logger = logging.getLogger(__name__)

#: What knows how to read and write each resource.
RESOURCES: dict[str, Callable[[Work], Fetched]] = {
    "tracks": fetch_tracks,
    "playlists": fetch_playlists,
    "following": fetch_following,
}


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
    _refuse_transaction(using)
    run = SyncRun.objects.using(using).select_related("account").get(pk=run_id)
    if not run.start():
        return run
    logger.info("run %s: %s of account %s begun", run.pk, run.resource, run.account_id)
    beat = Beat(run, watch or (lambda run: None))
    try:
        _do(run, beat, using)
    except RunLost:
        _step_aside(run)
    except ReauthorizationRequired as error:
        _fail(run, error, beat.requests)
    except (RunCancelled, NotConnected) as error:
        _cancel(run, error, beat.requests)
    except RateLimited as error:
        _wait(run, error, beat.requests)
    except SpotifySyncError as error:
        _fail(run, error, beat.requests)
    except Exception as error:
        if _is_gone(
            run
        ):  # its account was deleted meanwhile: whatever this ran into, nobody is to be told
            return run
        # A fault of ours or of the database: the record must not say "running" for ever, and the fault must be seen.
        _fail(
            run,
            SpotifySyncError(f"An unexpected {type(error).__name__} ended the run; see the log."),
            beat.requests,
        )
        raise
    except BaseException:  # the worker is told to stop
        run.wait(timezone.now(), "interrupted", requests=beat.requests)
        raise
    if watch is not None:
        watch(run)
    return run


def _do(run: SyncRun, beat: Beat, using: str) -> None:
    refuse_to_knock(run)
    state, _ = SyncState.objects.using(using).get_or_create(
        account_id=run.account_id, resource=run.resource
    )
    with accounts.client_for(run.account) as client:
        beat.count_requests(lambda: client.requests)
        with Fetcher(client, max_wait=conf.MAX_WAIT.total_seconds(), tick=beat.tick) as fetch:
            work = Work(
                run=run,
                account=run.account,
                state=state,
                fetch=fetch,
                using=using,
                progress=beat.progress,
            )
            fetched = RESOURCES[run.resource](work)
    beat.tick(force=True)
    written = write(run, fetched, beat.requests, using)
    logger.info(
        "run %s: %s after %d requests, %s%s",
        run.pk,
        run.status,
        run.requests,
        written.counts,
        f" ({run.reason})" if run.reason else "",
    )


def _step_aside(run: SyncRun) -> None:
    """Leave the run to whoever took it over or ended it."""
    if _is_gone(run):
        return
    logger.warning("run %s: taken over or ended elsewhere; nothing is written here", run.pk)
    run.refresh_from_db()
    if run.status == RunStatus.CANCELLED:  # what was staged since is of no use to anybody
        StagedPage.objects.using(run._state.db).filter(run=run).delete()


def _is_gone(run: SyncRun) -> bool:
    gone = not SyncRun.objects.using(run._state.db).filter(pk=run.pk).exists()
    if gone:
        logger.info("run %s: its account was deleted; nothing is written", run.pk)
    return gone


def _cancel(run: SyncRun, error: SpotifySyncError, requests: int) -> None:
    run.finish(
        RunStatus.CANCELLED,
        reason=error.code,
        error_code=error.code,
        error_detail=str(error),
        requests=requests,
    )
    StagedPage.objects.using(run._state.db).filter(run=run).delete()
    logger.info("run %s: cancelled (%s)", run.pk, error.code)


def _wait(run: SyncRun, error: RateLimited, requests: int) -> None:
    """Put the run down until Spotify's pause is over. Until then nobody else asks Spotify either."""
    resume_at = timezone.now() + timedelta(seconds=error.retry_after)
    run.wait(resume_at, error.code, requests=requests)
    logger.warning(
        "run %s: waiting until %s (%s)", run.pk, resume_at.isoformat(timespec="seconds"), error.code
    )


def _fail(run: SyncRun, error: SpotifySyncError, requests: int) -> None:
    if not run.finish(
        RunStatus.FAILED, error_code=error.code, error_detail=str(error), requests=requests
    ):
        return
    StagedPage.objects.using(run._state.db).filter(run=run).delete()
    states = SyncState.objects.using(run._state.db).filter(
        account_id=run.account_id, resource=run.resource
    )
    states.update(failures=F("failures") + 1)
    logger.warning("run %s: failed: %s", run.pk, error)
    sync_failed.send_robust(SyncRun, run=run, error=error)


def _refuse_transaction(using: str) -> None:
    """:raises InsideTransaction: if a transaction is open, which would stay so for as long as Spotify takes."""
    try:
        with transaction.atomic(using=using, durable=True):
            pass
    except RuntimeError:
        inside = True
    else:
        inside = False
    if inside:
        raise InsideTransaction

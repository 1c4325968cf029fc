"""One run from its request to its signal: claim → fetch → one transaction → finish.

Every end is recorded on the run. A run belongs to the worker whose ``claim`` it bears; whoever lost it writes nothing.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable
from datetime import timedelta

from django.db import IntegrityError, OperationalError, connections, router, transaction
from django.db.models import F
from django.utils import timezone

from django_spotify_sync import accounts
from django_spotify_sync.conf import conf
from django_spotify_sync.exceptions import (
    InsideTransaction,
    NotConnected,
    QuotaExceeded,
    RateLimited,
    ReauthorizationRequired,
    RunCancelled,
    RunLost,
    SpotifySyncError,
    UnknownResource,
)
from django_spotify_sync.models import SpotifyAccount, StagedPage, SyncRun, SyncState
from django_spotify_sync.models.accounts import AccountStatus
from django_spotify_sync.models.runs import RunStatus, SyncRunQuerySet, Trigger
from django_spotify_sync.signals import sync_failed, sync_finished
from django_spotify_sync.spotify.pages import Fetcher
from django_spotify_sync.sync.following import fetch_following
from django_spotify_sync.sync.playlists import fetch_playlists
from django_spotify_sync.sync.tracks import fetch_tracks
from django_spotify_sync.sync.work import Fetched, Work, Written

logger = logging.getLogger(__name__)

#: What knows how to read and write each resource.
RESOURCES: dict[str, Callable[[Work], Fetched]] = {
    "tracks": fetch_tracks,
    "playlists": fetch_playlists,
    "following": fetch_following,
}

WRITE_ATTEMPTS = 3
PROGRESS_EVERY = 0.5  # seconds between two writes of progress

type Watcher = Callable[[SyncRun], None]


def request_sync(
    account: SpotifyAccount, resource: str, *, full: bool = False, trigger: str = Trigger.USER
) -> SyncRun:
    """Return the account's live run of ``resource``, or a new one that is ``queued``.

    A live run that nobody has begun takes over a wish for a full pass; one whose worker died is ended as ``lost``.

    :raises NotConnected, ReauthorizationRequired: if there is no grant to use.
    :raises UnknownResource: if there is no such resource.
    """
    synced = [name for name in RESOURCES if name in conf.RESOURCES]
    if resource not in synced:
        raise UnknownResource(
            f"There is no resource {resource!r}; this site syncs {', '.join(synced)}."
        )
    accounts.ensure_connected(account)
    using = router.db_for_write(SyncRun)
    runs = SyncRun.objects.using(using).filter(account_id=account.pk, resource=resource)
    runs.mark_lost()
    for _ in range(2):
        live = runs.live().first()
        if live is not None:
            if full and not live.full and runs.due().filter(pk=live.pk).update(full=True):
                live.full = True
            return live
        try:
            with transaction.atomic(using=using):
                run = SyncRun.objects.using(using).create(
                    account=account, resource=resource, full=full, trigger=trigger
                )
                _inherit(run, runs.filter(status=RunStatus.LOST))
                return run
        except IntegrityError:  # somebody else's was first: take that one
            continue
    return runs.latest("created_at")


def _inherit(run: SyncRun, lost: SyncRunQuerySet) -> None:
    """Hand the staged pages of the last run that was lost to the one that takes its place."""
    pages = StagedPage.objects.using(run._state.db)
    last = lost.filter(staged_pages__isnull=False).order_by("-created_at").first()
    if last is not None:
        pages.filter(run=last).update(run=run)
        pages.filter(run__in=lost).delete()


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
    beat = _Beat(run, watch or (lambda run: None))
    try:
        _do(run, beat, using)
    except RunLost:
        logger.warning("run %s: taken over or ended elsewhere; nothing is written here", run.pk)
        run.refresh_from_db()
    except ReauthorizationRequired as error:
        _fail(run, error, beat.requests)
    except (RunCancelled, NotConnected) as error:
        _cancel(run, error, beat.requests)
    except RateLimited as error:
        _wait(run, error, beat.requests)
    except SpotifySyncError as error:
        _fail(run, error, beat.requests)
    except Exception as error:
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


def _do(run: SyncRun, beat: _Beat, using: str) -> None:
    _refuse_to_knock(run)
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
    written = _write(run, fetched, beat.requests, using)
    logger.info(
        "run %s: %s after %d requests, %s%s",
        run.pk,
        run.status,
        run.requests,
        written.counts,
        f" ({run.reason})" if run.reason else "",
    )


def _write(run: SyncRun, fetched: Fetched, requests: int, using: str) -> Written:
    """Write what was fetched and end the run, in one transaction, tried again whole if the database asks for it."""
    for attempt in range(1, WRITE_ATTEMPTS + 1):
        try:
            with transaction.atomic(using=using, durable=True):
                return _write_once(run, fetched, requests, using)
        except (IntegrityError, OperationalError) as error:
            if attempt == WRITE_ATTEMPTS:
                raise
            logger.warning("run %s: the write is repeated (%s)", run.pk, type(error).__name__)
            connections[using].close_if_unusable_or_obsolete()
            time.sleep(random.uniform(0.05, 0.2) * attempt)
    raise AssertionError("the last attempt returns or raises")


def _write_once(run: SyncRun, fetched: Fetched, requests: int, using: str) -> Written:
    state = (
        SyncState.objects.using(using)
        .select_for_update()
        .get(account_id=run.account_id, resource=run.resource)
    )
    if (
        not SpotifyAccount.objects.using(using)
        .filter(pk=run.account_id, status=AccountStatus.CONNECTED)
        .exists()
    ):
        raise RunCancelled
    if (
        not SyncRun.objects.using(using)
        .select_for_update()
        .live()
        .filter(pk=run.pk, claim=run.claim)
        .exists()
    ):
        raise RunLost
    written = fetched.write()
    counts = written.counts
    now = timezone.now()
    claim = run.claim
    finished = run.finish(
        RunStatus.PARTIAL if fetched.reason else RunStatus.SUCCEEDED,
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
    state.checked_at, state.failures = now, 0
    if fetched.reason:
        state.full_due = True
    elif fetched.mode == SyncRun.Mode.FULL:
        state.full_at, state.full_due = now, False
    for name, value in fetched.state.items():
        setattr(state, name, value)
    state.save(using=using)
    transaction.on_commit(
        lambda: sync_finished.send_robust(
            SyncRun, run=run, added=written.added, removed=written.removed
        ),
        using=using,
        robust=True,
    )
    return written


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


def _refuse_to_knock(run: SyncRun) -> None:
    """:raises RateLimited, QuotaExceeded: while any run waits for Spotify's patience."""
    waiting = SyncRun.objects.using(run._state.db).blocked()
    if waiting is not None and waiting.resume_at is not None:
        seconds = (waiting.resume_at - timezone.now()).total_seconds()
        kind = QuotaExceeded if waiting.reason == QuotaExceeded.code else RateLimited
        raise kind(retry_after=max(0.0, seconds))


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


class _Beat:
    """Writes the run's progress and sign of life, seldom however often it is told."""

    def __init__(self, run: SyncRun, watch: Watcher) -> None:
        self._run = run
        self._watch = watch
        self._before = run.requests
        self._count: Callable[[], int] = lambda: 0
        self._written = time.monotonic()
        self._seen = (run.done, run.total)

    @property
    def requests(self) -> int:
        """How many requests the run has cost so far, those of earlier attempts included."""
        return self._before + self._count()

    def count_requests(self, count: Callable[[], int]) -> None:
        self._count = count

    def progress(self, done: int, total: int | None) -> None:
        self._seen = (done, total)
        self.tick()

    def tick(self, *, force: bool = False) -> None:
        """:raises RunLost: if the run is not this worker's any more.

        :raises RateLimited: if another run was told to wait, since that concerns all.
        """
        since = time.monotonic() - self._written
        changed = self._seen != (self._run.done, self._run.total)
        if not (
            force or since > conf.HEARTBEAT.total_seconds() or (changed and since > PROGRESS_EVERY)
        ):
            return
        done, total = self._seen
        if not self._run.write(done=done, total=total, requests=self.requests):
            raise RunLost
        self._written = time.monotonic()
        self._watch(self._run)
        if not force:
            _refuse_to_knock(self._run)

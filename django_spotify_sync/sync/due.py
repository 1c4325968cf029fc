"""What is to be done now: runs that wait or were forgotten, and accounts whose time has come.

A look costs a few statements for each chunk of rows, however many accounts there are, and holds no lock while it asks a
hook. Two looks at once share the work: each takes what the other has not locked.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from time import monotonic
from typing import Any

from celery.exceptions import SoftTimeLimitExceeded
from django.db import router, transaction
from django.db.models import Case, Count, Q, Value, When
from django.db.models.functions import Coalesce, Now
from django.utils import timezone

from django_spotify_sync import pace
from django_spotify_sync.conf import conf
from django_spotify_sync.db.locks import lock_free
from django_spotify_sync.db.transactions import done_again
from django_spotify_sync.models import SpotifyToken, SyncRun, SyncState
from django_spotify_sync.models.accounts import AccountStatus
from django_spotify_sync.models.runs import Resource, Trigger
from django_spotify_sync.spotify.scopes import is_covered
from django_spotify_sync.sync.permission import may_sync
from django_spotify_sync.sync.runs.lost import replace_lost
from django_spotify_sync.sync.runs.making import make_runs

logger = logging.getLogger(__name__)

TICK = timedelta(minutes=1)  # between two looks, as ``schedules`` has it
CHUNK = 1000  # states that are looked at together
CHUNKS = 20  # of those in one look, should hooks refuse all of them
LOOK_SECONDS = 30.0  # after which a look asks hooks no further; what they said by then counts

type _Place = tuple[datetime, int]


def take_due(resources: Collection[str] | None = None) -> list[int]:
    """Return the ids of the runs to do now, the most urgent first, each noted as handed to a queue.

    Runs that were lost are replaced, those whose time has come are gone on with, and for accounts that are due new ones
    are made: no more than ``room()`` together, so that a backlog is worked off at the pace that Spotify allows. Nothing
    but the replacing is done while Spotify wants no requests. ``resources`` narrows it down. Without it, runs of what
    is no longer among RESOURCES are gone on with as well, so that they end.
    """
    using = router.db_for_write(SyncRun)
    live = Resource.values if resources is None else resources
    replace_lost(SyncRun.objects.using(using).filter(resource__in=live))
    if pace.blocked():
        return []
    limit = room()
    ids = done_again(lambda: _go_on(limit, live, using), using=using)
    begun = conf.RESOURCES if resources is None else resources
    return ids + _begin(limit - len(ids), begun, using)


def foretell(resources: Collection[str]) -> dict[str, Any]:
    """Return how much a look would find, without touching anything or asking MAY_SYNC."""
    using = router.db_for_write(SyncRun)
    runs = SyncRun.objects.using(using).filter(resource__in=resources)
    states = SyncState.objects.using(using).filter(
        resource__in=resources,
        account__status=AccountStatus.CONNECTED,
        next_sync_at__lte=timezone.now(),
    )
    block = pace.blocked()
    return {
        "lost": runs.silent().count(),
        "to_go_on": runs.not_in_queue().count(),
        "to_begin": dict(states.order_by().values_list("resource").annotate(Count("pk"))),
        "room": room(),
        "blocked_until": block.until.isoformat(timespec="seconds") if block else None,
    }


def room() -> int:
    """Return how many runs more a queue should hold: what workers can begin until the next look, at best.

    A run costs one request at least, and the schedule may use its share of the pace. Without a pace it is BATCH_SIZE.
    """
    if conf.REQUESTS_PER_WINDOW is None:
        most = conf.BATCH_SIZE
    else:
        windows = TICK / conf.WINDOW
        most = int(conf.REQUESTS_PER_WINDOW * windows * pace.SCHEDULED_SHARE)
    using = router.db_for_write(SyncRun)
    return max(0, max(1, most) - SyncRun.objects.using(using).in_queue().count())


def _go_on(limit: int, resources: Collection[str], using: str) -> list[int]:
    """Take runs that are due and in no queue: those that somebody asked for first, then who waits longest."""
    runs = SyncRun.objects.using(using).filter(resource__in=resources)
    by_people = Case(When(trigger=Trigger.SCHEDULE, then=Value(1)), default=Value(0))
    with transaction.atomic(using=using):
        waiting = runs.not_in_queue().order_by(by_people, Coalesce("resume_at", "created_at"), "pk")
        ids = [run.pk for run in lock_free(waiting.only("pk")[:limit])]
        runs.filter(pk__in=ids).update(published_at=Now())
    return ids


def _begin(limit: int, resources: Collection[str], using: str) -> list[int]:
    """Make runs for accounts that are due, the longest overdue first."""
    ids: list[int] = []
    after: _Place | None = None
    ends = monotonic() + LOOK_SECONDS
    for _ in range(CHUNKS):
        if len(ids) >= limit or monotonic() >= ends:
            break
        states = _due_after(after, using)
        if not states:
            break
        after = (states[-1].next_sync_at or timezone.now(), states[-1].pk)
        ids += _begin_chunk(states, limit - len(ids), ends, resources, using)
    return ids


def _due_after(after: _Place | None, using: str) -> list[SyncState]:
    """Return the next chunk of due states, with their accounts."""
    states = SyncState.objects.using(using).filter(next_sync_at__lte=timezone.now())
    if after is not None:
        states = states.filter(
            Q(next_sync_at__gt=after[0]) | Q(next_sync_at=after[0], pk__gt=after[1])
        )
    # The user by a query of its own: it may live in another database.
    rows = states.select_related("account").prefetch_related("account__user")
    return list(rows.order_by("next_sync_at", "pk")[:CHUNK])


def _begin_chunk(
    states: Sequence[SyncState],
    limit: int,
    ends: float,
    resources: Collection[str],
    using: str,
) -> list[int]:
    """Make a run for each state that may be synced; put all that was decided upon off, so that each look gets ahead.

    The end of its run says when a state is really due again. Who may not be synced now is asked about again later.
    """
    accounts = {state.account_id for state in states}
    live = SyncRun.objects.using(using).live().filter(account_id__in=accounts)
    busy = set(live.values_list("account_id", "resource"))
    tokens = SpotifyToken.objects.using(using).filter(account_id__in=accounts)
    scopes = dict(tokens.values_list("account_id", "scope"))
    taken: dict[int, SyncState] = {}
    decided: list[int] = []
    for state in states:
        if len(taken) == limit or monotonic() >= ends:
            break
        if state.resource in conf.RESOURCES and state.resource not in resources:
            continue
        decided.append(state.pk)
        is_free = (state.account_id, state.resource) not in busy
        is_agreed = is_covered(state.resource, scopes.get(state.account_id, "").split())
        if is_free and is_agreed and _may_sync(state):
            taken[state.pk] = state
    return done_again(lambda: _put_off(states, decided, taken, using), using=using)


def _put_off(
    states: Sequence[SyncState], decided: Collection[int], taken: dict[int, SyncState], using: str
) -> list[int]:
    """Make the runs of what was taken, and put off all that was decided upon and that nobody else looks at."""
    now = timezone.now()
    with transaction.atomic(using=using):
        rows = SyncState.objects.using(using)
        due = rows.filter(pk__in=decided, next_sync_at__lte=now).order_by("pk")
        free = {state.pk for state in lock_free(due.only("pk"))}
        rows.filter(pk__in=free).update(next_sync_at=now + conf.SYNC_INTERVAL)
        _add_missing([state for state in states if state.pk in free], now, using)
        wanted = [_run_for(state, now) for pk, state in taken.items() if pk in free]
        return [run.pk for run in make_runs(wanted, using)]


def _run_for(state: SyncState, now: datetime) -> SyncRun:
    return SyncRun(
        account_id=state.account_id,
        resource=state.resource,
        trigger=Trigger.SCHEDULE,
        published_at=now,
    )


def _may_sync(state: SyncState) -> bool:
    """Tell whether the schedule may sync this now; a hook that raises says no, and the others go on."""
    account = state.account
    if state.resource not in conf.RESOURCES or account.status != AccountStatus.CONNECTED:
        return False
    try:
        return may_sync(account, state.resource, Trigger.SCHEDULE)
    except SoftTimeLimitExceeded:  # is no answer of the hook's
        raise
    except Exception:
        ids = {"account_id": account.pk, "resource": state.resource}
        logger.exception(
            "account=%s resource=%s MAY_SYNC raised: not synced now",
            account.pk,
            state.resource,
            extra=ids,
        )
        return False


def _add_missing(states: Sequence[SyncState], now: datetime, using: str) -> None:
    """Let accounts that connected before a resource was added to RESOURCES have it, each when it is due anyway."""
    rows = SyncState.objects.using(using)
    accounts = {
        state.account_id for state in states if state.account.status == AccountStatus.CONNECTED
    }
    wanted = {(account, resource) for account in accounts for resource in conf.RESOURCES}
    there = set(rows.filter(account_id__in=accounts).values_list("account_id", "resource"))
    rows.bulk_create(
        [
            SyncState(account_id=account, resource=resource, next_sync_at=now)
            for account, resource in sorted(wanted - there)
        ],
        batch_size=conf.BATCH_SIZE,
        ignore_conflicts=True,
    )

"""Which resources of which accounts fail most often in a row, and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from django.db.models import OuterRef, Subquery, Value
from django.db.models.functions import Coalesce

from django_spotify_sync.conf import conf
from django_spotify_sync.models import SyncRun, SyncState
from django_spotify_sync.models.accounts import AccountStatus
from django_spotify_sync.models.runs import RunStatus

WORST = 10
#: Accounts whose failures are no matter of their grant, which their user has to renew.
_IN_USE = (AccountStatus.CONNECTED, AccountStatus.SUSPECT)
_EVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Failing:
    """A resource of an account that fails: how often in a row, and since when, which is its first failure after the
    last good sync.

    ``error`` is what a user is told of the last failure, ``detail`` what operators are. ``state``, ``account`` and
    ``run``, the last one that failed, are primary keys. ``run`` and ``since`` are None once those records are pruned.
    """

    state: int
    account: int
    name: str
    resource: str
    failures: int
    since: datetime | None
    next_sync_at: datetime | None
    run: int | None
    code: str
    error: str
    detail: str


def worst_failures(using: str) -> list[Failing]:
    """Return the ten that failed most often in a row, the worst first, by two queries."""
    failed = SyncRun.objects.using(using).filter(
        account=OuterRef("account"),
        resource=OuterRef("resource"),
        status__in=(RunStatus.FAILED, RunStatus.LOST),
        finished_at__gt=Coalesce(OuterRef("checked_at"), Value(_EVER)),
    )
    states = (
        SyncState.objects.using(using)
        .filter(failures__gt=0, resource__in=conf.RESOURCES, account__status__in=_IN_USE)
        .order_by("-failures", "pk")
        .select_related("account")
        .annotate(
            since=Subquery(failed.order_by("created_at").values("finished_at")[:1]),
            last_run=Subquery(failed.order_by("-created_at").values("pk")[:1]),
        )[:WORST]
    )
    found = list(states)
    runs = SyncRun.objects.using(using).in_bulk([state.last_run for state in found])
    return [_failing(state, runs.get(state.last_run)) for state in found]


def _failing(state: SyncState, run: SyncRun | None) -> Failing:
    status = run.get_status_display() if run else ""
    return Failing(
        state=state.pk,
        account=state.account_id,
        name=state.account.display_name or state.account.spotify_id,
        resource=state.resource,
        failures=state.failures,
        since=state.since,  # type: ignore[attr-defined]
        next_sync_at=state.next_sync_at,
        run=run.pk if run else None,
        code=(run.error_code or run.status) if run else "",
        error=(run.error_words or status) if run else "",
        detail=(run.error_detail or run.reason) if run else "",
    )

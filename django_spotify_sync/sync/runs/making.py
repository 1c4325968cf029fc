"""Make runs, one or a thousand, and hand them what their predecessors left behind."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Case, Value, When
from django.utils import timezone

from django_spotify_sync.conf import conf
from django_spotify_sync.models import StagedPage, SyncRun
from django_spotify_sync.models.runs import RunStatus


def make_runs(wanted: Sequence[SyncRun], using: str) -> list[SyncRun]:
    """Store those of ``wanted`` whose account and resource have no live run, and return them. At most one of each.

    Five statements for up to BATCH_SIZE runs. To be called inside a transaction. A run takes over the staged pages of
    the last one that was lost, or failed.
    """
    if not wanted:
        return []
    now = timezone.now()
    for run in wanted:
        run.created_at = now
    runs = SyncRun.objects.using(using)
    runs.bulk_create(wanted, batch_size=conf.BATCH_SIZE, ignore_conflicts=True)
    keys = {(run.account_id, run.resource) for run in wanted}
    accounts = {run.account_id for run in wanted}
    # Rows that were left out have no key to know them by; those that were not are of this very moment.
    made = [
        run
        for run in runs.live().filter(account_id__in=accounts, created_at=now)
        if (run.account_id, run.resource) in keys
    ]
    _inherit(made, using)
    return made


def _inherit(heirs: Sequence[SyncRun], using: str) -> None:
    """Hand over the staged pages of runs that ended: those of the last one, the others are old news."""
    heir_of = {(run.account_id, run.resource): run.pk for run in heirs}
    ended = (
        SyncRun.objects.using(using)
        .filter(
            status__in=(RunStatus.LOST, RunStatus.FAILED),
            account_id__in={account for account, _ in heir_of},
            staged_pages__isnull=False,
        )
        .distinct()
        .order_by("created_at", "pk")
    )
    left_by = [run for run in ended if (run.account_id, run.resource) in heir_of]
    last = {(run.account_id, run.resource): run.pk for run in left_by}
    if not last:
        return
    pages = StagedPage.objects.using(using)
    moves = [When(run=left, then=Value(heir_of[key])) for key, left in last.items()]
    pages.filter(run__in=last.values()).update(run=Case(*moves))
    pages.filter(run__in=left_by).delete()

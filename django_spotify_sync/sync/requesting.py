"""Ask for a sync: a new run, or the live one that there is already."""

from __future__ import annotations

from django.db import IntegrityError, router, transaction

from django_spotify_sync import accounts
from django_spotify_sync.conf import conf
from django_spotify_sync.exceptions import UnknownResource
from django_spotify_sync.models import SpotifyAccount, StagedPage, SyncRun
from django_spotify_sync.models.runs import Resource, RunStatus, SyncRunQuerySet, Trigger


def request_sync(
    account: SpotifyAccount, resource: str, *, full: bool = False, trigger: str = Trigger.USER
) -> SyncRun:
    """Return the account's live run of ``resource``, or a new one that is ``queued``.

    A live run that nobody has begun takes over a wish for a full pass; one whose worker died is ended as ``lost``.

    :raises NotConnected, ReauthorizationRequired: if there is no grant to use.
    :raises UnknownResource: if there is no such resource.
    """
    synced = [name for name in Resource.values if name in conf.RESOURCES]
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

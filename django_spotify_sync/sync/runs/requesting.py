"""Ask for a sync: a new run, or the live one that there is already."""

from __future__ import annotations

from django.db import router, transaction

from django_spotify_sync.accounts import suspicion
from django_spotify_sync.conf import conf
from django_spotify_sync.db.transactions import done_again
from django_spotify_sync.exceptions import (
    InsufficientScope,
    NotConnected,
    UnknownResource,
    Words,
)
from django_spotify_sync.models import SpotifyAccount, SyncRun
from django_spotify_sync.models.runs import Resource, RunStatus, Trigger
from django_spotify_sync.sync.permission import may_sync
from django_spotify_sync.sync.runs.lost import replace_lost
from django_spotify_sync.sync.runs.making import make_runs


def request_sync(
    account: SpotifyAccount, resource: str, *, full: bool = False, trigger: str = Trigger.USER
) -> SyncRun:
    """Return the account's live run of ``resource``, or a new one that is ``queued``.

    A live run that is not under way takes over a wish for a full pass. One of the schedule that is not under way
    becomes that of whoever asks, so that it goes before the schedule's others. One whose worker died is ended as
    ``lost``, and another stands in its place.

    :raises NotConnected, ReauthorizationRequired: if there is no grant to use.
    :raises UnknownResource: if there is no such resource.
    :raises InsufficientScope: if the user has not agreed to what it needs.
    """
    if resource not in _synced():
        raise UnknownResource(
            Words("There is no resource %(resource)r; this site syncs %(synced)s."),
            resource=resource,
            synced=", ".join(_synced()),
        )
    suspicion.ensure_usable(account)
    if not account.agreed([resource]):
        raise InsufficientScope
    using = router.db_for_write(SyncRun)
    replace_lost(SyncRun.objects.filter(account_id=account.pk, resource=resource))
    return done_again(
        lambda: _live_or_new(account, resource, full=full, trigger=trigger, using=using),
        using=using,
    )


def _live_or_new(
    account: SpotifyAccount, resource: str, *, full: bool, trigger: str, using: str
) -> SyncRun:
    runs = SyncRun.objects.using(using).filter(account_id=account.pk, resource=resource)
    for _ in range(2):
        live = runs.live().first()
        if live is not None:
            idle = runs.filter(pk=live.pk, status__in=(RunStatus.QUEUED, RunStatus.WAITING))
            if full and not live.full and idle.update(full=True):
                live.full = True
            if Trigger.SCHEDULE == live.trigger != trigger and idle.update(trigger=trigger):
                live.trigger = trigger
            return live
        with transaction.atomic(using=using):
            _ensure_still_usable(account, using)
            wanted = SyncRun(account=account, resource=resource, full=full, trigger=trigger)
            for run in make_runs([wanted], using):
                return run
        # somebody else's was first: take that one
    return runs.latest("created_at")


def _ensure_still_usable(account: SpotifyAccount, using: str) -> None:
    """Lock the account's row, so that nobody who is letting go of it overlooks what is begun now.

    :raises NotConnected, ReauthorizationRequired: if it was let go of, or deleted, since it was read.
    """
    now = SpotifyAccount.objects.using(using).get_locked(pk=account.pk)
    if now is None:
        raise NotConnected
    suspicion.ensure_usable(now)


def request_all(
    account: SpotifyAccount, *, full: bool = False, trigger: str = Trigger.USER
) -> list[SyncRun]:
    """Return a run of every resource that this site syncs and the user has agreed to, as ``request_sync`` gives it.

    What MAY_SYNC refuses to this trigger is left out.

    :raises NotConnected, ReauthorizationRequired: if there is no grant to use.
    """
    suspicion.ensure_usable(account)
    return [
        request_sync(account, name, full=full, trigger=trigger)
        for name in account.agreed(_synced())
        if may_sync(account, name, trigger)
    ]


def _synced() -> list[str]:
    return [name for name in Resource.values if name in conf.RESOURCES]

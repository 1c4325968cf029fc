"""Take rows away by set-based SQL, in batches: no row is loaded, nothing cascades.

Locks come in one order: the account, its sync states as a sync that writes has them, and, where the account itself
goes, the account once more, so that nothing new can point at it.
"""

from __future__ import annotations

from itertools import batched
from typing import Any

from django.db import models, router, transaction
from django.db.models import NOT_PROVIDED, Exists, ManyToOneRel, OuterRef, Q
from django.utils import timezone

from django_spotify_sync.conf import conf
from django_spotify_sync.db.locks import lock_free
from django_spotify_sync.models import (
    AccountPlaylist,
    FollowedArtist,
    Playlist,
    PlaylistItem,
    SavedTrack,
    SpotifyAccount,
    SpotifyToken,
    StagedPage,
    SyncRun,
    SyncState,
)
from django_spotify_sync.models.runs import RunStatus

#: What a user's library consists of, by the names under which its rows are counted.
LIBRARY: dict[str, type[models.Model]] = {
    "saved_tracks": SavedTrack,
    "playlists": AccountPlaylist,
    "followed_artists": FollowedArtist,
}
#: The condition that everything meets.
ALWAYS = Q()


def stop_syncs(account_id: int, using: str, reason: str) -> None:
    """Cancel what is syncing the account. What it wrote is written by now; it can write nothing any more.

    The states are locked first, as a sync that writes does, so that the two cannot wait for each other.
    """
    states = SyncState.objects.using(using).filter(account_id=account_id)
    list(states.select_for_update().order_by("resource"))
    SyncRun.objects.using(using).filter(account_id=account_id).live().update(
        status=RunStatus.CANCELLED,
        finished_at=timezone.now(),
        claim=None,
        resume_at=None,
        reason=reason,
    )
    StagedPage.objects.using(using).filter(run__account_id=account_id)._raw_delete(using)


def forget_states(account_id: int, using: str) -> None:
    """Let the next sync of each resource know nothing, and be due now.

    The states are emptied, not deleted: a sync under way has to find its state, and then that its run is cancelled.
    """
    unknown = {
        field.name: field.get_default()
        for field in SyncState._meta.concrete_fields
        if field.null or field.default is not NOT_PROVIDED
    }
    states = SyncState.objects.using(using).filter(account_id=account_id)
    states.update(**unknown | {"next_sync_at": timezone.now()})


def erase_library(account_id: int, using: str, condition: Q = ALWAYS) -> dict[str, int]:
    """Delete the account's library, a batch at a time; return how many rows went, by what they were.

    It ends before its time if the account is not under ``condition`` any more. Playlists that nobody else has go too.
    """
    removed = dict.fromkeys(LIBRARY, 0)
    accounts = SpotifyAccount.objects.using(using).filter(condition)
    listed = AccountPlaylist.objects.using(using).filter(account_id=account_id)
    playlists = list(listed.values_list("playlist_id", flat=True))
    for name, model in LIBRARY.items():
        rows = model._default_manager.using(using).filter(account_id=account_id)
        owned = rows.order_by("pk").values_list("pk", flat=True)
        for batch in batched(list(owned), conf.BATCH_SIZE):
            with transaction.atomic(using=using, savepoint=False):
                if accounts.get_locked(pk=account_id) is None:
                    return removed
                # By their range: a list of a thousand keys takes PostgreSQL twenty times as long.
                removed[name] += rows.filter(pk__range=(batch[0], batch[-1]))._raw_delete(using)
    for batch in batched(playlists, conf.BATCH_SIZE):
        delete_playlists(using, Q(pk__in=batch))
    return removed


def erase_rest(account_id: int, using: str) -> None:
    """Delete what is left of an account but for its own row; nothing can be added until the transaction ends."""
    rows = SpotifyAccount.objects.using(using).filter(pk=account_id)
    runs = SyncRun.objects.using(using).filter(account_id=account_id)
    for pointed_at in (rows, runs):
        list(pointed_at.select_for_update().values_list("pk"))
    StagedPage.objects.using(using).filter(run__account_id=account_id)._raw_delete(using)
    for model in (SyncRun, SyncState, SpotifyToken):
        owned = model._default_manager.using(using).filter(account_id=account_id)
        owned._raw_delete(using)


def delete_playlists(using: str, condition: Q = ALWAYS) -> int:
    """Delete, with their items, the playlists under ``condition`` that no account has; return how many."""
    return delete(
        Playlist,
        condition & unused(Playlist, using, but=PlaylistItem),
        using,
        parts=((PlaylistItem, "playlist"),),
    )


def unused(model: type[models.Model], using: str, *, but: type[models.Model] | None = None) -> Q:
    """Return the condition that nothing on that database points at a row of ``model``: no other table of ours, bar the
    one of its parts (``but``), and none of the host's.
    """
    condition = Q()
    for relation in model._meta.get_fields(include_hidden=True):
        if not isinstance(relation, ManyToOneRel) or relation.related_model is but:
            continue
        user, field = relation.related_model, relation.field
        if router.db_for_write(user) == using:
            pointing = {field.name: OuterRef(field.target_field.attname)}
            condition &= ~Q(Exists(user._base_manager.using(using).filter(**pointing)))
    return condition


def delete(
    model: type[models.Model],
    condition: Q,
    using: str,
    *,
    parts: tuple[tuple[type[models.Model], str], ...] = (),
) -> int:
    """Delete the rows of ``model`` under ``condition``, their ``parts`` first, a batch at a time; return how many.

    Each batch is locked and tested again. What somebody else has locked is left to the next time.
    """
    rows: models.QuerySet[Any] = model._default_manager.using(using)
    removed = last = 0
    while candidates := list(
        rows.filter(condition, pk__gt=last)
        .order_by("pk")
        .values_list("pk", flat=True)[: conf.BATCH_SIZE]
    ):
        last = candidates[-1]
        with transaction.atomic(using=using, savepoint=False):
            found = rows.filter(pk__in=candidates).order_by("pk").only("pk")
            locked = [row.pk for row in lock_free(found)]
            gone = list(rows.filter(condition, pk__in=locked).values_list("pk", flat=True))
            for part, field in parts:
                part._default_manager.using(using).filter(**{f"{field}__in": gone})._raw_delete(
                    using
                )
            removed += rows.filter(pk__in=gone)._raw_delete(using)
    return removed

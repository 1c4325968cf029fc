"""An account's rows, and playlists that nobody has any more, away by set-based SQL, in batches.

Locks come in one order: the account, its sync states as a sync that writes has them, and, where the account itself
goes, the account once more, so that nothing new can point at it.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import batched

from django.db import transaction
from django.db.models import NOT_PROVIDED, Q
from django.utils import timezone

from django_spotify_sync.conf import conf
from django_spotify_sync.db.deleting import ALWAYS, delete_where, unused
from django_spotify_sync.db.transactions import done_again
from django_spotify_sync.models import (
    AccountPlaylist,
    LargeLoss,
    LibraryChange,
    LostRow,
    Playlist,
    PlaylistItem,
    SpotifyAccount,
    SpotifyToken,
    StagedPage,
    SyncRun,
    SyncState,
)
from django_spotify_sync.models.library import LIBRARY, Table, no_counts
from django_spotify_sync.models.runs import RunStatus

_JOURNAL = Table(LibraryChange, "changes")


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
    """Let the next sync of each resource know nothing, and be due now; what was asked about losses is forgotten.

    The states are emptied, not deleted: a sync under way has to find its state, and then that its run is cancelled.
    """
    unknown = {
        field.name: field.get_default()
        for field in SyncState._meta.concrete_fields
        if field.null or field.default is not NOT_PROVIDED
    }
    states = SyncState.objects.using(using).filter(account_id=account_id)
    states.update(**unknown | {"next_sync_at": timezone.now()})
    _forget_losses(account_id, using)


def erase_library(account_id: int, using: str, condition: Q = ALWAYS) -> dict[str, int]:
    """Delete the account's library and its journal, a batch at a time; return how many rows of the library went, by
    what they were.

    It ends before its time if the account is not under ``condition`` any more. Playlists that nobody else has go too.
    """
    removed = no_counts()
    listed = AccountPlaylist.objects.using(using).filter(account_id=account_id)
    playlists = list(listed.values_list("playlist_id", flat=True))
    for table in (*LIBRARY.values(), _JOURNAL):
        owned = table.of(account_id, using).order_by("pk").values_list("pk", flat=True)
        for batch in batched(list(owned), conf.BATCH_SIZE):
            erase = partial(_erase_batch, table, account_id, batch, using, condition)
            if (count := done_again(erase, using=using)) is None:
                return removed
            if table is not _JOURNAL:
                removed[table.counted_as] += count
    for batch in batched(playlists, conf.BATCH_SIZE):
        read = Playlist.objects.using(using).filter(pk__in=batch, items_read_by=account_id)
        done_again(partial(read.update, items_read_by=None), using=using)
        delete_playlists(using, Q(pk__in=batch))
    return removed


def _erase_batch(
    table: Table, account_id: int, pks: Sequence[int], using: str, condition: Q
) -> int | None:
    """Delete some rows of the account's; None if it is not under ``condition`` any more."""
    with transaction.atomic(using=using, savepoint=False):
        accounts = SpotifyAccount.objects.using(using).filter(condition)
        if accounts.get_locked(pk=account_id) is None:
            return None
        # By their range: a list of a thousand keys takes PostgreSQL twenty times as long.
        rows = table.of(account_id, using).filter(pk__range=(pks[0], pks[-1]))
        return rows._raw_delete(using)


def erase_rest(account_id: int, using: str) -> None:
    """Delete what is left of an account but for its own row; nothing can be added until the transaction ends."""
    rows = SpotifyAccount.objects.using(using).filter(pk=account_id)
    runs = SyncRun.objects.using(using).filter(account_id=account_id)
    for pointed_at in (rows, runs):
        list(pointed_at.select_for_update().values_list("pk"))
    StagedPage.objects.using(using).filter(run__account_id=account_id)._raw_delete(using)
    _forget_losses(account_id, using)
    for model in (LibraryChange, SyncRun, SyncState, SpotifyToken):
        owned = model._default_manager.using(using).filter(account_id=account_id)
        owned._raw_delete(using)


def _forget_losses(account_id: int, using: str) -> None:
    LostRow.objects.using(using).filter(loss__account_id=account_id)._raw_delete(using)
    LargeLoss.objects.using(using).filter(account_id=account_id)._raw_delete(using)


def delete_playlists(using: str, condition: Q = ALWAYS) -> int:
    """Delete, with their items, the playlists under ``condition`` that no account has; return how many."""
    return delete_where(
        Playlist,
        condition & unused(Playlist, using, but=PlaylistItem),
        using,
        batch_size=conf.BATCH_SIZE,
        parts=((PlaylistItem, "playlist"),),
    )

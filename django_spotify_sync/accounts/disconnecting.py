"""Let go of a Spotify account: the tokens at once, the library by setting, nothing of it coming back.

Spotify has no address that revokes a grant: the user does that there, at ``REVOKE_URL``.
"""

from __future__ import annotations

import logging
from functools import partial

from django.db import router, transaction
from django.db.models import Q
from django.utils import timezone

from django_spotify_sync.accounts import erasure
from django_spotify_sync.conf import conf
from django_spotify_sync.db.deleting import ALWAYS
from django_spotify_sync.db.transactions import done_again
from django_spotify_sync.models import SpotifyAccount, SpotifyToken
from django_spotify_sync.models.accounts import AccountStatus
from django_spotify_sync.models.library import no_counts
from django_spotify_sync.signals import account_disconnected

logger = logging.getLogger(__name__)

#: Where a user takes back, at Spotify, what was agreed to.
REVOKE_URL = "https://www.spotify.com/account/apps/"
_DISCONNECTED = Q(status=AccountStatus.DISCONNECTED)


def disconnect(account: SpotifyAccount) -> dict[str, int]:
    """Disconnect the account; return how many rows of its library went, by what they were.

    Its tokens go first, in a transaction of their own; then its syncs are stopped. With DELETE_LIBRARY_ON_DISCONNECT
    the library goes, in batches, and with it the account's row; without, the row stays ``disconnected`` for
    DISCONNECTED_RETENTION. An account that the user connects again meanwhile is left alone from then on. To call it
    again does nothing, or finishes what was cut short.
    """
    using = router.db_for_write(SpotifyAccount)
    was_linked = done_again(partial(_let_go, account, using), using=using)
    if was_linked:
        logger.info("account %s disconnected", account.pk)
    done_again(partial(_stop_syncs, account.pk, using), using=using)
    removed = no_counts()
    if conf.DELETE_LIBRARY_ON_DISCONNECT:
        removed = _remove(account.pk, using, _DISCONNECTED)
    if was_linked:
        _tell(account, removed, using)
    return removed


def erase(account: SpotifyAccount, using: str) -> dict[str, int]:
    """Delete all that belongs to an account whose row is about to be deleted in this transaction; return the counts."""
    with transaction.atomic(using=using, savepoint=False):
        stored = _locked(account.pk, using)
        if stored is None:
            return no_counts()
        erasure.stop_syncs(account.pk, using, "disconnected")
        removed = erasure.erase_library(account.pk, using)
        erasure.erase_rest(account.pk, using)
        if stored.status != AccountStatus.DISCONNECTED:
            stored.status = AccountStatus.DISCONNECTED
            _tell(stored, removed, using)  # Django takes the key from the instance that it deletes
    return removed


def purge(account: SpotifyAccount, using: str, condition: Q) -> dict[str, int] | None:
    """Delete an account that is still under ``condition``, with all that belongs to it; return the counts, or None."""
    was_linked = done_again(partial(_condemn, account.pk, using, condition), using=using)
    if was_linked is None:
        return None
    removed = _remove(account.pk, using, _DISCONNECTED)
    if was_linked:
        account.status = AccountStatus.DISCONNECTED
        _tell(account, removed, using)
    return removed


def _let_go(account: SpotifyAccount, using: str) -> bool:
    """Forget the tokens, and free the Spotify ids for others; tell whether that was news."""
    with transaction.atomic(using=using):
        stored = _locked(account.pk, using)
        linked = stored is not None and stored.status != AccountStatus.DISCONNECTED
        if linked and stored is not None:
            _mark(stored, using)
    account.status = AccountStatus.DISCONNECTED
    return linked


def _stop_syncs(account_id: int, using: str) -> None:
    with transaction.atomic(using=using):
        if _locked(account_id, using, _DISCONNECTED):
            erasure.stop_syncs(account_id, using, "disconnected")
            if conf.DELETE_LIBRARY_ON_DISCONNECT:
                erasure.forget_states(account_id, using)


def _condemn(account_id: int, using: str, condition: Q) -> bool | None:
    """Disconnect an account and stop its syncs; tell whether it was linked, None if it is not under ``condition``."""
    with transaction.atomic(using=using):
        stored = _locked(account_id, using, condition)
        if stored is None:
            return None
        erasure.stop_syncs(account_id, using, "disconnected")
        erasure.forget_states(account_id, using)
        was_linked = stored.status != AccountStatus.DISCONNECTED
        if was_linked:
            _mark(stored, using)
    return was_linked


def _mark(account: SpotifyAccount, using: str) -> None:
    SpotifyToken.objects.using(using).filter(pk=account.pk).delete()
    SpotifyAccount.objects.using(using).filter(pk=account.pk).update(
        status=AccountStatus.DISCONNECTED, status_changed_at=timezone.now()
    )


def _remove(account_id: int, using: str, condition: Q) -> dict[str, int]:
    """Delete library and account, each batch only as long as the account is under ``condition``."""
    removed = erasure.erase_library(account_id, using, condition)
    done_again(partial(_remove_account, account_id, using, condition), using=using)
    return removed


def _remove_account(account_id: int, using: str, condition: Q) -> None:
    with transaction.atomic(using=using):
        if _locked(account_id, using, condition):
            erasure.stop_syncs(account_id, using, "disconnected")
            erasure.erase_rest(account_id, using)
            SpotifyAccount.objects.using(using).filter(pk=account_id)._raw_delete(using)


def _locked(account_id: int, using: str, condition: Q = ALWAYS) -> SpotifyAccount | None:
    """Return the account, locked, if it is still there and under ``condition``."""
    return SpotifyAccount.objects.using(using).filter(condition).get_locked(pk=account_id)


def _tell(account: SpotifyAccount, removed: dict[str, int], using: str) -> None:
    transaction.on_commit(
        lambda: account_disconnected.send_robust(SpotifyAccount, account=account, counts=removed),
        using=using,
        robust=True,
    )

"""The end of a grant: users are told before it comes, once at each distance, and when it has come. Asks nobody.

Rows are read by key, in chunks, and changed one by one under a condition, so that of several workers one tells.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from itertools import chain

from django.db import router, transaction
from django.db.models import F, Q
from django.utils import timezone

from django_spotify_sync.accounts import suspicion
from django_spotify_sync.conf import conf
from django_spotify_sync.db.chunks import in_chunks
from django_spotify_sync.db.transactions import done_again
from django_spotify_sync.models import SpotifyAccount
from django_spotify_sync.models.accounts import AccountStatus
from django_spotify_sync.signals import grant_expiring

logger = logging.getLogger(__name__)

CHUNK = 500


def warn_expiring_grants() -> dict[str, int]:
    """Tell which grants end soon, once at each distance of GRANT_NOTICE, and which have ended; return how many of each.

    Spotify is not asked: six months after consent a grant is over, however often it was refreshed. Who was not told of
    several distances, because nothing ran for a while, is told of the nearest. Where the end is estimated it is told of
    all the same, and ends nothing.
    """
    using = router.db_for_write(SpotifyAccount)
    ended = sum(suspicion.expired(account) for account in _over(using))
    told, after = 0, timedelta(0)
    for notice in sorted(set(conf.GRANT_NOTICE)):
        told += sum(_tell(account, notice) for account in _to_tell(using, notice, after))
        after = notice
    logger.info("grants: %d told of their end, %d ended", told, ended)
    return {"expiring": told, "ended": ended}


def _over(using: str) -> Iterator[SpotifyAccount]:
    has_grant = Q(status__in=(AccountStatus.CONNECTED, AccountStatus.SUSPECT))
    is_over = Q(reauthorize_by__lte=timezone.now(), reauthorize_by_estimated=False)
    return _by_key(using, has_grant & is_over)


def _to_tell(using: str, notice: timedelta, after: timedelta) -> Iterator[SpotifyAccount]:
    """Give the accounts for which ``notice`` is the nearest distance, and that were not told since it was reached."""
    now = timezone.now()
    near = Q(reauthorize_by__gt=now + after, reauthorize_by__lte=now + notice)
    return _by_key(using, Q(status=AccountStatus.CONNECTED) & near & _untold(notice))


def _untold(notice: timedelta) -> Q:
    return Q(grant_noticed_at=None) | Q(grant_noticed_at__lt=F("reauthorize_by") - notice)


def _by_key(using: str, condition: Q) -> Iterator[SpotifyAccount]:
    rows = SpotifyAccount.objects.using(using).filter(condition)
    return chain.from_iterable(in_chunks(rows, size=CHUNK))


def _tell(account: SpotifyAccount, notice: timedelta) -> bool:
    """Note and tell that a grant ends; False if somebody else did, or it is another grant by now."""
    using = account._state.db
    mine = SpotifyAccount.objects.using(using).filter(
        _untold(notice),
        pk=account.pk,
        status=AccountStatus.CONNECTED,
        reauthorize_by=account.reauthorize_by,
    )
    account.grant_noticed_at = timezone.now()
    note = partial(mine.update, grant_noticed_at=account.grant_noticed_at)
    if not done_again(note, using=mine.db):
        return False
    logger.info("account %s: its grant ends at %s", account.pk, account.reauthorize_by)
    transaction.on_commit(
        lambda: grant_expiring.send_robust(
            SpotifyAccount, account=account, notice=notice, reauthorize_by=account.reauthorize_by
        ),
        using=using,
        robust=True,
    )
    return True

"""Store a grant as a user's, whoever asks for it: one Spotify account a user, one user a Spotify account.

No network call is made here.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from django.db import IntegrityError, router, transaction
from django.db.models import Q
from django.utils import timezone

from django_spotify_sync import erasure
from django_spotify_sync.conf import conf
from django_spotify_sync.exceptions import LinkedElsewhere, SpotifyUnavailable
from django_spotify_sync.grants import lifetime
from django_spotify_sync.models import SpotifyAccount, SpotifyToken, SyncState
from django_spotify_sync.models.accounts import (
    AccountStatus,
    Tokens,
    six_months_after,
    wanted_scopes,
)
from django_spotify_sync.secret import Secret
from django_spotify_sync.signals import account_connected
from django_spotify_sync.spotify import oauth
from django_spotify_sync.spotify.rows import ProfileRow

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser

logger = logging.getLogger(__name__)


def connect(user: AbstractBaseUser, profile: ProfileRow, grant: oauth.Grant) -> SpotifyAccount:
    """Store ``grant`` as the user's, with a new period of six months; the library stays if the Spotify account does.

    :raises LinkedElsewhere: if another user of the site has this Spotify account.
    """
    if grant.refresh_token is None:
        raise SpotifyUnavailable("Spotify gave no refresh token.")
    try:
        return _connect(user, profile, grant, grant.refresh_token)
    except (
        IntegrityError
    ):  # two callbacks at once, and the other was first: look again at what it left
        return _connect(user, profile, grant, grant.refresh_token)


def _connect(
    user: AbstractBaseUser, profile: ProfileRow, grant: oauth.Grant, refresh_token: Secret
) -> SpotifyAccount:
    using = router.db_for_write(SpotifyAccount)
    with transaction.atomic(using=using):
        account, created = _store(user, profile, grant, refresh_token, using)
        transaction.on_commit(
            lambda: account_connected.send_robust(SpotifyAccount, account=account, created=created),
            using=using,
            robust=True,
        )
    logger.info("account %s connected", account.pk)
    return account


def _store(
    user: AbstractBaseUser,
    profile: ProfileRow,
    grant: oauth.Grant,
    refresh_token: Secret,
    using: str,
) -> tuple[SpotifyAccount, bool]:
    accounts = SpotifyAccount.objects.using(using)
    same = Q(spotify_id=profile.spotify_id)
    if profile.spotify_account_id:
        same |= Q(spotify_account_id=profile.spotify_account_id)
    if accounts.linked().filter(same).exclude(user_id=user.pk).exists():
        raise LinkedElsewhere
    # no_key: a sync that is writing rows of this account need not wait, nor be waited for
    account = accounts.select_for_update(no_key=True).filter(user_id=user.pk).first()
    created = account is None
    if account is None:
        account = SpotifyAccount(user_id=user.pk)
    elif not _is_same(account, profile):
        erasure.stop_syncs(account.pk, using, "other_account")
        erasure.erase_library(account.pk, using)
        erasure.forget_states(account.pk, using)
        account.spotify_account_id = None
    now = timezone.now()
    account.spotify_id = profile.spotify_id
    account.spotify_account_id = profile.spotify_account_id or account.spotify_account_id
    account.display_name, account.image_url = profile.display_name, profile.image_url
    account.status, account.status_changed_at = AccountStatus.CONNECTED, now
    account.authorized_at, account.reauthorize_by = now, six_months_after(now)
    account.judge_at = account.grant_noticed_at = None
    account.save(using=using)
    old = SpotifyToken.objects.using(using).filter(pk=account.pk).first()
    token = SpotifyToken(account=account, version=old.version + 1 if old else 1, refreshed_at=now)
    token.scope = grant.scope if grant.scope is not None else " ".join(wanted_scopes())
    token.expires_at = now + lifetime(grant)
    token.seal(Tokens(access=grant.access_token, refresh=refresh_token))
    token.save(using=using, force_update=old is not None, force_insert=old is None)
    SyncState.objects.using(using).bulk_create(
        [
            SyncState(account=account, resource=resource, next_sync_at=now)
            for resource in conf.RESOURCES
        ],
        ignore_conflicts=True,
    )
    return account, created


def _is_same(account: SpotifyAccount, profile: ProfileRow) -> bool:
    """Tell whether a row and a profile are one Spotify account: by the stable id where both have it."""
    if account.spotify_account_id and profile.spotify_account_id:
        return account.spotify_account_id == profile.spotify_account_id
    return account.spotify_id == profile.spotify_id

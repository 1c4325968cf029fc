"""Store a grant as a user's, whoever asks for it: one Spotify account a user, one user a Spotify account.

No network call is made here.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from django.contrib.auth import get_user_model
from django.db import IntegrityError, router, transaction
from django.utils import timezone

from django_spotify_sync.accounts import erasure
from django_spotify_sync.accounts.tokens import lifetime
from django_spotify_sync.conf import conf
from django_spotify_sync.db.locks import lock_free
from django_spotify_sync.db.transactions import done_again
from django_spotify_sync.exceptions import (
    LinkedElsewhere,
    NotConnected,
    NoUser,
    SpotifyUnavailable,
)
from django_spotify_sync.models import SpotifyAccount, SpotifyToken, SyncState
from django_spotify_sync.models.accounts import (
    AccountStatus,
    Consent,
    Tokens,
    wanted_scopes,
)
from django_spotify_sync.models.runs import wake_runs
from django_spotify_sync.secret import Secret
from django_spotify_sync.signals import account_connected, sign_in_linked
from django_spotify_sync.spotify import oauth
from django_spotify_sync.spotify.answers.profile import ProfileRow

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser

logger = logging.getLogger(__name__)


def connect(user: AbstractBaseUser, profile: ProfileRow, grant: oauth.Grant) -> SpotifyAccount:
    """Store ``grant`` as the user's, with a new period of six months; the library stays if the Spotify account does.

    :raises NoUser: if the user was deleted meanwhile.
    :raises LinkedElsewhere: if another user of the site has this Spotify account.
    :raises SpotifyUnavailable: if the grant has no refresh token.
    """
    return _connect(user, profile, grant, lambda account: True)


def keep(
    user: AbstractBaseUser, profile: ProfileRow, grant: oauth.Grant, *, was_linked: bool
) -> SpotifyAccount:
    """Keep what came of signing in, as far as it is of use; return the user's account.

    A user without an account is linked. A grant takes the place of the stored one, whatever became of that, and begins
    six new months, if it is as wide or wider. ``was_linked`` says that the Spotify account was somebody's when this
    sign-in began.

    :raises NoUser: if the account was disconnected since: signing in undoes no disconnect; or the user was deleted.
    :raises LinkedElsewhere: if another user has this Spotify account, or this user another one.
    """

    def is_wanted(account: SpotifyAccount | None) -> bool:
        if account is None or account.status == AccountStatus.DISCONNECTED:
            if was_linked:
                raise NoUser
            return True
        _ensure_of(account, profile)
        return grant.refresh_token is not None and set(account.scopes) <= set(_scope(grant).split())

    return _connect(user, profile, grant, is_wanted)


def keep_adopted(
    user: AbstractBaseUser, profile: ProfileRow, grant: oauth.Grant, consent: Consent
) -> SpotifyAccount:
    """Keep a grant that another app of the site was given; return the user's account. One that has a grant keeps it.

    :raises NoUser: if the user was deleted meanwhile.
    :raises NotConnected: if the user disconnected.
    :raises LinkedElsewhere: if another user has this Spotify account, or this user another one.
    """

    def is_wanted(account: SpotifyAccount | None) -> bool:
        if not lacks_grant(account):
            return False
        if account is not None:
            _ensure_of(account, profile)
        return True

    return _connect(user, profile, grant, is_wanted, consent)


def lacks_grant(account: SpotifyAccount | None) -> bool:
    """Tell whether a user's account has no grant that may be used, or is not there at all.

    :raises NotConnected: if the user disconnected, which nobody else undoes.
    """
    if account is not None and account.status == AccountStatus.DISCONNECTED:
        raise NotConnected("The user has disconnected Spotify, and has to connect it again.")
    return account is None or account.status == AccountStatus.REAUTHORIZATION_REQUIRED


def _ensure_of(account: SpotifyAccount, profile: ProfileRow) -> None:
    if not account.is_of(profile):
        raise LinkedElsewhere("This user of the site has another Spotify account connected.")


type _Condition = Callable[[SpotifyAccount | None], bool]


def _connect(
    user: AbstractBaseUser,
    profile: ProfileRow,
    grant: oauth.Grant,
    is_wanted: _Condition,
    consent: Consent | None = None,
) -> SpotifyAccount:
    """``consent`` is when the user agreed; just now if it is None."""
    using = router.db_for_write(SpotifyAccount)
    once = partial(_connect_once, user, profile, grant, is_wanted, consent)
    try:
        return done_again(once, using=using)
    except IntegrityError:
        users = get_user_model()._base_manager
        if not users.using(router.db_for_write(users.model)).filter(pk=user.pk).exists():
            raise NoUser from None  # deleted meanwhile
        # two callbacks at once, and the other was first: look again at what it left
        return once()


def _connect_once(
    user: AbstractBaseUser,
    profile: ProfileRow,
    grant: oauth.Grant,
    is_wanted: _Condition,
    consent: Consent | None,
) -> SpotifyAccount:
    using = router.db_for_write(SpotifyAccount)
    with transaction.atomic(using=using):
        account = SpotifyAccount.objects.using(using).get_locked(user_id=user.pk)
        wanted, created = is_wanted(account), account is None
        is_new_way = conf.LOGIN_ENABLED and not _signs_in(account, profile)
        account = account or SpotifyAccount(user_id=user.pk)
        if not wanted:
            return account
        _store(account, profile, grant, consent, using)
        transaction.on_commit(
            lambda: account_connected.send_robust(SpotifyAccount, account=account, created=created),
            using=using,
            robust=True,
        )
        if is_new_way:
            transaction.on_commit(
                lambda: sign_in_linked.send_robust(
                    SpotifyAccount, account=account, linked_at=account.status_changed_at
                ),
                using=using,
                robust=True,
            )
    logger.info("account %s connected", account.pk)
    return account


def _signs_in(account: SpotifyAccount | None, profile: ProfileRow) -> bool:
    """Tell whether this Spotify account signs the user in already."""
    return (
        account is not None
        and account.status != AccountStatus.DISCONNECTED
        and account.is_of(profile)
    )


def _store(
    account: SpotifyAccount,
    profile: ProfileRow,
    grant: oauth.Grant,
    consent: Consent | None,
    using: str,
) -> None:
    if grant.refresh_token is None:
        raise SpotifyUnavailable("Spotify gave no refresh token.")
    claims = SpotifyAccount.objects.using(using).claiming(profile)
    if claims.exclude(user_id=account.user_id).exists():
        raise LinkedElsewhere
    is_new = account._state.adding
    if not is_new and not account.is_of(profile):
        erasure.stop_syncs(account.pk, using, "other_account")
        erasure.erase_library(account.pk, using)
        erasure.forget_states(account.pk, using)
        account.spotify_account_id = None
    now = timezone.now()
    account.spotify_id = profile.spotify_id
    account.spotify_account_id = profile.spotify_account_id or account.spotify_account_id
    account.display_name, account.image_url = profile.display_name, profile.image_url
    account.status, account.status_changed_at = AccountStatus.CONNECTED, now
    consent = consent or Consent.of(now)
    account.authorized_at, account.reauthorize_by = consent.given_at, consent.ends_at
    account.reauthorize_by_estimated = consent.is_estimated
    account.judge_at = account.grant_noticed_at = None
    account.save(using=using)
    _seal(account, grant, grant.refresh_token, is_new=is_new, using=using)
    wake_runs(account.pk, using)
    SyncState.objects.using(using).bulk_create(
        [
            SyncState(account=account, resource=resource, next_sync_at=now)
            for resource in conf.RESOURCES
        ],
        ignore_conflicts=True,
    )
    # Those that were there were put off for want of a grant. One that is written just now is not waited for.
    states = SyncState.objects.using(using)
    waiting = [state.pk for state in lock_free(states.filter(account=account).only("pk"))]
    states.filter(pk__in=waiting).update(next_sync_at=now, failures=0)


def _seal(
    account: SpotifyAccount, grant: oauth.Grant, refresh_token: Secret, *, is_new: bool, using: str
) -> None:
    old = SpotifyToken.objects.using(using).filter(pk=account.pk).first()
    # A refresh that began before the account was disconnected must not find its version again.
    first = 1 if is_new else secrets.randbelow(10**9) + 2
    version = old.version + 1 if old is not None else first
    now = account.status_changed_at
    token = SpotifyToken(account=account, version=version, refreshed_at=now, scope=_scope(grant))
    token.expires_at = now + lifetime(grant)
    token.seal(Tokens(access=grant.access_token, refresh=refresh_token))
    token.save(using=using, force_update=old is not None, force_insert=old is None)


def _scope(grant: oauth.Grant) -> str:
    """Return the scopes of a grant: those asked for where the answer did not say (RFC 6749, 5.1)."""
    return grant.scope if grant.scope is not None else " ".join(wanted_scopes())

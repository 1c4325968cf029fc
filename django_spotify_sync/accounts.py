"""An account's grant: connect, keep its token fresh, and give a client that uses it.

No network call is made inside a transaction here, and no row is locked during one.
"""

from __future__ import annotations

import logging
import time
from datetime import timedelta
from typing import TYPE_CHECKING

from django.contrib.auth import get_user_model
from django.db import IntegrityError, router, transaction
from django.db.models import Q
from django.utils import timezone

from django_spotify_sync import oauth_state, shared_cache
from django_spotify_sync.conf import conf
from django_spotify_sync.exceptions import (
    AccessDenied,
    AccessTokenRejected,
    CacheUnavailable,
    ConnectError,
    Forbidden,
    GrantRejected,
    LinkedElsewhere,
    NotAllowlisted,
    NotConnected,
    ReauthorizationRequired,
    SpotifyUnavailable,
    StateExpired,
    StateMissing,
)
from django_spotify_sync.models import (
    AccountPlaylist,
    FollowedArtist,
    SavedTrack,
    SpotifyAccount,
    SpotifyToken,
    SyncRun,
    SyncState,
)
from django_spotify_sync.models.accounts import AccountStatus, Tokens, six_months_after
from django_spotify_sync.models.runs import RunStatus
from django_spotify_sync.oauth_state import Attempt
from django_spotify_sync.secret import Secret
from django_spotify_sync.signals import account_connected
from django_spotify_sync.spotify import oauth
from django_spotify_sync.spotify.client import Client
from django_spotify_sync.spotify.parsers import parse_profile
from django_spotify_sync.spotify.rows import ProfileRow
from django_spotify_sync.spotify.scopes import scopes_for

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser

logger = logging.getLogger(__name__)

LOCK_TTL = timedelta(seconds=60)  # longer than a refresh can take: connect and read time out before
LOSER_WAITS = 10.0  # seconds that one who lost the lock gives the one who has it
_LOOK_AGAIN = 0.1


def app() -> oauth.App:
    """Return the site's app at Spotify, from the settings."""
    return oauth.App(
        client_id=conf.CLIENT_ID,
        client_secret=Secret(conf.CLIENT_SECRET),
        accounts_url=conf.ACCOUNTS_URL,
        timeout=conf.REQUEST_TIMEOUT.total_seconds(),
    )


def wanted_scopes() -> list[str]:
    """Return the scopes that a user is asked for."""
    return list(conf.SCOPES) if conf.SCOPES is not None else scopes_for(conf.RESOURCES)


# Connecting


def begin_connect(user: AbstractBaseUser, *, redirect_uri: str, next_url: str, browser: str) -> str:
    """Remember that ``user`` begins to connect, in this ``browser``; return the address of Spotify's consent page.

    :raises CacheUnavailable: if the attempt cannot be remembered: nobody is sent away who could not come back.
    """
    verifier = oauth.new_verifier() if conf.USE_PKCE else None
    state = oauth_state.begin(
        Attempt(
            user_id=str(user.pk),
            browser=oauth_state.browser_hash(browser),
            redirect_uri=redirect_uri,
            next_url=next_url,
            verifier=verifier,
        )
    )
    return oauth.authorize_url(
        app(), redirect_uri=redirect_uri, scopes=wanted_scopes(), state=state, verifier=verifier
    )


def finish_connect(
    *, state: str, code: str, error: str, user_id: str | None, browser: str | None
) -> tuple[SpotifyAccount, Attempt]:
    """Turn what the callback brought into a connected account. Nothing is stored before ``/me`` has answered.

    :raises StateMissing, StateExpired, StateReplayed, StateOtherBrowser: if the state is not this user's or browser's.
    :raises AccessDenied: if the user did not agree.
    :raises NotAllowlisted: if Spotify lets this user finish, but not use the app.
    :raises LinkedElsewhere: if another user of the site has this Spotify account.
    :raises SpotifyError, CacheUnavailable: if either does not answer as it should.
    """
    attempt = oauth_state.finish(state, user_id=user_id, browser=browser)
    if error:
        raise AccessDenied if error == "access_denied" else ConnectError(_answered(error))
    if not code:
        raise StateMissing
    user = get_user_model()._default_manager.filter(pk=attempt.user_id).first()
    if user is None or not user.is_active:
        raise StateExpired
    try:
        grant = oauth.exchange_code(
            app(), code=Secret(code), redirect_uri=attempt.redirect_uri, verifier=attempt.verifier
        )
    except GrantRejected:
        rejected = True
    else:
        rejected = False
    if rejected:
        raise StateExpired(
            "Spotify did not accept the code (too old, or used before): begin again."
        )
    return connect(user, fetch_profile(grant), grant), attempt


def fetch_profile(grant: oauth.Grant) -> ProfileRow:
    """Ask Spotify whose grant this is (Get Current User's Profile).

    :raises NotAllowlisted: if Spotify refuses the user, who was able to consent all the same.
    """
    with _client(_FixedTokens(grant.access_token)) as client:
        try:
            return client.get("/me", parse_profile)
        except Forbidden as error:
            raise NotAllowlisted from error


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
    accounts = SpotifyAccount.objects.using(using).select_for_update()
    same = Q(spotify_id=profile.spotify_id)
    if profile.spotify_account_id:
        same |= Q(spotify_account_id=profile.spotify_account_id)
    if accounts.linked().filter(same).exclude(user_id=user.pk).exists():
        raise LinkedElsewhere
    account = accounts.filter(user_id=user.pk).first()
    created = account is None
    if account is None:
        account = SpotifyAccount(user_id=user.pk)
    elif not _is_same(account, profile):
        _forget_library(account, using)
    now = timezone.now()
    account.spotify_id = profile.spotify_id
    account.spotify_account_id = profile.spotify_account_id or (
        account.spotify_account_id if not created and _is_same(account, profile) else None
    )
    account.display_name, account.image_url = profile.display_name, profile.image_url
    account.status, account.status_changed_at = AccountStatus.CONNECTED, now
    account.authorized_at, account.reauthorize_by = now, six_months_after(now)
    account.grant_noticed_at = None
    account.save(using=using)
    old = SpotifyToken.objects.using(using).filter(pk=account.pk).first()
    token = SpotifyToken(account=account, version=old.version + 1 if old else 1, refreshed_at=now)
    token.scope = grant.scope if grant.scope is not None else " ".join(wanted_scopes())
    token.expires_at = now + timedelta(seconds=grant.expires_in)
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


def _forget_library(account: SpotifyAccount, using: str) -> None:
    """Remove another Spotify account's library from under this user, and stop what is syncing it."""
    SyncRun.objects.using(using).filter(account=account).live().update(
        status=RunStatus.CANCELLED, finished_at=timezone.now(), claim=None, reason="other_account"
    )
    for model in (SavedTrack, AccountPlaylist, FollowedArtist, SyncState):
        rows = model._default_manager.using(using).filter(account=account)
        rows._raw_delete(using)


def _answered(error: str) -> str:
    return f"Spotify answered {error[:50]!r} instead of a code; nothing was connected."


# The token


class AccountTokens:
    """Where a client has the account's access token from: the row, refreshed before it ends and when it is rejected."""

    def __init__(self, account: SpotifyAccount) -> None:
        self._row = _token_of(account)
        self._access = self._row.unseal().access

    def current(self) -> Secret:
        if self._row.is_expiring:
            self._take(refresh(self._row.account))
        return self._access

    def renew(self, rejected: Secret) -> Secret:
        if self._access == rejected:
            self._take(refresh(self._row.account, rejected=rejected))
        return self._access

    def _take(self, row: SpotifyToken) -> None:
        self._row, self._access = row, row.unseal().access


class _FixedTokens:
    """One access token that nobody can renew: a grant that is not stored yet."""

    def __init__(self, access: Secret) -> None:
        self._access = access

    def current(self) -> Secret:
        return self._access

    def renew(self, rejected: Secret) -> Secret:
        raise AccessTokenRejected(
            "Spotify does not accept the access token that it has just given.", status=401
        )


def client_for(account: SpotifyAccount) -> Client:
    """Return a client that reads Spotify's Web API with the account's token, refreshed as needed.

    Close it, or use it in a ``with``.

    :raises NotConnected, ReauthorizationRequired: if there is no grant to use.
    :raises SealingError: if the stored token cannot be read.
    """
    return _client(AccountTokens(account))


def _client(tokens: AccountTokens | _FixedTokens) -> Client:
    return Client(
        tokens,
        api_url=conf.API_URL,
        workers=conf.FETCH_WORKERS,
        timeout=conf.REQUEST_TIMEOUT.total_seconds(),
        language=conf.ACCEPT_LANGUAGE,
    )


def ensure_connected(account: SpotifyAccount) -> None:
    """Pass if the account's grant may be used.

    :raises NotConnected, ReauthorizationRequired: if not.
    """
    if account.status == AccountStatus.DISCONNECTED:
        raise NotConnected
    if account.status != AccountStatus.CONNECTED:
        raise ReauthorizationRequired


def refresh(account: SpotifyAccount, *, rejected: Secret | None = None) -> SpotifyToken:
    """Refresh the account's access token now, by one caller at a time; return the row as it is afterwards.

    ``rejected`` is a token that Spotify answered with a 401: if the row holds another one by now, that one serves.
    The refresh token is kept when the answer has none, and replaced when it has one.

    :raises ReauthorizationRequired: if Spotify no longer accepts the grant.
    :raises SpotifyError: if the accounts service does not answer as it should; the account's status stays as it is.
    """
    seen = _token_of(account)
    if rejected is not None and seen.unseal().access != rejected:
        return seen
    lock, deadline = f"refresh:{account.pk}", time.monotonic() + LOSER_WAITS
    while True:
        locked = _lock(lock)
        try:
            token = _token_of(account)
            if token.version != seen.version:
                return token
            if locked or time.monotonic() > deadline:
                return _refresh(token)
        finally:
            if locked:
                _unlock(lock)
        time.sleep(_LOOK_AGAIN)


def _refresh(token: SpotifyToken) -> SpotifyToken:
    tokens = token.unseal()
    try:
        grant = oauth.refresh(app(), tokens.refresh)
    except GrantRejected:
        grant = None
    if grant is None:
        newer = _token_of(token.account)
        if newer.version != token.version:
            return newer  # a race that was lost: the winner's token is good
        _lose_grant(token)
        raise ReauthorizationRequired
    now = timezone.now()
    token.seal(Tokens(access=grant.access_token, refresh=grant.refresh_token or tokens.refresh))
    written = (
        SpotifyToken.objects.using(token._state.db)
        .filter(pk=token.pk, version=token.version)
        .update(
            sealed=token.sealed,
            key_id=token.key_id,
            version=token.version + 1,
            expires_at=now + timedelta(seconds=grant.expires_in),
            scope=grant.scope if grant.scope is not None else token.scope,
            refreshed_at=now,
        )
    )
    logger.info(
        "account %s: token %s",
        token.pk,
        "refreshed" if written else "was refreshed elsewhere meanwhile",
    )
    return _token_of(token.account)


def _lose_grant(token: SpotifyToken) -> None:
    """Note that the user has to consent again; the sealed tokens stay, in case Spotify was wrong."""
    changed = (
        SpotifyAccount.objects.using(token._state.db)
        .connected()
        .filter(pk=token.pk, token__version=token.version)
        .update(status=AccountStatus.REAUTHORIZATION_REQUIRED, status_changed_at=timezone.now())
    )
    if changed:
        logger.warning("account %s: Spotify no longer accepts its grant", token.pk)


def _token_of(account: SpotifyAccount) -> SpotifyToken:
    using = router.db_for_write(SpotifyToken)
    token = (
        SpotifyToken.objects.using(using).select_related("account").filter(pk=account.pk).first()
    )
    if token is None:
        raise NotConnected
    ensure_connected(token.account)
    return token


def _lock(name: str) -> bool:
    """Take a lock; with the cache away everybody may go, and the conditional write decides."""
    try:
        return shared_cache.add(name, 1, LOCK_TTL)
    except CacheUnavailable:
        return True


def _unlock(name: str) -> None:
    try:
        shared_cache.delete(name)
    except CacheUnavailable:
        logger.warning("%s was left locked: the cache is away", name)

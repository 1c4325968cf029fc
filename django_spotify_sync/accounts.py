"""An account: connect it, refresh its token, and read Spotify's Web API with it.

No network call is made inside a transaction here, and no row is locked during one.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from django.contrib.auth import get_user_model
from django.db import IntegrityError, router, transaction
from django.db.models import NOT_PROVIDED, Q
from django.utils import timezone

from django_spotify_sync import oauth_state
from django_spotify_sync.conf import conf
from django_spotify_sync.exceptions import (
    AccessDenied,
    ConnectError,
    Forbidden,
    GrantRejected,
    LinkedElsewhere,
    NotAllowlisted,
    SpotifySyncError,
    SpotifyUnavailable,
    StateExpired,
    StateMissing,
)
from django_spotify_sync.grants import AccountTokens, app, ensure_connected, lifetime, refresh
from django_spotify_sync.models import (
    AccountPlaylist,
    FollowedArtist,
    SavedTrack,
    SpotifyAccount,
    SpotifyToken,
    StagedPage,
    SyncRun,
    SyncState,
)
from django_spotify_sync.models.accounts import (
    AccountStatus,
    Tokens,
    six_months_after,
    wanted_scopes,
)
from django_spotify_sync.models.runs import RunStatus
from django_spotify_sync.oauth_state import Attempt
from django_spotify_sync.secret import Secret
from django_spotify_sync.signals import account_connected
from django_spotify_sync.spotify import oauth
from django_spotify_sync.spotify.client import Client
from django_spotify_sync.spotify.parsers import parse_profile
from django_spotify_sync.spotify.rows import ProfileRow

__all__ = [
    "AccountTokens",
    "app",
    "begin_connect",
    "client_for",
    "connect",
    "ensure_connected",
    "fetch_profile",
    "finish_connect",
    "refresh",
    "wanted_scopes",
]

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser

logger = logging.getLogger(__name__)

_OAUTH_ERRORS = (
    "access_denied",
    "invalid_request",
    "invalid_scope",
    "server_error",
    "temporarily_unavailable",
    "unauthorized_client",
    "unsupported_response_type",
)


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
    *, state: str, code: Secret, error: str, user_id: str | None, browser: str | None
) -> tuple[SpotifyAccount, Attempt]:
    """Turn what the callback brought into a connected account. Nothing is stored before ``/me`` has answered.

    :raises StateMissing, StateExpired, StateReplayed, StateOtherBrowser: if the state is not this user's or browser's.
    :raises AccessDenied: if the user did not agree.
    :raises NotAllowlisted: if Spotify lets this user finish, but not use the app.
    :raises LinkedElsewhere: if another user of the site has this Spotify account.
    :raises SpotifyError, CacheUnavailable: if either does not answer as it should.
    """
    if not (code or error):
        raise StateMissing  # before the state is used up: half an answer is none
    attempt = oauth_state.finish(state, user_id=user_id, browser=browser)
    if error:
        raise _refusal(error)
    user = get_user_model()._default_manager.filter(pk=attempt.user_id).first()
    if user is None or not user.is_active:
        raise StateExpired
    try:
        grant = oauth.exchange_code(
            app(), code=code, redirect_uri=attempt.redirect_uri, verifier=attempt.verifier
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


def _refusal(error: str) -> SpotifySyncError:
    """Return what stands for an ``error`` that came instead of a code (RFC 6749, 4.1.2.1)."""
    if error == "access_denied":
        return AccessDenied()
    # Only a word of the standard is repeated: anybody can put anything into the callback's query.
    said = repr(error) if error in _OAUTH_ERRORS else "with an error"
    words = f"Spotify answered {said} instead of a code; nothing was connected."
    passing = error in ("server_error", "temporarily_unavailable")
    return SpotifyUnavailable(words) if passing else ConnectError(words)


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
        _forget_library(account, using)
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


def _forget_library(account: SpotifyAccount, using: str) -> None:
    """Remove another Spotify account's library from under this user, and stop what is syncing it.

    The states are locked first, as a sync that writes does, so that the two cannot wait for each other; and they are
    emptied, not deleted, so that such a sync finds its state and then that its run is not its own any more.
    """
    states = SyncState.objects.using(using).filter(account=account)
    list(states.select_for_update().order_by("resource"))
    SyncRun.objects.using(using).filter(account=account).live().update(
        status=RunStatus.CANCELLED,
        finished_at=timezone.now(),
        claim=None,
        resume_at=None,
        reason="other_account",
    )
    StagedPage.objects.using(using).filter(run__account=account).delete()
    for model in (SavedTrack, AccountPlaylist, FollowedArtist):
        rows = model._default_manager.using(using).filter(account=account)
        rows._raw_delete(using)
    unknown = {
        field.name: field.get_default()
        for field in SyncState._meta.concrete_fields
        if field.null or field.default is not NOT_PROVIDED
    }
    states.update(**unknown | {"next_sync_at": timezone.now()})


# Reading with the grant


class _FixedTokens:
    """The access token of a grant that is not stored yet. Spotify has rejected good ones for a moment: it is asked
    again with the same.
    """

    def __init__(self, access: Secret) -> None:
        self._access = access

    def current(self) -> Secret:
        return self._access

    def renew(self, rejected: Secret) -> Secret:
        return rejected


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

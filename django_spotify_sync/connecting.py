"""To Spotify's consent page and back: what was begun, and whose grant it is that came of it.

No network call is made inside a transaction here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.auth import get_user_model

from django_spotify_sync import oauth_state
from django_spotify_sync.clients import FixedTokens, client_of
from django_spotify_sync.conf import conf
from django_spotify_sync.exceptions import (
    AccessDenied,
    ConnectError,
    Forbidden,
    GrantRejected,
    NotAllowlisted,
    SpotifySyncError,
    SpotifyUnavailable,
    StateExpired,
    StateMissing,
)
from django_spotify_sync.grants import app
from django_spotify_sync.linking import connect
from django_spotify_sync.models import SpotifyAccount
from django_spotify_sync.models.accounts import wanted_scopes
from django_spotify_sync.oauth_state import Attempt
from django_spotify_sync.secret import Secret
from django_spotify_sync.spotify import oauth
from django_spotify_sync.spotify.parsers import parse_profile
from django_spotify_sync.spotify.rows import ProfileRow

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser

_OAUTH_ERRORS = (
    "access_denied",
    "invalid_request",
    "invalid_scope",
    "server_error",
    "temporarily_unavailable",
    "unauthorized_client",
    "unsupported_response_type",
)


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
    with client_of(FixedTokens(grant.access_token)) as client:
        try:
            return client.get("/me", parse_profile)
        except Forbidden as error:
            raise NotAllowlisted from error


def _refusal(error: str) -> SpotifySyncError:
    """Return what stands for an ``error`` that came instead of a code (RFC 6749, 4.1.2.1)."""
    if error == "access_denied":
        return AccessDenied()
    # Only a word of the standard is repeated: anybody can put anything into the callback's query.
    said = repr(error) if error in _OAUTH_ERRORS else "with an error"
    words = f"Spotify answered {said} instead of a code; nothing was connected."
    passing = error in ("server_error", "temporarily_unavailable")
    return SpotifyUnavailable(words) if passing else ConnectError(words)

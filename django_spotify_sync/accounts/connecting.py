"""To Spotify's consent page and back: what was begun, and whose grant it is that came of it.

No network call is made inside a transaction here.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.contrib.auth import get_user_model

from django_spotify_sync import pace
from django_spotify_sync.accounts import states
from django_spotify_sync.accounts.clients import client_of
from django_spotify_sync.accounts.states import Attempt, Purpose
from django_spotify_sync.accounts.tokens import app, page_deadline
from django_spotify_sync.conf import conf
from django_spotify_sync.db.sealing import KeyRing
from django_spotify_sync.exceptions import (
    AccessDenied,
    AppForbidden,
    ConnectError,
    Forbidden,
    GrantRejected,
    NotAllowlisted,
    SpotifySyncError,
    SpotifyUnavailable,
    StateExpired,
    StateMissing,
)
from django_spotify_sync.models import SpotifyAccount
from django_spotify_sync.models.accounts import wanted_scopes
from django_spotify_sync.models.hours import add_to_hour
from django_spotify_sync.secret import Secret
from django_spotify_sync.spotify import oauth
from django_spotify_sync.spotify.answers.profile import ProfileRow, parse_profile
from django_spotify_sync.spotify.deadlines import NEVER, Deadline

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


@dataclass(frozen=True, slots=True)
class Proof:
    """Spotify's own word whose account it is that came back, to the user or the browser that began. Made here alone.

    ``user`` is who connects, None to sign in; ``was_linked`` says that the Spotify account is somebody's already.
    """

    attempt: Attempt
    profile: ProfileRow
    grant: oauth.Grant
    user: AbstractBaseUser | None
    was_linked: bool

    @property
    def connecting_user(self) -> AbstractBaseUser:
        """:raises ValueError: for a proof that was made to sign in."""
        if self.user is None:
            raise ValueError("This proof signs in; it connects nobody.")
        return self.user


def begin_connect(
    user: AbstractBaseUser, *, redirect_uri: str, next_url: str, browser: str, session: str = ""
) -> str:
    """Remember that ``user`` begins to connect, in this ``browser``, known by the hash of its cookie.

    ``session`` is the hash of the key of the session that signs the user in, empty if other credentials do. Return the
    address of Spotify's consent page.

    :raises CacheUnavailable: if the attempt cannot be remembered: nobody is sent away who could not come back.
    :raises RateLimited, QuotaExceeded: if Spotify is known not to say who it is that comes back.
    :raises NoSealingKey: if there is no key to store a grant with, or none that is random.
    """
    attempt = Attempt(
        user_id=str(user.pk),
        browser=browser,
        redirect_uri=redirect_uri,
        next_url=next_url,
        verifier=_new_verifier(),
        session=session,
        auth_hash=_auth_hash(user),
    )
    return _begin(attempt, wanted_scopes())


def begin_login(
    user: AbstractBaseUser | None, *, redirect_uri: str, next_url: str, browser: str
) -> str:
    """The same for signing in. ``user`` is who is signed in already, and asked for no less than was granted.

    The scopes are those of connecting: one consent serves both.
    """
    account = SpotifyAccount.objects.get_for_user(user) if user is not None else None
    granted = account.scopes if account is not None else []
    scopes = list(dict.fromkeys([*wanted_scopes(), *granted]))
    attempt = Attempt(
        user_id="",
        browser=browser,
        redirect_uri=redirect_uri,
        next_url=next_url,
        verifier=_new_verifier(),
        purpose=Purpose.LOGIN,
    )
    return _begin(attempt, scopes)


def _begin(attempt: Attempt, scopes: list[str]) -> str:
    pace.ensure_door_open()
    KeyRing(conf.fernet_keys).ensure_strong()
    return oauth.authorize_url(
        app(),
        redirect_uri=attempt.redirect_uri,
        scopes=scopes,
        state=states.begin(attempt),
        verifier=attempt.verifier,
        # else Spotify sends back whoever agreed once, and nobody could ever choose another account
        show_dialog=attempt.purpose is Purpose.CONNECT,
    )


def _new_verifier() -> Secret | None:
    return oauth.new_verifier() if conf.USE_PKCE else None


def _auth_hash(user: AbstractBaseUser) -> str:
    """Return what stands for all that ends the user's sessions when it changes: the password, mostly.

    Empty for a user of a token, who is no row of the user model.
    """
    ask = getattr(user, "get_session_auth_hash", None)
    return hashlib.sha256(f"auth:{ask()}".encode()).hexdigest() if ask is not None else ""


def finish(
    *,
    state: str,
    code: Secret,
    error: str,
    user_id: str | None,
    browser: str | None,
    session: str = "",
) -> Proof:
    """Turn what the callback brought into a proof of whose Spotify account it is. Nothing is stored.

    Spotify has ``PAGE_PATIENCE`` for all that it is asked: somebody waits for a page.

    Who takes the proof says by ``note_end`` how that went.

    :raises StateMissing, StateExpired, StateReplayed, StateOtherBrowser: if the state is not this user's or browser's.
    :raises AccessDenied: if the user did not agree.
    :raises NotAllowlisted: if Spotify lets this user finish, but not use the app.
    :raises SpotifyError, CacheUnavailable: if either does not answer as it should.
    """
    if not (code or error):
        raise StateMissing  # before the state is used up: half an answer is none
    attempt = states.finish(state, user_id=user_id, browser=browser, session=session)
    try:
        return _proof(attempt, code, error)
    except BaseException:
        states.note_end(state, attempt, None)
        raise


def _proof(attempt: Attempt, code: Secret, error: str) -> Proof:
    if error:
        raise _refusal(error)
    user = None
    if attempt.purpose is Purpose.CONNECT:
        user = get_user_model()._default_manager.filter(pk=attempt.user_id).first()
    if not (_is_as_ever(user, attempt) if user is not None else _is_login(attempt)):
        raise StateExpired
    deadline = page_deadline()
    grant = _exchange(code, attempt, deadline)
    profile = fetch_profile(grant, deadline)
    was_linked = SpotifyAccount.objects.claiming(profile).exists()
    return Proof(attempt, profile, grant, user, was_linked)


def _is_as_ever(user: AbstractBaseUser, attempt: Attempt) -> bool:
    """Tell whether the user may still finish: is not shut out, and has the password with which it was begun."""
    same = not attempt.auth_hash or hmac.compare_digest(attempt.auth_hash, _auth_hash(user))
    return user.is_active and same


def _is_login(attempt: Attempt) -> bool:
    return conf.LOGIN_ENABLED and attempt.purpose is Purpose.LOGIN


def _exchange(code: Secret, attempt: Attempt, deadline: Deadline) -> oauth.Grant:
    add_to_hour("", requests=1)
    try:
        return oauth.exchange_code(
            app(deadline), code=code, redirect_uri=attempt.redirect_uri, verifier=attempt.verifier
        )
    except GrantRejected:
        pass
    # Out here, unchained.
    raise StateExpired("Spotify did not accept the code (too old, or used before): begin again.")


def fetch_profile(
    grant: oauth.Grant, deadline: Deadline = NEVER, *, scheduled: bool = False
) -> ProfileRow:
    """Ask Spotify whose grant this is (Get Current User's Profile), until the ``deadline`` at most.

    Somebody waits at the door for the answer; ``scheduled`` work waits for its turn instead, however long that takes.

    :raises NotAllowlisted: if Spotify refuses the user, who was able to consent all the same.
    :raises SpotifyUnavailable: if it does not answer, or refuses the whole app because its owner's Premium has ended.
    """
    tokens = FixedTokens(grant.access_token)
    with client_of(
        tokens,
        scheduled=scheduled,
        at_the_door=not scheduled,
        patient=scheduled,
        deadline=deadline,
    ) as client:
        try:
            return client.get("/me", parse_profile)
        except Forbidden as error:
            if isinstance(error, AppForbidden) and error.lacks_premium:  # of the app's owner
                raise SpotifyUnavailable(str(error), status=403) from error
            raise NotAllowlisted from error
        finally:
            add_to_hour("", requests=client.requests, rate_limited=client.rate_limited)


def _refusal(error: str) -> SpotifySyncError:
    """Return what stands for an ``error`` that came instead of a code (RFC 6749, 4.1.2.1)."""
    if error == "access_denied":
        return AccessDenied()
    # Only a word of the standard is repeated: anybody can put anything into the callback's query.
    said = repr(error) if error in _OAUTH_ERRORS else "with an error"
    passing = error in ("server_error", "temporarily_unavailable")
    kind: type[SpotifySyncError] = SpotifyUnavailable if passing else ConnectError
    return kind(f"Spotify answered {said} instead of a code; nothing was connected.")


class FixedTokens:
    """The access token of a grant that is not stored yet. Spotify has rejected good ones for a moment: it is asked
    again with the same.
    """

    def __init__(self, access: Secret) -> None:
        self._access = access

    def current(self) -> Secret:
        return self._access

    def renew(self, rejected: Secret) -> Secret:
        return rejected

"""The accounts service: where to send a user, and how a code or a refresh token becomes an access token.

Authorization Code Flow, with PKCE where asked for, and Refreshing Tokens (Spotify Web API documentation). A
confidential client sends its secret by HTTP Basic together with the PKCE verifier; a public one its id in the body.
"""

from __future__ import annotations

import base64
import hashlib
import json
import logging
import random
import secrets
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

import requests
import urllib3
from requests.auth import AuthBase

from django_spotify_sync.exceptions import (
    BadRequest,
    ClientRejected,
    GrantRejected,
    SpotifyError,
    SpotifyUnavailable,
    TokensRateLimited,
)
from django_spotify_sync.secret import Secret, hushed
from django_spotify_sync.spotify.answers.storable import text
from django_spotify_sync.spotify.client import LASTING, retry_after
from django_spotify_sync.spotify.deadlines import NEVER, Deadline
from django_spotify_sync.spotify.sessions import body_of, new_session

logger = logging.getLogger(__name__)

#: Seconds without which no refresh is sent: if nobody waits for the end of one, the token that it brings is lost.
LEAST = 5.0
BACKOFF = (0.3, 0.6)  # seconds before the second and the third time that a refresh is sent
_DEFAULT_EXPIRES_IN = 3600
_LONGEST_EXPIRES_IN = 24 * 3600
_LOOPBACK = ("127.0.0.1", "::1")
# The errors of RFC 6749, 5.2: only known words are repeated.
_SAID = (
    "invalid_request",
    "invalid_client",
    "invalid_grant",
    "unauthorized_client",
    "unsupported_grant_type",
    "invalid_scope",
    "server_error",
    "temporarily_unavailable",
)


def redirect_uri_problem(uri: str, *, may_have_own_scheme: bool = False) -> str:
    """Return why Spotify refuses a redirect URI, to go on from "it …"; empty if it takes it.

    Source: Spotify Web API, Redirect URIs. An app on a phone ``may_have_own_scheme``.
    """
    try:
        parts = urlsplit(uri)
    except ValueError:
        return "is no address"
    if parts.scheme not in ("http", "https"):
        return "" if parts.scheme and may_have_own_scheme else "is not https"
    if not parts.hostname:
        return "names no host"
    if parts.hostname == "localhost":
        return "names localhost"
    if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
        return "is http, which is for 127.0.0.1 and [::1] alone"
    return "has a fragment" if parts.fragment else ""


@dataclass(frozen=True, slots=True)
class App:
    """A site's app at Spotify: what the accounts service knows it by.

    ``timeout`` is for one request, in seconds; ``deadline`` for all that is asked with this value.
    """

    client_id: str
    client_secret: Secret
    accounts_url: str
    timeout: float = 30.0
    deadline: Deadline = NEVER


@dataclass(frozen=True, slots=True)
class Grant:
    """What the token endpoint gave. ``refresh_token`` is None where the answer had none: the old one stays good."""

    access_token: Secret
    refresh_token: Secret | None
    expires_in: int
    scope: str | None


def new_verifier() -> Secret:
    """Return a fresh PKCE code verifier (RFC 7636, 4.1)."""
    return Secret(secrets.token_urlsafe(64))


def challenge(verifier: Secret) -> str:
    """Return the S256 challenge of a verifier (RFC 7636, 4.2)."""
    digest = hashlib.sha256(verifier.reveal().encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def authorize_url(
    app: App,
    *,
    redirect_uri: str,
    scopes: Iterable[str],
    state: str,
    verifier: Secret | None,
    show_dialog: bool = False,
) -> str:
    """Return the address of Spotify's consent page."""
    query = {
        "client_id": app.client_id,
        "response_type": "code",
        "redirect_uri": redirect_uri,
        "scope": " ".join(scopes),
        "state": state,
    }
    if verifier is not None:
        query |= {"code_challenge_method": "S256", "code_challenge": challenge(verifier)}
    if show_dialog:
        query["show_dialog"] = "true"
    return f"{app.accounts_url}/authorize?{urlencode(query)}"


def exchange_code(app: App, *, code: Secret, redirect_uri: str, verifier: Secret | None) -> Grant:
    """Trade the code of a callback for tokens. Never sent twice: a code is good once.

    :raises GrantRejected: if Spotify does not accept the code (used, expired, another verifier or redirect URI).
    """
    form = {"grant_type": "authorization_code", "redirect_uri": redirect_uri}
    hidden = {"code": code}
    if verifier is not None:
        hidden["code_verifier"] = verifier
    return _ask(app, form, hidden)


def refresh(app: App, refresh_token: Secret) -> Grant:
    """Trade a refresh token for a new access token. Sent again after a plain 5xx, and only then.

    A connection that broke may have taken a rotated token with it: the old one is not sent a second time.

    :raises GrantRejected: if the consent has ended or was revoked.
    """
    begun = time.monotonic()
    for pause in (*BACKOFF, None):
        try:
            return _ask(app, {"grant_type": "refresh_token"}, {"refresh_token": refresh_token})
        except SpotifyUnavailable as error:
            slow = time.monotonic() - begun > app.timeout
            passing = (
                error.status is not None and error.status >= 500 and error.status not in LASTING
            )
            if pause is None or slow or not passing or app.deadline.cut(LEAST) < LEAST:
                raise
        time.sleep(app.deadline.cut(pause * random.uniform(0.5, 1.5)))
    raise AssertionError("the last attempt returns or raises")


class _Form(AuthBase):
    """Fill in credentials, codes and tokens at the last moment, so that no frame of ours holds them in the clear."""

    def __init__(self, app: App, form: Mapping[str, str], hidden: Mapping[str, Secret]) -> None:
        self._app, self._form, self._hidden = app, form, hidden

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        form = {**self._form, **{name: secret.reveal() for name, secret in self._hidden.items()}}
        if self._app.client_secret:
            basic = f"{self._app.client_id}:{self._app.client_secret.reveal()}".encode()
            request.headers["Authorization"] = "Basic " + base64.b64encode(basic).decode()
        else:
            form["client_id"] = self._app.client_id
        request.prepare_body(form, None)
        return request


def _ask(app: App, form: Mapping[str, str], hidden: Mapping[str, Secret]) -> Grant:
    what = f"POST /api/token ({form['grant_type']})"
    if not all(secret.is_sendable for secret in hidden.values()):
        raise GrantRejected(f"{what}: what was to be sent is no code or token.")
    if app.deadline.is_over:
        raise SpotifyUnavailable(f"{what}: there was no time left for it.")
    received = _receive(app, form, hidden)
    if isinstance(received, str):
        raise SpotifyUnavailable(f"{what}: the connection failed ({received}).")
    if isinstance(received, SpotifyError):
        raise received
    return received


@hushed
def _receive(
    app: App, form: Mapping[str, str], hidden: Mapping[str, Secret]
) -> Grant | SpotifyError | str:
    """Return a grant, or what went wrong. To be raised by others: frames in here hold form and answer in the clear."""
    try:
        with (
            new_session() as session,
            session.post(
                f"{app.accounts_url}/api/token",
                auth=_Form(app, form, hidden),
                headers={"Accept": "application/json"},
                timeout=max(app.deadline.cut(app.timeout), 0.001),
                stream=True,
            ) as response,
        ):
            body = body_of(response)
    except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
        return type(error).__name__
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        answer = None
    what = f"POST /api/token ({form['grant_type']})"
    if response.status_code != 200:
        return _refused(what, response.status_code, answer, response.headers.get("Retry-After"))
    return _grant(answer) or SpotifyUnavailable(
        f"{what}: the answer holds no access token.", status=200
    )


def _grant(answer: object) -> Grant | None:
    if not isinstance(answer, dict) or (access := _token(answer.get("access_token"))) is None:
        return None
    return Grant(
        access_token=access,
        refresh_token=_token(answer.get("refresh_token")),
        expires_in=_expires_in(answer.get("expires_in")),
        scope=text(answer.get("scope")),
    )


def _token(value: object) -> Secret | None:
    secret = Secret(value) if isinstance(value, str) else None
    return secret if secret is not None and secret.is_sendable else None


def _expires_in(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return _DEFAULT_EXPIRES_IN
    return int(value) if 1 <= value <= _LONGEST_EXPIRES_IN else _DEFAULT_EXPIRES_IN


def _refused(what: str, status: int, answer: object, header: str | None) -> SpotifyError:
    """Judge by status and ``error`` alone: descriptions change without notice, and might repeat what was sent."""
    error = text(answer.get("error")) if isinstance(answer, dict) else None
    words = f"{what}: Spotify answered {status}"
    words += f" ({error})." if error in _SAID else "."
    if status == 429:
        return TokensRateLimited(words, retry_after=retry_after(header))
    if status >= 500 or status < 400 or not isinstance(answer, dict):
        return SpotifyUnavailable(words, status=status)
    if error == "invalid_grant":
        return GrantRejected(words, status=status)
    if error in ("invalid_client", "unauthorized_client"):
        return ClientRejected(f"{words} {ClientRejected()}", status=status)
    return BadRequest(words, status=status)

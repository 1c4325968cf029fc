"""The accounts service: where to send a user, and how a code or a refresh token becomes an access token.

Authorization Code Flow, with PKCE where asked for, and Refreshing Tokens (Spotify Web API documentation). A
confidential client sends its secret by HTTP Basic together with the PKCE verifier; a public one its id in the body.
"""

from __future__ import annotations

import base64
import hashlib
import json
import logging
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

import requests
from requests.auth import AuthBase

from django_spotify_sync.exceptions import (
    BadRequest,
    ClientRejected,
    GrantRejected,
    RateLimited,
    SpotifyError,
    SpotifyUnavailable,
)
from django_spotify_sync.secret import Secret
from django_spotify_sync.spotify.client import RETRY_AFTER_FLOOR, new_session

logger = logging.getLogger(__name__)

_DEFAULT_EXPIRES_IN = 3600


@dataclass(frozen=True, slots=True)
class App:
    """A site's app at Spotify: what the accounts service knows it by."""

    client_id: str
    client_secret: Secret
    accounts_url: str
    timeout: float = 30.0


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
    """Trade a refresh token for a new access token.

    :raises GrantRejected: if the consent has ended or was revoked.
    """
    return _ask(app, {"grant_type": "refresh_token"}, {"refresh_token": refresh_token})


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
    failed = ""
    status, retry_after, body = 0, None, b""
    try:
        with new_session() as session:
            response = session.post(
                f"{app.accounts_url}/api/token",
                auth=_Form(app, form, hidden),
                headers={"Accept": "application/json"},
                timeout=app.timeout,
                allow_redirects=False,
            )
            status, retry_after, body = (
                response.status_code,
                response.headers.get("Retry-After"),
                response.content,
            )
    except requests.RequestException as error:
        failed = type(error).__name__
    if failed:  # raised out here, unchained: requests' frames hold the form
        raise SpotifyUnavailable(f"{what}: the connection failed ({failed}).")
    try:
        answer = json.loads(body)
    except ValueError:
        answer = None
    if status == 200:
        return _grant(answer, what)
    raise _refused(what, status, answer, retry_after)


def _grant(answer: object, what: str) -> Grant:
    if (
        not isinstance(answer, dict)
        or not isinstance(access := answer.get("access_token"), str)
        or not access
    ):
        raise SpotifyUnavailable(f"{what}: the answer holds no access token.", status=200)
    renewed, expires_in, scope = (
        answer.get(name) for name in ("refresh_token", "expires_in", "scope")
    )
    return Grant(
        access_token=Secret(access),
        refresh_token=Secret(renewed) if isinstance(renewed, str) and renewed else None,
        expires_in=int(expires_in)
        if isinstance(expires_in, int | float) and expires_in > 0
        else _DEFAULT_EXPIRES_IN,
        scope=scope if isinstance(scope, str) else None,
    )


def _refused(what: str, status: int, answer: object, retry_after: str | None) -> SpotifyError:
    """Judge by status and ``error`` alone: descriptions change without notice, and might repeat what was sent."""
    error = answer.get("error") if isinstance(answer, dict) else None
    words = f"{what}: Spotify answered {status}" + (
        f" ({error})." if isinstance(error, str) and len(error) < 50 else "."
    )
    if status == 429:
        seconds = float(retry_after) if retry_after and retry_after.isdigit() else 0.0
        return RateLimited(words, retry_after=seconds or RETRY_AFTER_FLOOR)
    if error == "invalid_grant":
        return GrantRejected(words, status=status)
    if error in ("invalid_client", "unauthorized_client"):
        return ClientRejected(words, status=status)
    if status >= 500 or status < 400 or not isinstance(answer, dict):
        return SpotifyUnavailable(words, status=status)
    return BadRequest(words, status=status)

"""The accounts service: /authorize and /api/token, and the grants they hand out.

Statuses, words and rules are those of spotify-web-api.md, section 1. Tokens begin with
``FAKE_ACCESS_`` and ``FAKE_REFRESH_`` and codes with ``FAKE_CODE_``, so that a test can search
logs, pages and databases for leaks.
"""

from __future__ import annotations

import base64
import calendar
import hashlib
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from .consent import consent_page, error_page
from .server import Answer, Body, Request
from .users import User
from .words import words
from .world import World

if TYPE_CHECKING:
    from .fake import FakeSpotify

CODE_LIFETIME = 600
TOKEN_LIFETIME = 3_600
GRANT_MONTHS = 6

CORE_SCOPE = "user-library-read playlist-read-private playlist-read-collaborative user-follow-read"
SCOPES = frozenset(
    words(
        "app-remote-control playlist-modify-private playlist-modify-public "
        "playlist-read-collaborative playlist-read-private streaming ugc-image-upload "
        "user-follow-modify user-follow-read user-library-modify user-library-read "
        "user-modify-playback-state user-personalized user-read-currently-playing user-read-email "
        "user-read-playback-position user-read-playback-state user-read-private "
        "user-read-recently-played user-top-read"
    )
)


@dataclass(slots=True, eq=False)
class Grant:
    """What one user allowed the app, and when; times in seconds since the epoch."""

    user: User
    scope: str
    authorized_at: float
    refresh_tokens: set[str] = field(default_factory=set)
    revoked: bool = False

    @property
    def scopes(self) -> set[str]:
        """The scopes one by one."""
        return set(self.scope.split())

    def dead(self, now: float) -> bool:
        """Tell whether it was revoked, or the user's consent is six calendar months old."""
        return self.revoked or now >= months_later(self.authorized_at, GRANT_MONTHS)


@dataclass(slots=True)
class Code:
    """An authorization code and what it is bound to."""

    user: User
    scope: str
    redirect_uri: str
    challenge: str | None
    expires_at: float
    used: bool = False


class TokenError(Exception):
    """The token endpoint refuses: (error, error_description)."""


class Accounts:
    """Answer for accounts.spotify.com."""

    def __init__(self, fake: FakeSpotify, world: World) -> None:
        """Begin with no codes and no grants."""
        self._fake = fake
        self._world = world
        self.grants: list[Grant] = []
        self._codes: dict[str, Code] = {}
        self._refresh: dict[str, Grant] = {}
        self._access: dict[str, tuple[Grant, float]] = {}
        self._approved: dict[str, set[str]] = {}

    # Tokens

    def grant(self, user: User, scope: str, expires_in: int = TOKEN_LIFETIME) -> dict[str, Any]:
        """Grant *scope* and answer as the token endpoint does for a code."""
        with self._world.lock:
            grant = Grant(user, scope, self._world.clock())
            self.grants.append(grant)
            self._approved.setdefault(user.key, set()).update(grant.scopes)
            refresh_token = self._new_refresh_token(grant)
            return self._token_answer(grant, expires_in, refresh_token)

    def access(self, token: str) -> Grant | str:
        """Find the grant behind an access token, or say what the 401 says."""
        grant, expires_at = self._access.get(token, (None, 0.0))
        if grant is None:
            return "Invalid access token"
        if self._world.clock() >= expires_at:
            return "The access token expired"
        return grant

    def expire_access_tokens(self) -> None:
        """Let every access token issued so far be expired."""
        with self._world.lock:
            self._access = {token: (grant, 0.0) for token, (grant, _) in self._access.items()}

    def revoke(self, user: User) -> None:
        """Take the app's access away, as the user can at spotify.com/account/apps.

        Access tokens already issued go on until they expire (spotify/web-api#600).
        """
        with self._world.lock:
            self._approved.pop(user.key, None)
            for grant in self.grants:
                if grant.user is user:
                    grant.revoked = True

    def age(self, days: float) -> None:
        """Let every consent be *days* older."""
        with self._world.lock:
            for grant in self.grants:
                grant.authorized_at -= days * 86_400

    def _new_refresh_token(self, grant: Grant) -> str:
        token = f"FAKE_REFRESH_{secrets.token_hex(59)}"
        grant.refresh_tokens.add(token)
        self._refresh[token] = grant
        return token

    def _token_answer(
        self, grant: Grant, expires_in: int, refresh_token: str | None
    ) -> dict[str, Any]:
        access_token = f"FAKE_ACCESS_{secrets.token_urlsafe(220)}"
        self._access[access_token] = (grant, self._world.clock() + expires_in)
        answer = {
            "access_token": access_token,
            "token_type": "Bearer",
            "expires_in": expires_in,
            "refresh_token": refresh_token,
            "scope": " ".join(sorted(grant.scopes)),
        }
        if refresh_token is None:
            del answer["refresh_token"]
        return answer

    # POST /api/token

    def token(self, request: Request) -> Answer:
        """Exchange a code or a refresh token."""
        if request.method != "POST":
            return Answer(405, headers={"Allow": "POST"})
        kinds: dict[str, Callable[[dict[str, str]], dict[str, Any]]] = {
            "authorization_code": self._exchange,
            "refresh_token": self._renew,
        }
        form = request.form
        try:
            self._authenticate(request, form)
            kind = kinds.get(form.get("grant_type", ""))
            if kind is None:
                missing = "grant_type parameter is missing"
                unknown = (
                    "grant_type must be client_credentials, authorization_code or refresh_token"
                )
                raise TokenError("unsupported_grant_type", unknown if form else missing)
            with self._world.lock:
                answer = kind(form)
        except TokenError as refusal:
            error, description = refusal.args
            return _json(400, {"error": error, "error_description": description})
        return _json(200, answer)

    def _authenticate(self, request: Request, form: dict[str, str]) -> None:
        client_id, secret = form.get("client_id", ""), form.get("client_secret", "")
        scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "basic":
            try:
                decoded = base64.b64decode(credentials, validate=True).decode()
            except ValueError:
                raise TokenError("invalid_client", "Invalid client") from None
            client_id, _, secret = decoded.partition(":")
        if client_id != self._fake.client_id:
            raise TokenError("invalid_client", "Invalid client")
        if secret != self._fake.client_secret:
            raise TokenError("invalid_client", "Invalid client secret")

    def _exchange(self, form: dict[str, str]) -> dict[str, Any]:
        code = self._codes.get(form.get("code", ""))
        if code is None or code.used:
            raise TokenError("invalid_grant", "Invalid authorization code")
        # One try is all a code gets, or a stolen one could be tried with many verifiers.
        code.used = True
        if self._world.clock() >= code.expires_at:
            raise TokenError("invalid_grant", "Authorization code expired")
        if form.get("redirect_uri") != code.redirect_uri:
            raise TokenError("invalid_grant", "Invalid redirect URI")
        verifier = form.get("code_verifier")
        if code.challenge is not None and challenge_of(verifier or "") != code.challenge:
            raise TokenError("invalid_grant", "code_verifier was incorrect")
        if code.challenge is None and not self._fake.client_secret:
            raise TokenError("invalid_request", "code_verifier must be supplied")
        return self.grant(code.user, code.scope)

    def _renew(self, form: dict[str, str]) -> dict[str, Any]:
        token = form.get("refresh_token", "")
        grant = self._refresh.get(token)
        if grant is None:
            raise TokenError("invalid_grant", "Invalid refresh token")
        if grant.dead(self._world.clock()) or token not in grant.refresh_tokens:
            raise TokenError("invalid_grant", "Refresh token revoked")
        replacement = None
        if self._fake.rotate_refresh_tokens:
            grant.refresh_tokens.discard(token)
            replacement = self._new_refresh_token(grant)
        return self._token_answer(grant, TOKEN_LIFETIME, replacement)

    # GET and POST /authorize

    def authorize(self, request: Request) -> Answer:
        """Ask the user, or answer for them, and send the browser back with a code or an error."""
        posted = request.method == "POST"
        asked = request.form if posted else request.query
        if asked.get("client_id") != self._fake.client_id:
            return error_page(400, "INVALID_CLIENT: Invalid client")
        redirect_uri = asked.get("redirect_uri", "")
        if not redirect_uri_allowed(redirect_uri, self._fake.redirect_uris):
            return error_page(400, "INVALID_CLIENT: Invalid redirect URI")
        if (error := _first_error(asked, public=not self._fake.client_secret)) is not None:
            return _send_back(redirect_uri, asked, error=error)
        if posted:
            return self._decide(redirect_uri, asked)
        if self._fake.consent == "deny":
            return _send_back(redirect_uri, asked, error="access_denied")
        if self._fake.consent == "auto":
            return self._agree(redirect_uri, asked, self._fake.browser_user)
        user = self._fake.users_by_key.get(request.cookies.get("fake_spotify_user", ""))
        scopes = set(asked.get("scope", "").split())
        if (
            user is not None
            and asked.get("show_dialog", "false") != "true"
            and scopes <= self._approved.get(user.key, set())
            and user.key in self._approved
        ):
            return self._agree(redirect_uri, asked, user)
        return consent_page(asked, self._fake.users, user or self._fake.browser_user)

    def _decide(self, redirect_uri: str, asked: dict[str, str]) -> Answer:
        user = self._fake.users_by_key.get(asked.get("user", ""))
        if asked.get("decision") != "agree" or user is None:
            return _send_back(redirect_uri, asked, error="access_denied")
        answer = self._agree(redirect_uri, asked, user)
        answer.headers = {
            **answer.headers,
            "Set-Cookie": f"fake_spotify_user={user.key}; Path=/; HttpOnly; SameSite=Lax",
        }
        return answer

    def _agree(self, redirect_uri: str, asked: dict[str, str], user: User) -> Answer:
        code = f"FAKE_CODE_{secrets.token_urlsafe(150)}"
        with self._world.lock:
            self._approved.setdefault(user.key, set()).update(asked.get("scope", "").split())
            self._codes[code] = Code(
                user=user,
                scope=asked.get("scope", ""),
                redirect_uri=redirect_uri,
                challenge=asked.get("code_challenge"),
                expires_at=self._world.clock() + CODE_LIFETIME,
            )
        return _send_back(redirect_uri, asked, code=code)


def challenge_of(verifier: str) -> str:
    """Compute the S256 challenge of a verifier (RFC 7636)."""
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def months_later(moment: float, months: int) -> float:
    """Add calendar months to a time, ending on the last day where the month is shorter."""
    start = datetime.fromtimestamp(moment, UTC)
    year, month = divmod(start.month - 1 + months, 12)
    year, month = start.year + year, month + 1
    day = min(start.day, calendar.monthrange(year, month)[1])
    return start.replace(year=year, month=month, day=day).timestamp()


def redirect_uri_allowed(uri: str, registered: set[str] | None) -> bool:
    """Apply Spotify's rules for redirect URIs, then the app's own list where there is one.

    https, or http on a literal loopback address, or a custom scheme; never ``localhost``. The
    match is exact, but a loopback URI registered without a port goes with any port.
    """
    try:
        parts = urlsplit(uri)
        port = parts.port
    except ValueError:
        return False
    loopback = parts.hostname in {"127.0.0.1", "::1"}
    if not parts.scheme or parts.fragment or parts.hostname == "localhost":
        return False
    if parts.scheme in {"http", "https"} and not parts.hostname:
        return False
    if parts.scheme == "http" and not loopback:
        return False
    if registered is None or uri in registered:
        return True
    if not (loopback and port):
        return False
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition(":")[0])) in registered


def _first_error(asked: dict[str, str], *, public: bool) -> str | None:
    if asked.get("response_type") != "code":
        return "unsupported_response_type"
    if not set(asked.get("scope", "").split()) <= SCOPES:
        return "invalid_scope"
    challenge, method = asked.get("code_challenge"), asked.get("code_challenge_method")
    if challenge is None:
        return "invalid_request" if public or method is not None else None
    return None if challenge and method == "S256" else "invalid_request"


def _send_back(redirect_uri: str, asked: dict[str, str], **outcome: str) -> Answer:
    if "state" in asked:
        outcome["state"] = asked["state"]
    parts = urlsplit(redirect_uri)
    query = urlencode([*parse_qsl(parts.query, keep_blank_values=True), *outcome.items()])
    location = urlunsplit(parts._replace(query=query))
    return Answer(302, content_type="text/html; charset=utf-8", headers={"Location": location})


def _json(status: int, answer: dict[str, Any]) -> Answer:
    return Answer(status, Body(json.dumps(answer).encode()), headers={"Cache-Control": "no-store"})

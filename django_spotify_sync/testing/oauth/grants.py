"""Grants: what users allowed the app, and the codes and tokens that stand for it.

Rules and words are those of spotify-web-api.md, section 1. Tokens begin with ``FAKE_ACCESS_`` and
``FAKE_REFRESH_`` and codes with ``FAKE_CODE_``, so that a test can search logs, pages and
databases for leaks. Knows nothing of HTTP.
"""

from __future__ import annotations

import base64
import calendar
import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from django_spotify_sync.testing.music.users import User
from django_spotify_sync.testing.music.world import World

CODE_LIFETIME = 600
TOKEN_LIFETIME = 3_600
GRANT_MONTHS = 6


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


class Grants:
    """Keep codes, tokens and what users approved."""

    def __init__(self, world: World) -> None:
        """Begin with none."""
        self._world = world
        self._grants: list[Grant] = []
        self._codes: dict[str, Code] = {}
        self._refresh: dict[str, Grant] = {}
        self._access: dict[str, tuple[Grant, float]] = {}
        self._approved: dict[str, set[str]] = {}
        self._refused: set[str] | None = set()

    def grant(self, user: User, scope: str, expires_in: int = TOKEN_LIFETIME) -> dict[str, Any]:
        """Grant *scope* and answer as the token endpoint does for a code."""
        with self._world.lock:
            grant = Grant(user, scope, self._world.clock())
            self._grants.append(grant)
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
            for grant in self._grants:
                if grant.user is user:
                    grant.revoked = True

    def refuse(self, users: list[User] | None) -> None:
        """Answer ``invalid_grant`` for good grants of these users, of everybody if None, and kill none of them.

        An outage did so (listenbrainz-server#1921).
        """
        self._refused = None if users is None else {user.key for user in users}

    def age(self, days: float) -> None:
        """Let every consent be *days* older."""
        with self._world.lock:
            for grant in self._grants:
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

    def approved(self, user: User, scopes: set[str]) -> bool:
        """Tell whether the user agreed to as much before."""
        return user.key in self._approved and scopes <= self._approved[user.key]

    def code(self, user: User, scope: str, redirect_uri: str, challenge: str | None) -> str:
        """Note that the user agrees, and give the code that can be exchanged for it."""
        code = f"FAKE_CODE_{secrets.token_urlsafe(150)}"
        with self._world.lock:
            self._approved.setdefault(user.key, set()).update(scope.split())
            self._codes[code] = Code(
                user=user,
                scope=scope,
                redirect_uri=redirect_uri,
                challenge=challenge,
                expires_at=self._world.clock() + CODE_LIFETIME,
            )
        return code

    def exchange(
        self, code_text: str, redirect_uri: str | None, verifier: str | None
    ) -> dict[str, Any]:
        """Give tokens for a code.

        :raises TokenError: if the code is unknown, used or old, or bound to something else.
        """
        with self._world.lock:
            code = self._codes.get(code_text)
            if code is None or code.used:
                raise TokenError("invalid_grant", "Invalid authorization code")
            # One try is all a code gets, or a stolen one could be tried with many verifiers.
            code.used = True
            if self._world.clock() >= code.expires_at:
                raise TokenError("invalid_grant", "Authorization code expired")
            if redirect_uri != code.redirect_uri:
                raise TokenError("invalid_grant", "Invalid redirect URI")
            if code.challenge is not None and challenge_of(verifier or "") != code.challenge:
                raise TokenError("invalid_grant", "code_verifier was incorrect")
            return self.grant(code.user, code.scope)

    def renew(self, refresh_token: str, *, rotate: bool) -> dict[str, Any]:
        """Give a new access token; *rotate* gives a new refresh token too, and the old one dies.

        :raises TokenError: if the refresh token is unknown or its grant is dead.
        """
        with self._world.lock:
            grant = self._refresh.get(refresh_token)
            if grant is None:
                raise TokenError("invalid_grant", "Invalid refresh token")
            if self._refused is None or grant.user.key in self._refused:
                raise TokenError("invalid_grant", "Refresh token revoked")
            if grant.dead(self._world.clock()) or refresh_token not in grant.refresh_tokens:
                raise TokenError("invalid_grant", "Refresh token revoked")
            replacement = None
            if rotate:
                grant.refresh_tokens.discard(refresh_token)
                replacement = self._new_refresh_token(grant)
            return self._token_answer(grant, TOKEN_LIFETIME, replacement)


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

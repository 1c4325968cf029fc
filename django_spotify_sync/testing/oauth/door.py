"""The accounts service: /authorize and /api/token.

Statuses and words are those of spotify-web-api.md, section 1.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

from django_spotify_sync.testing.music.users import User
from django_spotify_sync.testing.music.words import words
from django_spotify_sync.testing.oauth.consent import consent_page, error_page
from django_spotify_sync.testing.oauth.grants import Grants, TokenError
from django_spotify_sync.testing.oauth.redirects import redirect_uri_allowed, send_back
from django_spotify_sync.testing.site import Site
from django_spotify_sync.testing.wire.server import Answer, Body, Request

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


class Accounts:
    """Answer for accounts.spotify.com."""

    def __init__(self, site: Site) -> None:
        """Begin with no codes and no grants."""
        self._site = site
        self.grants = Grants(site.world)

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
        if client_id != self._site.client_id:
            raise TokenError("invalid_client", "Invalid client")
        if secret != self._site.client_secret:
            raise TokenError("invalid_client", "Invalid client secret")

    def _exchange(self, form: dict[str, str]) -> dict[str, Any]:
        code, redirect_uri = form.get("code", ""), form.get("redirect_uri")
        return self.grants.exchange(code, redirect_uri, form.get("code_verifier"))

    def _renew(self, form: dict[str, str]) -> dict[str, Any]:
        rotate = self._site.rotate_refresh_tokens
        return self.grants.renew(form.get("refresh_token", ""), rotate=rotate)

    def authorize(self, request: Request) -> Answer:
        """Ask the user, or answer for them, and send the browser back with a code or an error."""
        posted = request.method == "POST"
        asked = request.form if posted else request.query
        if asked.get("client_id") != self._site.client_id:
            return error_page(400, "INVALID_CLIENT: Invalid client")
        redirect_uri = asked.get("redirect_uri", "")
        if not redirect_uri_allowed(redirect_uri, self._site.redirect_uris):
            return error_page(400, "INVALID_CLIENT: Invalid redirect URI")
        if (error := _first_error(asked, public=not self._site.client_secret)) is not None:
            return send_back(redirect_uri, asked, error=error)
        if posted:
            return self._decide(redirect_uri, asked)
        if self._site.consent == "deny":
            return send_back(redirect_uri, asked, error="access_denied")
        if self._site.consent == "auto":
            return self._agree(redirect_uri, asked, self._site.browser_user)
        user = self._site.users_by_key.get(request.cookies.get("fake_spotify_user", ""))
        scopes = set(asked.get("scope", "").split())
        if (
            user is not None
            and asked.get("show_dialog", "false") != "true"
            and self.grants.approved(user, scopes)
        ):
            return self._agree(redirect_uri, asked, user)
        return consent_page(asked, self._site.users, user or self._site.browser_user)

    def _decide(self, redirect_uri: str, asked: dict[str, str]) -> Answer:
        user = self._site.users_by_key.get(asked.get("user", ""))
        if asked.get("decision") != "agree" or user is None:
            return send_back(redirect_uri, asked, error="access_denied")
        answer = self._agree(redirect_uri, asked, user)
        answer.headers = {
            **answer.headers,
            "Set-Cookie": f"fake_spotify_user={user.key}; Path=/; HttpOnly; SameSite=Lax",
        }
        return answer

    def _agree(self, redirect_uri: str, asked: dict[str, str], user: User) -> Answer:
        challenge = asked.get("code_challenge")
        code = self.grants.code(user, asked.get("scope", ""), redirect_uri, challenge)
        return send_back(redirect_uri, asked, code=code)


def _first_error(asked: dict[str, str], *, public: bool) -> str | None:
    if asked.get("response_type") != "code":
        return "unsupported_response_type"
    if not set(asked.get("scope", "").split()) <= SCOPES:
        return "invalid_scope"
    challenge, method = asked.get("code_challenge"), asked.get("code_challenge_method")
    if challenge is None:
        return "invalid_request" if public or method is not None else None
    return None if challenge and method == "S256" else "invalid_request"


def _json(status: int, answer: dict[str, Any]) -> Answer:
    return Answer(status, Body(json.dumps(answer).encode()), headers={"Cache-Control": "no-store"})

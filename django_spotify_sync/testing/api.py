"""The Web API: who may call what, and the answers.

Gates stand in the order a call meets them: rate limit, token, the owner's Premium, the allow-list,
quota, scope. Texts are those of spotify-web-api.md, sections 1 to 4.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import unquote

from .accounts import Grant
from .faults import Twist
from .log import Visit
from .pages import OffsetPage, PageCache, TextCache, dump
from .server import Answer, Body, Request
from .shapes import Shapes

if TYPE_CHECKING:
    from .fake import FakeSpotify
    from .users import User

NOT_ALLOWLISTED = "User not registered in the Developer Dashboard"
OWNER_NOT_PREMIUM = (
    "Active premium subscription required for the owner of the app. When the subscription status "
    "changes, it can take a few hours before requests are allowed again."
)


class ApiError(Exception):
    """The API refuses: status, message, and perhaps a reason."""

    def __init__(
        self, status: int, message: str, reason: str | None = None, **headers: str
    ) -> None:
        """Hold what the error body says; *headers* with underscores for dashes."""
        super().__init__(message)
        self.status = status
        self.message = message
        self.reason = reason
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}

    def answer(self) -> Answer:
        """Write the error as JSON."""
        error: dict[str, Any] = {"status": self.status, "message": self.message}
        if self.reason is not None:
            error["reason"] = self.reason
        return Answer(self.status, Body(dump({"error": error}).encode()), headers=self.headers)


@dataclass(slots=True)
class Call:
    """One call of a known user with known scopes."""

    request: Request
    user: User
    scopes: set[str]
    twist: Twist

    @property
    def query(self) -> dict[str, str]:
        """The query parameters."""
        return self.request.query

    @property
    def native(self) -> bool:
        """Whether names come in their own alphabet: the caller asked for no language."""
        return not self.language

    @property
    def language(self) -> str:
        """The languages asked for."""
        return self.query.get("locale") or self.request.headers.get("accept-language", "")

    @property
    def locale(self) -> tuple[tuple[str, str], ...]:
        """What URLs in the answer repeat of the language, as ``&locale=en-US,en;q%3D0.5``."""
        return (("locale", self.language),) if self.language else ()

    def need(self, *scopes: str) -> None:
        """Refuse unless every scope was granted."""
        if not set(scopes) <= self.scopes:
            raise ApiError(403, "Insufficient client scope")

    def limit(self, highest: int = 50) -> int:
        """Read ``limit``: 20 unless given, at most *highest*."""
        limit = _number(self.query.get("limit", "20"))
        if limit is None or not 1 <= limit <= highest:
            raise ApiError(400, "Invalid limit")
        return limit

    def offset(self) -> int:
        """Read ``offset``."""
        offset = _number(self.query.get("offset", "0"))
        if offset is None or offset < 0:
            raise ApiError(400, "Invalid offset")
        return offset


def _number(text: str) -> int | None:
    return int(text) if re.fullmatch(r"-?\d{1,9}", text) else None


class Api:
    """Answer for api.spotify.com."""

    def __init__(self, fake: FakeSpotify) -> None:
        """Begin with empty caches."""
        self._fake = fake
        self.pages = PageCache()
        self.texts = TextCache()

    @cached_property
    def shapes(self) -> Shapes:
        """The shapes of the fake's cohort."""
        return Shapes(self._fake.cohort, self._fake.url)

    def forget(self) -> None:
        """Start the caches and shapes afresh, as after a change of cohort."""
        self.__dict__.pop("shapes", None)
        self.pages = PageCache()
        self.texts.clear()

    def answer(self, request: Request, twist: Twist, visit: Visit) -> Answer:
        """Let the call through the gates and answer it."""
        try:
            self._pace()
            grant = self._authenticate(request)
            visit.user_id = grant.user.id
            if not self._fake.owner_premium:
                return _bare(403, OWNER_NOT_PREMIUM)
            allowed = self._fake.allowlist
            if allowed is not None and grant.user.id not in allowed:
                return _bare(403, NOT_ALLOWLISTED)
            path = request.path.removeprefix("/v1")
            self._quota(path)
            call = Call(request, grant.user, grant.scopes, twist)
            for pattern, method, handle in self.ROUTES:
                if found := pattern.fullmatch(path):
                    if method != request.method:
                        raise ApiError(405, "Method not allowed")
                    made = handle(self, call, *map(unquote, found.groups()))
                    body = made if isinstance(made, Body) else Body(dump(made).encode())
                    return Answer(body=body, headers={"Cache-Control": "private, max-age=0"})
            raise ApiError(404, "Service not found")
        except ApiError as error:
            return error.answer()

    def _pace(self) -> None:
        limit = self._fake.rate_limit
        wait = limit.wait(self._fake.clock()) if limit is not None else None
        if wait is not None:
            raise ApiError(429, "API rate limit exceeded", Retry_After=str(wait))

    def _quota(self, path: str) -> None:
        quota = self._fake.quota
        # Buckets are unpublished; one per kind of address is what was measured.
        family = re.sub(r"/[0-9A-Za-z]{22}(?=/|$)", "/*", path)
        wait = quota.wait(family, self._fake.clock()) if quota is not None else None
        if wait is not None:
            message = "Quota exceeded"
            raise ApiError(429, message, "QUOTA_EXCEEDED", Retry_After=str(wait))

    def _authenticate(self, request: Request) -> Grant:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise ApiError(401, "No token provided")
        found = self._fake.accounts.access(token)
        if isinstance(found, str):
            challenge = (
                f'Bearer realm="spotify", error="invalid_token", error_description="{found}"'
            )
            raise ApiError(401, found, WWW_Authenticate=challenge)
        return found

    # Answers

    def me(self, call: Call) -> Any:
        """GET /me."""
        return self.shapes.me(call.user, call.scopes)

    def saved_tracks(self, call: Call) -> Any:
        """GET /me/tracks."""
        call.need("user-library-read")
        limit, offset = call.limit(), call.offset()
        market = "market" in call.query
        extra = (*((("market", call.query["market"]),) if market else ()), *call.locale)
        serial, entries = call.user.history.behind(call.twist.lag)
        page = OffsetPage(f"{self.shapes.api_url}/me/tracks", offset, limit, extra)
        native, shapes = call.native, self.shapes

        def make() -> Body:
            def text(entry: Any) -> str:
                return self.texts.get(
                    (entry, native, market),
                    lambda: shapes.saved(entry, native=native, market=market),
                )

            return Body(page.render(entries, text, call.twist).encode())

        if call.twist.twisted:
            return make()
        key = (call.user.key, serial, self._fake.world.catalogue_serial, page)
        return self.pages.get(key, make)

    ROUTES: ClassVar[list[tuple[re.Pattern[str], str, Callable[..., Any]]]] = [
        (re.compile("/me"), "GET", me),
        (re.compile("/me/tracks"), "GET", saved_tracks),
    ]


def _bare(status: int, text: str) -> Answer:
    return Answer(status, Body(text.encode()), "text/plain; charset=utf-8")

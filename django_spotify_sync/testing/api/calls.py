"""One call of the Web API, the errors it may end in, and the room its answer is made in."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django_spotify_sync.testing.api.pages import OffsetPage, PageCache, TextCache, dump
from django_spotify_sync.testing.api.shapes import Shapes
from django_spotify_sync.testing.site import Site
from django_spotify_sync.testing.wire.faults import Twist
from django_spotify_sync.testing.wire.server import Answer, Body, Request

if TYPE_CHECKING:
    from django_spotify_sync.testing.music.users import User


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
    def language(self) -> str:
        """The languages asked for."""
        return self.query.get("locale") or self.request.headers.get("accept-language", "")

    @property
    def native(self) -> bool:
        """Whether names come in their own alphabet: the caller asked for no language."""
        return not self.language

    @property
    def market(self) -> bool:
        """Whether the caller names a market."""
        return "market" in self.query

    @property
    def echoed(self) -> tuple[tuple[str, str], ...]:
        """What URLs in the answer repeat of the call.

        Recorded: ``&locale=en-US,en;q%3D0.5`` where a language was asked for, and of
        ``additional_types`` only ``track``, so that following ``next`` changes what comes.
        """
        echoed = []
        if self.market:
            echoed.append(("market", self.query["market"]))
        if "additional_types" in self.query:
            echoed.append(("additional_types", "track"))
        if self.language:
            echoed.append(("locale", self.language))
        return tuple(echoed)

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

    def page(self, address: str, highest: int = 50) -> OffsetPage:
        """Say which page of *address* is asked for."""
        return OffsetPage(address, self.offset(), self.limit(highest), self.echoed)


def _number(text: str) -> int | None:
    return int(text) if re.fullmatch(r"-?[0-9]{1,9}", text) else None


@dataclass
class Room:
    """What every endpoint has at hand: the site, the shapes of its cohort, and the caches."""

    site: Site
    shapes: Shapes
    pages: PageCache = field(default_factory=PageCache)
    texts: TextCache = field(default_factory=TextCache)

    def text(self, call: Call, entry: Hashable, make: Callable[[], Any], *more: Hashable) -> str:
        """Write one entry, or find it as written before for such a call; *more* tells calls apart.

        Entries never change, but the names in the catalogue do.
        """
        key = (entry, call.native, call.market, self.site.world.catalogue_serial, *more)
        return self.texts.get(key, make)

    def render[E](
        self,
        call: Call,
        page: OffsetPage,
        entries: Sequence[E],
        text: Callable[[E], str],
        key: Hashable,
    ) -> Body:
        """Render a page, or find it as rendered before under the same *key*.

        The key must name the entries as they stand; catalogue, address, language and market are
        part of it already.
        """
        if call.twist.twisted:
            return Body(page.render(entries, text, call.twist).encode())
        whole = (key, self.site.world.catalogue_serial, page, call.query.get("additional_types"))
        return self.pages.get(whole, lambda: Body(page.render(entries, text, call.twist).encode()))

"""Pages of JSON, rendered once and kept until something changes.

A page is put together from the texts of its entries and kept with its gzip, so that a second
reading of a library costs next to nothing.
"""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from .faults import Twist
from .server import Body

CACHE_BYTES = 64 * 1024 * 1024
OVERHEAD = 500
TEXTS_KEPT = 16_384


def dump(answer: Any) -> str:
    """Write JSON; ASCII only, so that lone surrogates travel as Spotify's own escapes would."""
    return json.dumps(answer, separators=(",", ":"))


class PageCache:
    """Keep bodies by key, the least recently used going first when there are too many bytes."""

    def __init__(self, limit: int = CACHE_BYTES) -> None:
        """Keep at most *limit* bytes, as zipped."""
        self._limit = limit
        self._bodies: OrderedDict[Hashable, Body] = OrderedDict()
        self._size = 0
        self._lock = threading.Lock()

    def get(self, key: Hashable, make: Callable[[], Body]) -> Body:
        """Find the body, or make it; two callers at once may both make it."""
        with self._lock:
            body = self._bodies.get(key)
            if body is not None:
                self._bodies.move_to_end(key)
                return body
        body = make()
        size = body.pack() + OVERHEAD
        with self._lock:
            if key not in self._bodies:
                self._size += size
            self._bodies[key] = body
            while self._size > self._limit:
                self._size -= self._bodies.popitem(last=False)[1].pack() + OVERHEAD
        return body


class TextCache:
    """Keep the JSON text of single entries; emptied when full."""

    def __init__(self, limit: int = TEXTS_KEPT) -> None:
        """Keep at most *limit* texts."""
        self._limit = limit
        self._texts: dict[Hashable, str] = {}

    def get(self, key: Hashable, make: Callable[[], Any]) -> str:
        """Find the text, or write what *make* gives."""
        text = self._texts.get(key)
        if text is None:
            text = dump(make())
            if len(self._texts) >= self._limit:
                self._texts.clear()
            self._texts[key] = text
        return text

    def clear(self) -> None:
        """Forget everything."""
        self._texts.clear()


@dataclass(slots=True, frozen=True)
class OffsetPage:
    """Where an offset page lies: *address* without a query, *extra* what its URLs repeat.

    *next_address* and *next_extra* are where ``next`` and ``previous`` point, which at Spotify is
    not always the same place.
    """

    address: str
    offset: int
    limit: int
    extra: tuple[tuple[str, str], ...] = ()

    def url(self, offset: int) -> str:
        """Write the page's URL at another offset."""
        more = "".join(f"&{name}={quote(value, safe=',;')}" for name, value in self.extra)
        return f"{self.address}?offset={offset}&limit={self.limit}{more}"

    def render[E](
        self, entries: Sequence[E], text: Callable[[E], str], twist: Twist, total: int | None = None
    ) -> str:
        """Write the page over *entries*, as wrongly as *twist* says."""
        start, limit = self.offset, self.limit
        shown_total = len(entries) if total is None else total
        if twist.total is not None:
            shown_total = twist.total(shown_total)
        first = start
        if twist.start_over:
            first = 0
        elif twist.repeat:
            first = max(0, start - limit)
        shown = entries[first : first + limit]
        if twist.short:
            shown = shown[: max(0, len(shown) - twist.short)]
        if twist.empty:
            shown, shown_total = entries[:0], 0
        follows = start + limit < shown_total or twist.endless
        precedes = start > 0
        return "".join(
            (
                f'{{"href":{dump(self.url(start))},"items":[',
                ",".join(map(text, shown)),
                f'],"limit":{limit},"next":{dump(self.url(start + limit) if follows else None)},'
                f'"offset":{start},"previous":'
                f"{dump(self.url(max(0, start - limit)) if precedes else None)},"
                f'"total":{shown_total}}}',
            )
        )

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

from django_spotify_sync.testing.wire.faults import Twist
from django_spotify_sync.testing.wire.server import Body

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
    """Where an offset page lies: *address* without a query, *extra* what its URLs repeat."""

    address: str
    offset: int
    limit: int
    extra: tuple[tuple[str, str], ...] = ()

    @property
    def extra_text(self) -> str:
        """The repeated parameters, each with its ampersand."""
        return "".join(f"&{name}={quote(value, safe=',;')}" for name, value in self.extra)

    def url(self, offset: int) -> str:
        """Write the page's URL at another offset."""
        return f"{self.address}?offset={offset}&limit={self.limit}{self.extra_text}"

    def render[E](self, entries: Sequence[E], text: Callable[[E], str], twist: Twist) -> str:
        """Write the page over *entries*, as wrongly as *twist* says."""
        start, limit = self.offset, self.limit
        first = _first(start, limit, twist)
        shown, total = _twisted(entries, first, limit, twist)
        following = self.url(start + limit) if start + limit < total or twist.endless else None
        previous = self.url(max(0, start - limit)) if start > 0 else None
        return (
            f'{{"href":{dump(self.url(start))},"items":[{",".join(map(text, shown))}],'
            f'"limit":{limit},"next":{dump(following)},"offset":{start},'
            f'"previous":{dump(previous)},"total":{total}}}'
        )


def cursor_page[E](
    address: str,
    entries: Sequence[E],
    ids: Sequence[str],
    text: Callable[[E], str],
    *,
    limit: int,
    after: str | None,
    twist: Twist,
) -> str:
    """Write the page of followed artists after the artist *after*, as wrongly as *twist* says.

    A cursor that is in the list no more starts over: what Spotify does then is not known, and
    this is the harder of the guesses (delta-sync.md, section 7).
    """
    start = ids.index(after) + 1 if after in ids else 0
    first = _first(start, limit, twist)
    shown, total = _twisted(entries, first, limit, twist)
    ends = first + limit >= len(entries) or twist.empty
    last = None if ends else ids[first + limit - 1]
    if twist.endless:
        last = last or after or (ids[-1] if ids else "0")
    following = None if last is None else f"{address}&after={last}"
    here = address if after is None else f"{address}&after={quote(after)}"
    return (
        f'{{"artists":{{"href":{dump(here)},"items":[{",".join(map(text, shown))}],'
        f'"limit":{limit},"next":{dump(following)},"cursors":{{"after":{dump(last)}}},'
        f'"total":{total}}}}}'
    )


def _first(start: int, limit: int, twist: Twist) -> int:
    """Say which entry a page really begins with."""
    if twist.start_over:
        return 0
    return max(0, start - limit) if twist.repeat else start


def _twisted[E](
    entries: Sequence[E], first: int, limit: int, twist: Twist
) -> tuple[Sequence[E], int]:
    """Give the entries shown and the total claimed."""
    if twist.empty:
        return (), 0
    shown = entries[first : first + limit]
    total = len(entries)
    return shown[: max(0, len(shown) - twist.short)], twist.total(total) if twist.total else total

"""Pages of a list: by offset, and by cursor."""

from __future__ import annotations

from msgspec import Struct

from django_spotify_sync.spotify.answers.catalog import Catalog
from django_spotify_sync.spotify.answers.storable import (
    MOST_ENTRIES,
    Json,
    Malformed,
    an_object,
    number,
)


class Page[Entry](Struct, frozen=True, tag=True):
    """One page of a listing by offset: ``entries`` in Spotify's order, one for each raw entry, nulls included."""

    offset: int
    limit: int
    total: int
    entries: tuple[Entry, ...]
    catalog: Catalog

    @property
    def end(self) -> int:
        """The offset behind the last entry."""
        return self.offset + len(self.entries)

    @property
    def wanted(self) -> int:
        """How many entries the page has to hold by its own ``total``."""
        return max(0, min(self.limit, self.total - self.offset))


def paging(answer: Json) -> tuple[int, int, int, list[Json]]:
    """Return offset, limit, total and items of a page.

    :raises Malformed: if one of them is missing, or the total absurd.
    """
    page = an_object(answer)
    items, numbers = (
        page.get("items"),
        [number(page.get(name)) for name in ("offset", "limit", "total")],
    )
    if not isinstance(items, list) or None in numbers:
        raise Malformed("a page without items, offset, limit or total")
    offset, limit, total = (value or 0 for value in numbers)
    if total > MOST_ENTRIES:
        raise Malformed(f"a page of a list of {total}")
    return offset, limit, total, items


class CursorPage(Struct, frozen=True):
    """One page of a listing by cursor: ids in Spotify's order, None for an entry without one; ``after`` leads on."""

    ids: tuple[str | None, ...]
    total: int
    after: str | None
    catalog: Catalog

"""Pages of a list: by offset, and by cursor."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from msgspec import Struct

from django_spotify_sync.spotify.answers.catalog import Catalog
from django_spotify_sync.spotify.answers.storable import (
    MOST_ENTRIES,
    Json,
    Malformed,
    an_object,
    number,
)


class Page[Item](Struct, frozen=True, tag=True):
    """One page of a listing by offset: ``entries`` in Spotify's order, one for each raw entry, nulls included."""

    offset: int
    limit: int
    total: int
    entries: tuple[Item, ...]
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


class Entry(Struct, frozen=True, gc=False):
    """One entry of a list that is told by ids: None where it has none, and when it was saved, if that is said."""

    spotify_id: str | None
    added_at: datetime | None = None


def entries_page[Kind: Entry](
    answer: Json, read: Callable[[dict[str, Json], Catalog], Kind]
) -> Page[Kind | Entry]:
    """Read a page of which ``read`` makes an entry of each object; what is none has no id."""
    offset, limit, total, items = paging(answer)
    catalog = Catalog()
    entries = tuple(
        read(item, catalog) if isinstance(item, dict) else Entry(None) for item in items
    )
    return Page(offset=offset, limit=limit, total=total, entries=entries, catalog=catalog)


class CursorPage(Struct, frozen=True):
    """One page of a listing by cursor: entries in Spotify's order; ``after`` leads on."""

    entries: tuple[Entry, ...]
    total: int
    after: str | None
    catalog: Catalog

"""Followed artists become rows (Spotify Web API, Get Followed Artists: pages by cursor, wrapped in ``artists``)."""

from __future__ import annotations

from typing import Any

from django_spotify_sync.spotify.answers.catalog import Catalog, parse_artist
from django_spotify_sync.spotify.answers.paging import CursorPage, Entry
from django_spotify_sync.spotify.answers.storable import (
    MOST_ENTRIES,
    Malformed,
    an_object,
    identifier,
    number,
)


def parse_following_page(answer: Any) -> CursorPage:
    """Read a page. The list ends where ``next`` or the cursor is null.

    :raises Malformed: if it is none, or leads on without saying where to.
    """
    page = an_object(an_object(answer).get("artists"))
    items, total = page.get("items"), number(page.get("total"))
    if not isinstance(items, list) or total is None or total > MOST_ENTRIES:
        raise Malformed("a page without items, or without a total that makes sense")
    catalog = Catalog()
    return CursorPage(
        entries=tuple(Entry(parse_artist(item, catalog)) for item in items),
        total=total,
        after=_after(page),
        catalog=catalog,
    )


def _after(page: dict[str, Any]) -> str | None:
    cursors = page.get("cursors")
    after = cursors.get("after") if isinstance(cursors, dict) else None
    if after is None or page.get("next", after) is None:
        return None
    if (cursor := identifier(after)) is None:
        raise Malformed("a cursor that leads nowhere")
    return cursor

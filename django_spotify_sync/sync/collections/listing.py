"""One look at a whole collection: every page, and what is wrong with them taken together.

Lost, ignored and endless cursors: Spotty-Plugin#83, web-api#275, #314.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil
from typing import Any

from django_spotify_sync.spotify.answers.catalog import Catalog
from django_spotify_sync.spotify.answers.paging import CursorPage
from django_spotify_sync.spotify.client import Get, Params
from django_spotify_sync.sync.handover import Work

LIMIT = 50


@dataclass(frozen=True, slots=True)
class Listing:
    """One look at the whole list: each id once, in Spotify's order. ``problem`` says why it is not provably whole."""

    ids: list[str]
    total: int
    came: int
    catalog: Catalog
    problem: str


def list_by_cursor(
    work: Work, path: str, parse: Callable[[Any], CursorPage], params: Params
) -> Listing:
    """Follow the cursor to its end, or as far as makes sense: no id comes twice, and no page too many."""

    def page_after(cursor: str | None) -> CursorPage:
        after = {} if cursor is None else {"after": cursor}
        return work.fetch.one(Get(path, parse, {**params, "limit": LIMIT, **after}))

    ids: dict[str, None] = {}
    catalog = Catalog()
    came = 0
    problem = ""
    page = page_after(None)
    total = page.total
    cursors: set[str | None] = {None}
    while True:
        catalog.update(page.catalog)
        came += len(page.ids)
        found = [spotify_id for spotify_id in page.ids if spotify_id is not None]
        if page.total != total or len(set(found)) != len(found) or ids.keys() & set(found):
            problem = "drift"
        ids |= dict.fromkeys(found)
        work.progress(len(ids), total)
        if page.after is None or problem:
            break
        if page.after in cursors or len(cursors) > ceil(total / LIMIT):
            problem = "endless_cursor"
            break
        cursors.add(page.after)
        page = page_after(page.after)
    if not problem and came != total - work.state.hidden:
        problem = "count"
    return Listing(list(ids), total, came, catalog, problem)

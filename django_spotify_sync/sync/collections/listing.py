"""One look at a whole collection: every page, and what is wrong with them taken together.

Lost, ignored and endless cursors: Spotty-Plugin#83, web-api#275, #314.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import ceil
from typing import Any

from django_spotify_sync.spotify.answers.paging import CursorPage
from django_spotify_sync.spotify.client import Get, Params
from django_spotify_sync.sync.handover import Work
from django_spotify_sync.sync.removals import brings_nothing_new

LIMIT = 50


@dataclass(frozen=True, slots=True)
class Listing:
    """One look at the whole list: each id once, in Spotify's order. ``problem`` says why it is not provably whole.

    ``entries`` are all that came. ``came`` counts them but for those that are one of the others again. ``is_steady``
    says that the totals agree and each page brought something new.
    """

    ids: list[str]
    total: int
    entries: list[str | None]
    is_steady: bool
    problem: str

    @property
    def came(self) -> int:
        return len(self.ids) + self.entries.count(None)

    @property
    def counts_all(self) -> bool:
        """Whether all that the total counts came, be it some of it twice."""
        return len(self.entries) >= self.total

    def is_doubled_as(self, other: Listing) -> bool:
        """Tell whether both show the same, and some ids at the same two places."""
        is_steady = self.is_steady and other.is_steady and self.total == other.total
        return is_steady and len(self.entries) > self.came and self.entries == other.entries


def list_by_cursor(
    work: Work, path: str, parse: Callable[[Any], CursorPage], params: Params
) -> Listing:
    """Follow the cursor to its end, or as far as makes sense: no id comes twice, and no page too many."""

    def page_after(cursor: str | None) -> CursorPage:
        after = {} if cursor is None else {"after": cursor}
        return work.fetch.one(Get(path, parse, {**params, "limit": LIMIT, **after}))

    ids: dict[str, None] = {}
    entries: list[str | None] = []
    problem = ""
    page = page_after(None)
    total = page.total
    cursors: set[str | None] = {None}
    while True:
        work.catalog.update(page.catalog)
        entries += page.ids
        found = [spotify_id for spotify_id in page.ids if spotify_id is not None]
        known = len(ids)
        ids |= dict.fromkeys(found)
        doubles = len(found) - (len(ids) - known)
        if page.total != total or brings_nothing_new(len(page.ids), doubles):
            problem = "drift"
        work.progress(len(ids), total)
        if page.after is None or problem:
            break
        if page.after in cursors or len(cursors) > ceil(total / LIMIT):
            problem = "endless_cursor"
            break
        cursors.add(page.after)
        page = page_after(page.after)
    listing = Listing(list(ids), total, entries, not problem, problem)
    if problem or listing.came == total - work.state.hidden:
        return listing
    return replace(listing, problem="drift" if len(entries) > listing.came else "count")

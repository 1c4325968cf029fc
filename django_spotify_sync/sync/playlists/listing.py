"""An account's playlists as Spotify lists them: list pages by our own offset, and what they prove.

Facts about the list: Spotify Web API, Get Current User's Playlists. 50 a page; ``next`` points at an address that newer
apps may not use, so it is never followed; entries may be null and count in ``total`` all the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from django_spotify_sync.spotify.answers.paging import Page
from django_spotify_sync.spotify.answers.playlists import PlaylistRow, parse_playlists_page
from django_spotify_sync.spotify.client import Get
from django_spotify_sync.sync.handover import Work
from django_spotify_sync.sync.removals import learn_hidden

LIMIT = 50

type ListPage = Page[PlaylistRow | None]


@dataclass(frozen=True, slots=True)
class Listing:
    """One look at the whole list. ``problem`` says why it is not provably whole, empty if it is."""

    total: int
    came: int
    rows: dict[str, PlaylistRow] = field(default_factory=dict)
    places: dict[str, int] = field(default_factory=dict)
    problem: str = ""

    @property
    def nulls(self) -> int:
        """How many entries say of no list which one it is."""
        return self.came - len(self.rows)


def read_listing(work: Work) -> Listing:
    """List all playlists, once more if that is not provably whole."""
    listing = _listing(_read(work), work.state.hidden)
    if not listing.problem:
        return listing
    pages = _read(work)
    listing = _listing(pages, work.state.hidden)
    if listing.problem and "hidden" in learn_hidden(
        work.state, total=listing.total, came=listing.came
    ):
        return _listing(pages, work.state.hidden)
    return listing


def _read(work: Work) -> dict[int, ListPage]:
    hidden = work.state.hidden
    pages = _pages(work, [0])
    # up to the whole total: what was hidden may have come to light
    pages |= _pages(work, range(LIMIT, pages[0].total, LIMIT))
    short = [offset for offset, page in pages.items() if len(page.entries) != _wanted(page, hidden)]
    return pages | _pages(work, short)


def _pages(work: Work, offsets: Iterable[int]) -> dict[int, ListPage]:
    gets = [
        Get("/me/playlists", parse_playlists_page, {"limit": LIMIT, "offset": offset})
        for offset in offsets
    ]
    pages = {}
    for get, page in work.fetch.each(gets):
        offset = int(get.params["offset"])
        pages[offset] = page
        if page.total <= offset and offset:
            break  # there is no such page: the total that led here was wrong, or is not true any more
    return pages


def _wanted(page: ListPage, hidden: int) -> int:
    return max(0, min(LIMIT, page.total - hidden - page.offset))


def _listing(pages: dict[int, ListPage], hidden: int) -> Listing:
    listing = Listing(pages[0].total, sum(len(page.entries) for page in pages.values()))
    problem = ""
    for offset, page in sorted(pages.items()):
        if page.total != listing.total:
            problem = "drift"
        if len(page.entries) != _wanted(page, hidden):
            problem = problem or "page_length"
        for index, row in enumerate(page.entries):
            if row is None:
                continue
            if row.spotify_id in listing.rows:
                problem = "drift"
            listing.rows.setdefault(row.spotify_id, row)
            listing.places.setdefault(row.spotify_id, offset + index)
    return Listing(listing.total, listing.came, listing.rows, listing.places, problem)

"""An account's playlists as Spotify lists them: list pages by our own offset, and what they prove.

Facts about the list: Spotify Web API, Get Current User's Playlists. 50 a page; ``next`` points at an address that newer
apps may not use, so it is never followed; entries may be null and count in ``total`` all the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from msgspec import structs

from django_spotify_sync.spotify.answers.paging import Page
from django_spotify_sync.spotify.answers.playlists import PlaylistRow, parse_playlists_page
from django_spotify_sync.spotify.client import Get
from django_spotify_sync.sync.handover import Work
from django_spotify_sync.sync.removals import believed_hidden, brings_nothing_new

LIMIT = 50

type ListPage = Page[PlaylistRow | None]


@dataclass(frozen=True, slots=True)
class Listing:
    """One look at the whole list: each list once, at its first place. ``problem`` says why it is not provably whole,
    empty if it is; ``is_seen_twice``, that another look showed the very same, some lists a second time.

    ``came`` are the entries but for those that are one of the others again. ``ids`` are those of all that came;
    ``is_steady`` says that the totals agree and each page brought something new.
    """

    total: int
    came: int
    ids: list[str | None]
    is_steady: bool
    rows: dict[str, PlaylistRow] = field(default_factory=dict)
    places: dict[str, int] = field(default_factory=dict)
    problem: str = ""
    is_seen_twice: bool = False

    def is_doubled_as(self, other: Listing) -> bool:
        """Tell whether both show the same, and some lists at the same two places."""
        is_steady = self.is_steady and other.is_steady and self.total == other.total
        return is_steady and len(self.ids) > self.came and self.ids == other.ids

    @property
    def nulls(self) -> int:
        """How many entries say of no list which one it is."""
        return self.came - len(self.rows)


def read_listing(work: Work) -> Listing:
    """List all playlists, once more if that is not provably whole."""
    earlier = _listing(_read(work), work.state.hidden)
    if not earlier.problem:
        return earlier
    pages = _read(work)
    listing = _listing(pages, work.state.hidden)
    is_doubled = listing.is_doubled_as(earlier)
    is_seen_twice = is_doubled and len(listing.ids) == listing.total
    hidden = believed_hidden(
        work.state, total=listing.total, came=listing.came, is_seen_twice=is_seen_twice
    )
    if listing.problem and hidden is not None:
        work.learn(hidden=hidden)
        listing = _listing(pages, hidden)
        return replace(listing, is_seen_twice=is_seen_twice and not listing.problem)
    return replace(listing, problem="count") if is_doubled else listing


def _read(work: Work) -> dict[int, ListPage]:
    hidden = work.state.hidden
    pages = _pages(work, [0])
    # up to the whole total: what was hidden may have come to light
    pages |= _pages(work, range(LIMIT, pages[0].total, LIMIT))
    entries = [row.spotify_id for page in pages.values() for row in page.entries if row]
    missing = max(0, hidden - len(entries) + len(set(entries)))  # the others come, and came before
    short = [
        offset for offset, page in pages.items() if len(page.entries) != _wanted(page, missing)
    ]
    return pages | _pages(work, short)


def _pages(work: Work, offsets: Iterable[int]) -> dict[int, ListPage]:
    gets = [
        Get("/me/playlists", parse_playlists_page, {"limit": LIMIT, "offset": offset})
        for offset in offsets
    ]
    pages = {}
    for get, page in work.fetch.each(gets):
        offset = int(get.params["offset"])
        if page.offset != offset:  # an answer to another question is no answer
            page = structs.replace(page, offset=offset, entries=())
        pages[offset] = page
        if page.total <= offset and offset:
            break  # there is no such page: the total that led here was wrong, or is not true any more
    return pages


def _wanted(page: ListPage, hidden: int) -> int:
    return max(0, min(LIMIT, page.total - hidden - page.offset))


def _listing(pages: dict[int, ListPage], hidden: int) -> Listing:
    total = pages[0].total
    rows: dict[str, PlaylistRow] = {}
    places: dict[str, int] = {}
    ids: list[str | None] = []
    is_steady = True
    all_doubles = 0
    for offset, page in sorted(pages.items()):
        doubles = 0
        for index, row in enumerate(page.entries):
            if row is not None:
                doubles += row.spotify_id in rows
                rows.setdefault(row.spotify_id, row)
                places.setdefault(row.spotify_id, offset + index)
        if page.total != total or brings_nothing_new(len(page.entries), doubles):
            is_steady = False
        ids += [row.spotify_id if row else None for row in page.entries]
        all_doubles += doubles
    problem = "" if is_steady and all_doubles <= hidden else "drift"
    missing = max(0, hidden - all_doubles)
    if any(len(page.entries) != _wanted(page, missing) for page in pages.values()):
        problem = problem or "page_length"
    return Listing(total, len(ids) - all_doubles, ids, is_steady, rows, places, problem)

"""One look at a whole collection: every page, and what is wrong with them taken together.

Lost, ignored and endless cursors: Spotty-Plugin#83, web-api#275, #314. Lists that are ordered anew while they are read,
since somebody listens: sockseek#151.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from math import ceil
from typing import Any

from django_spotify_sync.exceptions import Forbidden, NotFound, SpotifyError
from django_spotify_sync.spotify.answers.paging import CursorPage, Entry, Page
from django_spotify_sync.spotify.client import Get, Params
from django_spotify_sync.sync.handover import Work
from django_spotify_sync.sync.removals import brings_nothing_new


@dataclass(frozen=True, slots=True)
class Listing:
    """One look at the whole list: each id once, in Spotify's order. ``problem`` says why it is not provably whole.

    ``entries`` are all that came. ``came`` counts them but for those that are one of the others again. ``is_steady``
    says that the totals agree and each page brought something new.
    """

    ids: list[str]
    total: int
    entries: list[Entry]
    is_steady: bool
    problem: str

    @property
    def nulls(self) -> int:
        return sum(entry.spotify_id is None for entry in self.entries)

    @property
    def dates(self) -> Counter[datetime | None]:
        """The dates that nulls say, None for those that say none."""
        return Counter(entry.added_at for entry in self.entries if entry.spotify_id is None)

    @property
    def came(self) -> int:
        return len(self.ids) + self.nulls

    @property
    def counts_all(self) -> bool:
        """Whether all that the total counts came, be it some of it twice."""
        return len(self.entries) >= self.total

    def is_as(self, other: Listing | None) -> bool:
        """Tell whether another look showed just the same."""
        return other is not None and (self.total, self.entries) == (other.total, other.entries)

    def is_doubled_as(self, other: Listing) -> bool:
        """Tell whether both show the same, and some ids at the same two places."""
        is_steady = self.is_steady and other.is_steady and self.total == other.total
        return is_steady and len(self.entries) > self.came and self.entries == other.entries


@dataclass(frozen=True, slots=True)
class Source:
    """Where a collection is listed, how a page of it is read, and how many entries one holds at most.

    ``may_be_absent``: Spotify has no such list for everybody (404 or 403), as in markets without audiobooks.
    """

    path: str
    parse: Callable[[Any], Any]
    params: Params = field(default_factory=dict)
    limit: int = 50
    may_be_absent: bool = False

    def get(self, **where: str | int) -> Get[Any]:
        """Return what asks for a page."""
        failed = _absence if self.may_be_absent and not where else None
        params = {**self.params, "limit": self.limit, **where}
        return Get(self.path, self.parse, params, failed=failed)


def _absence(error: SpotifyError) -> None:
    """Return None, for a list that is not there.

    :raises SpotifyError: ``error``, if it says anything else.
    """
    if isinstance(error, NotFound) or type(error) is Forbidden:
        return
    raise error


def by_cursor(work: Work, source: Source, head: CursorPage) -> Listing:
    """Follow the cursor to its end, or as far as makes sense: no id comes twice, and no page too many."""
    came = _Pages(head.total)
    page = head
    cursors: set[str | None] = {None}
    while True:
        work.catalog.update(page.catalog)
        came.add(page.entries, page.total)
        work.progress(len(came.ids), head.total)
        if page.after is None or came.problem:
            break
        if page.after in cursors or len(cursors) > ceil(head.total / source.limit):
            came.problem = "endless_cursor"
            break
        cursors.add(page.after)
        page = work.fetch.one(source.get(after=page.after))
    return came.listing(hidden=work.state.hidden)


def by_offset(work: Work, source: Source, head: Page[Entry]) -> Listing:
    """Read all pages, several at once."""
    offsets = range(source.limit, head.total, source.limit)
    work.catalog.update(head.catalog)
    pages = {0: (head.entries, head.total)}
    for get, page in work.fetch.each([source.get(offset=offset) for offset in offsets]):
        work.catalog.update(page.catalog)
        pages[int(get.params["offset"])] = (page.entries, page.total)
        work.progress(min(source.limit * len(pages), head.total), head.total)
    came = _Pages(head.total)
    for offset in sorted(pages):
        came.add(*pages[offset])
    return came.listing(hidden=work.state.hidden)


class _Pages:
    """The entries of pages, in their order."""

    def __init__(self, total: int) -> None:
        self.total = total
        self.ids: dict[str, None] = {}
        self.entries: list[Entry] = []
        self.problem = ""

    def add(self, entries: Sequence[Entry], total: int) -> None:
        found = [entry.spotify_id for entry in entries if entry.spotify_id is not None]
        known = len(self.ids)
        self.entries += entries
        self.ids |= dict.fromkeys(found)
        doubles = len(found) - (len(self.ids) - known)
        if total != self.total or brings_nothing_new(len(entries), doubles):
            self.problem = "drift"

    def listing(self, *, hidden: int) -> Listing:
        """Return them as a look at the whole list; so many of the total are hidden."""
        listing = Listing(list(self.ids), self.total, self.entries, not self.problem, self.problem)
        if self.problem or listing.came == self.total - hidden:
            return listing
        problem = "drift" if len(self.entries) > listing.came else "count"
        return replace(listing, problem=problem)


def joined(looks: Sequence[Listing], *, hidden: int) -> Listing | None:
    """Return what several looks show together if that is the whole list, None if it is not.

    Where a list is ordered anew between two pages, one entry is skipped and another comes twice. No entry is where it
    was at the next look, so that the one shows what the other has skipped.
    """
    steady = [look for look in looks if look.is_steady]
    if not steady or {look.total for look in steady} != {steady[-1].total}:
        return None
    found = {entry.spotify_id: entry for look in steady for entry in look.entries}
    found.pop(None, None)
    for look in reversed(steady):
        if len(found) + look.nulls == look.total - hidden:
            nulls = [entry for entry in look.entries if entry.spotify_id is None]
            ids = [spotify_id for spotify_id in found if spotify_id is not None]
            return Listing(ids, look.total, [*found.values(), *nulls], True, "")
    return None

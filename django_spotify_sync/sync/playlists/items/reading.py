"""The items of one playlist, read as cheaply as the shapes allow, and whether they fit together.

Get Playlist embeds the first 100 items with the snapshot they belong to: lists up to 100 are read by one request, in
one piece. The rest comes by ``/items``, 50 a page, or by ``/tracks``, 100 a page, where the app is old enough to be
told of that address. A list of somebody else's is closed to new apps, so there ``/items`` is asked at once.
Facts: Spotify Web API, Get Playlist, Get Playlist Items; the migration guide of February 2026; spoton#119.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from urllib.parse import quote

from msgspec.structs import replace

from django_spotify_sync.exceptions import (
    Forbidden,
    NotFound,
    SpotifyError,
    SpotifyUnavailable,
)
from django_spotify_sync.spotify.answers.catalog import Catalog
from django_spotify_sync.spotify.answers.paging import Page
from django_spotify_sync.spotify.answers.playlist_items import ItemRow, parse_items_page
from django_spotify_sync.spotify.answers.playlists import (
    PlaylistAnswer,
    PlaylistRow,
    parse_playlist,
)
from django_spotify_sync.spotify.client import Get, Params

#: Without it episodes come dressed as tracks; Spotify's own ``next`` drops it, one more reason not to follow that.
_TYPES = {"additional_types": "track,episode"}
_LIMIT, _TRACKS_LIMIT = 50, 100
_NO_CATALOG = Catalog()
_REPEATS = 2  # of a page that is refused among others that are given

#: By how much the total of the listing, and that of the items, differ from the items that come.
type Surplus = tuple[int, int]
type Answer = PlaylistAnswer | Page[ItemRow] | SpotifyError


def catalog_of(answer: Answer) -> Catalog:
    """Return the facts that an answer tells all, whatever becomes of the list."""
    page = answer.items if isinstance(answer, PlaylistAnswer) else answer
    return page.catalog if isinstance(page, Page) else _NO_CATALOG


@dataclass(frozen=True, slots=True)
class _Address:
    path: str
    limit: int


class Reading:
    """One list's way through its items. ``asks_only`` is a single item, to learn whether the account may read them.

    ``known_surplus`` is what the reading before this one found. ``refusal`` is what the items' own address said no
    with, 403 or 404 in JSON; ``fault`` is whatever else kept them from coming.
    """

    def __init__(
        self,
        row: PlaylistRow,
        *,
        is_own: bool,
        asks_only: bool = False,
        known_surplus: Surplus = (0, 0),
    ) -> None:
        self.row = row
        self.known_surplus = known_surplus
        self.is_own = is_own
        self.asks_only = asks_only
        self.snapshot = row.snapshot_id
        self.is_in_one_piece = False
        self.refusal: SpotifyError | None = None
        self.fault: SpotifyError | None = None
        self._pages: dict[int, Page[ItemRow]] = {}
        self._checks: dict[int, Page[ItemRow] | None] = {}
        self._read_twice: set[int] = set()
        self._refused: Counter[int] = Counter()
        self._refusals: dict[int, SpotifyError] = {}  # of this round, by offset
        self._list = f"/playlists/{quote(row.spotify_id, safe='')}"
        self._items = _Address(f"{self._list}/items", 1 if asks_only else _LIMIT)
        self._rest = self._items
        embeds = is_own or row.collaborative or row.has_tracks_address
        self.gets = [self._whole_list() if embeds and not asks_only else self._page(0)]

    # What came

    @property
    def may_read(self) -> bool | None:
        """Whether this account may read the items; None if that was not learned."""
        return False if self.refusal else True if self._pages else None

    @property
    def error(self) -> SpotifyError | None:
        """What kept the items from coming, whichever of both it is; to ask once more in this run is no use."""
        return self.refusal or self.fault

    @property
    def entries(self) -> list[ItemRow]:
        """The items as they came, in order."""
        return [row for _, page in sorted(self._pages.items()) for row in page.entries]

    @property
    def total(self) -> int:
        """How many items there are, by the first page."""
        return self._pages[0].total if 0 in self._pages else 0

    @property
    def surplus(self) -> Surplus | None:
        """By how much the totals differ from what came; None if that does not say anything about the list."""
        pages = self._pages.values()
        is_steady = all(page.total == self.total for page in pages)
        is_whole = is_steady and not (self._is_any_overfull or self._runs_on)
        if self.error or self.asks_only or not is_whole:
            return None
        came = len(self.entries)
        listed = self.total if self.row.total is None else self.row.total
        return None if came == 0 != max(listed, self.total) else (listed - came, self.total - came)

    @property
    def problem(self) -> str:
        """Why the pages are not provably one whole list; empty if they are."""
        if any(page.total != self.total for page in self._pages.values()):
            return "drift"
        if not self._counts_as_before:
            if any(len(page.entries) != page.wanted for page in self._pages.values()):
                return "page_length"
            if len(self.entries) != self.total:
                return "count"
        entries = self.entries
        for offset, page in self._checks.items():
            if page is None or [*page.entries] != entries[offset : offset + page.limit]:
                return "repeated_page"
        return ""

    @property
    def _counts_as_before(self) -> bool:
        """Whether the total is wrong, and by as much as at the reading before."""
        counted = self.known_surplus[1]
        return counted != 0 and self.surplus is not None and self.surplus[1] == counted

    @property
    def _runs_on(self) -> bool:
        """Whether the last page is full, and by its total ought not to be: there may be more behind it."""
        last = self._pages[max(self._pages)] if self._pages else None
        return last is not None and len(last.entries) == last.limit > last.wanted

    @property
    def _is_any_overfull(self) -> bool:
        return any(len(page.entries) > page.limit for page in self._pages.values())

    # Asking

    def take(self, get: Get[Answer], answer: Answer) -> None:
        """Take in one answer."""
        if isinstance(answer, SpotifyError):
            self._take_error(get, answer)
        elif isinstance(answer, PlaylistAnswer):
            self._take_list(answer)
        elif get.path in (self._items.path, self._rest.path):
            offset = int(get.params["offset"])
            page = replace(
                answer, offset=offset, limit=int(get.params["limit"]), catalog=_NO_CATALOG
            )
            (self._checks if offset in self._checks else self._pages)[offset] = page

    def advance(self) -> bool:
        """Decide what to ask next, after all was answered; False if there is nothing more to be had."""
        self._judge_refusals()
        self.gets = [] if self.error or self.asks_only else self._next()
        return bool(self.gets)

    def give_up(self, error: SpotifyError) -> None:
        """Ask no more; what is not all there yet has run into ``error``."""
        self._judge_refusals()
        is_answered = self.may_read is not None if self.asks_only else not self.advance()
        if not (self.error or is_answered):
            self.fault = error

    def _take_error(self, get: Get[Answer], error: SpotifyError) -> None:
        if isinstance(error, SpotifyUnavailable):
            self.fault = error
        elif get.path == self._list:
            pass  # the items have an address of their own
        elif (
            get.path != self._items.path
        ):  # /tracks: what it gave is read again, to fit the pages of /items
            self._rest = self._items
            self._pages = {0: self._pages[0]}
        else:
            self._refusals[int(get.params["offset"])] = error

    def _judge_refusals(self) -> None:
        """Tell refusals of the list from those of a page, once it is known which pages came, in whatever order."""
        is_given = any(page.limit == self._items.limit for page in self._pages.values())
        refusals, self._refusals = self._refusals, {}
        for offset, error in refusals.items():
            if is_given:  # among pages that are given it is no word about the list, and may pass
                self._refused[offset] += 1
                if self._refused[offset] > _REPEATS:
                    self.fault = error
            elif isinstance(error, NotFound) or type(error) is Forbidden:
                self.refusal = error
            else:
                self.fault = error

    def _take_list(self, answer: PlaylistAnswer) -> None:
        page = answer.items
        if page is None or page.offset or not self._is_all_there(page):
            return  # not embedded, or not rightly so; the items have an address of their own
        if answer.playlist.has_tracks_address:
            self._rest = _Address(f"{self._list}/tracks", _TRACKS_LIMIT)
        self._pages[0] = replace(page, catalog=_NO_CATALOG)
        self.snapshot = answer.playlist.snapshot_id
        self.is_in_one_piece = len(page.entries) == page.total or self._is_all_there(page, odd=True)

    def _is_all_there(self, page: Page[ItemRow], *, odd: bool = False) -> bool:
        """Tell whether the embedded page holds what it has to; ``odd``: what its total is known to be wrong by."""
        counted = self.known_surplus[1]
        is_odd = counted and page.total - len(page.entries) == counted
        if is_odd and max(page.total, len(page.entries) + 1) <= page.limit:
            return True
        return not odd and len(page.entries) == page.wanted

    def _next(self) -> list[Get[Answer]]:
        if 0 not in self._pages:
            return [self._page(0)]
        wanted = range(self._pages[0].limit, self._end(), self._rest.limit)
        if missing := [offset for offset in wanted if offset not in self._pages]:
            return [self._page(offset, self._rest) for offset in missing]
        again = [
            page
            for offset, page in self._pages.items()
            if len(page.entries) != page.wanted
            and offset not in self._read_twice
            and not self._counts_as_before
        ]
        self._read_twice |= {page.offset for page in again}
        if again:
            return [
                self._page(page.offset, _Address(self._rest.path, page.limit)) for page in again
            ]
        return [] if self.problem or self._checks else self._check()

    def _end(self) -> int:
        """Return up to where to ask: as far as the total says, and on if the last page is full and ought not to be."""
        last = self._pages[max(self._pages)]
        return last.end + 1 if self._runs_on and last.offset < self.total else self.total

    def _check(self) -> list[Get[Answer]]:
        """Ask for a page across the beginning of each one that may only be another one repeated.

        The same item may stand in a list many times, so that a page that is equal to the one before it, or to the
        first, proves nothing yet.
        """
        entries = self.entries
        for offset, page in self._pages.items():
            before = max(0, offset - page.limit)
            if offset and any(
                entries[start : start + len(page.entries)] == [*page.entries]
                for start in (0, before)
            ):
                self._checks[offset - min(_LIMIT // 2, offset // 2)] = None
        return [self._page(offset) for offset in self._checks]

    def _whole_list(self) -> Get[Answer]:
        return Get(self._list, parse_playlist, _TYPES, failed=_itself)

    def _page(self, offset: int, address: _Address | None = None) -> Get[Answer]:
        path, limit = (address or self._items).path, (address or self._items).limit
        params: Params = {"limit": limit, "offset": offset, **_TYPES}
        return Get(path, parse_items_page, params, failed=_itself)


def _itself(error: SpotifyError) -> SpotifyError:
    return error

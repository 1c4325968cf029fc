"""What the lists of the library can be searched for and sorted by, always in a constant number of queries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import F, OuterRef, QuerySet, Subquery, TextField, Value
from django.db.models.functions import Cast, Coalesce, Concat, LPad
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django_spotify_sync.models import AccountPlaylist, FollowedArtist, SavedTrack, SpotifyAccount
from django_spotify_sync.models.catalog import Track
from django_spotify_sync.models.saved_tracks import name_key, sort_keys
from django_spotify_sync.models.search import track_has
from django_spotify_sync.rest.keyset import (
    Cursor,
    KeysetPage,
    Order,
    by_name,
    by_number,
    by_text,
    by_time,
    page_of,
    unpacked,
)

from pages.words import Words

MOST_WORDS = 10  # of a search; each is a condition
MOST_COUNTED = 1_000  # of what is found: to count it is to look at all of it
LAST = "last"  # stands in an address where other pages have their cursor


@dataclass(frozen=True)
class Sorting:
    """One way to sort a list, and how where its rows keep what long libraries are sorted by."""

    label: Words
    order: Order
    downwards: bool = False
    kept: Order | None = None


def _digits(field: str) -> LPad:
    return LPad(Cast(Coalesce(F(field), 0), TextField()), 4, Value("0"))


_keys = sort_keys()
_track = Track.objects.filter(pk=OuterRef("track"))
_place = Concat(
    name_key("album__name"),
    Value(" "),
    _digits("disc_number"),
    _digits("track_number"),
    output_field=TextField(),
)
_album = Coalesce(
    Subquery(_track.filter(album__isnull=False).values(key=_place)[:1]),
    Value(""),
    output_field=TextField(),
)
_release = Coalesce(Subquery(_track.values("album__release_date")[:1]), Value(""))
_by_title = by_text(_keys["name_key"], apart=True)
_by_artist = by_text(_keys["artist_key"], apart=True)
_by_length = by_number(_keys["duration_key"], apart=True)
_kept_title = by_text("name_key", nullable=True, apart=True)
_kept_artist = by_text("artist_key", nullable=True, apart=True)
_kept_length = by_number("duration_key", nullable=True, apart=True)
_saved = by_time("added_at", nullable=True)

#: Each by the word that stands in the address; the first is what a page opens with.
TRACK_ORDERS = {
    "latest": Sorting(_("Latest saved first"), _saved, downwards=True),
    "earliest": Sorting(_("Earliest saved first"), _saved),
    "title": Sorting(_("Title"), _by_title, kept=_kept_title),
    "artist": Sorting(_("Artist"), _by_artist, kept=_kept_artist),
    "album": Sorting(_("Album"), by_text(_album, apart=True)),
    "newest": Sorting(_("Newest release first"), by_text(_release, apart=True), downwards=True),
    "longest": Sorting(_("Longest first"), _by_length, downwards=True, kept=_kept_length),
    "shortest": Sorting(_("Shortest first"), _by_length, kept=_kept_length),
}
PLAYLIST_ORDERS = {
    "spotify": Sorting(_("As at Spotify"), by_number("position")),
    "name": Sorting(_("Name"), by_name("shown_name")),
    "longest": Sorting(
        _("Most items first"), by_number("shown_total", nullable=True), downwards=True
    ),
}
ARTIST_ORDERS = {
    "spotify": Sorting(_("As at Spotify"), by_number("position")),
    "name": Sorting(_("Name"), by_name("artist__name")),
}
#: Of what is in one playlist, or on one album, where nothing is to be chosen.
ITEM_ORDERS = {"spotify": Sorting(_("As at Spotify"), by_number("position"))}


@dataclass(frozen=True)
class Listing:
    """One page of a list, and how it was asked for.

    ``number`` is which page it is, as the visitor has counted on the way there. ``count`` is of all rows, or the most
    that are counted of what a search found, where there ``is_more``.
    """

    page: KeysetPage
    number: int
    count: int
    is_more: bool
    per_page: int
    search: str
    sort: str
    orders: dict[str, Sorting]

    @property
    def rows(self) -> list[Any]:
        return self.page.rows

    @property
    def pages(self) -> int | None:
        """How many there are; None if that was not counted."""
        return None if self.is_more else -(-self.count // self.per_page)

    @property
    def last(self) -> str:
        """What stands for the cursor of the last page."""
        return LAST

    @property
    def before_number(self) -> int:
        return max(self.number - 1, 1)

    @property
    def after_number(self) -> int:
        return self.number + 1


def saved_tracks(request: HttpRequest, account: SpotifyAccount, per_page: int) -> Listing:
    """List the account's saved tracks; each word searched for is in a title, an album or an artist's name."""
    rows = SavedTrack.objects.filter(account=account, track__isnull=False)
    for word in words_of(request):
        rows = rows.filter(track_has(word))
    sort = _sort(request, TRACK_ORDERS)
    order = TRACK_ORDERS[sort].kept
    if order is None or not SavedTrack.objects.keeps_sort_keys(account):
        order = TRACK_ORDERS[sort].order
    return listing_of(request, rows.with_tracks(), TRACK_ORDERS, per_page, order)


def playlists(request: HttpRequest, account: SpotifyAccount, per_page: int) -> Listing:
    """List the account's playlists; each word searched for is in a name or an owner's."""
    rows = AccountPlaylist.objects.filter(account=account).as_shown()
    for word in words_of(request):
        rows = rows.called(word)
    return listing_of(request, rows, PLAYLIST_ORDERS, per_page)


def artists(request: HttpRequest, account: SpotifyAccount, per_page: int) -> Listing:
    """List the artists whom the account follows."""
    rows = FollowedArtist.objects.filter(account=account).select_related("artist")
    for word in words_of(request):
        rows = rows.filter(artist__folded__contains=word)
    return listing_of(request, rows, ARTIST_ORDERS, per_page)


def searched_for(request: HttpRequest) -> str:
    """Return what the visitor looks for."""
    # A NUL is nothing PostgreSQL takes, and nothing anybody types.
    return request.GET.get("q", "").replace("\0", "").strip()[:200]


def words_of(request: HttpRequest) -> list[str]:
    """Return the words of it, each of which has to be found."""
    return searched_for(request).split()[:MOST_WORDS]


def items(request: HttpRequest, rows: QuerySet[Any], per_page: int) -> Listing:
    """List what is in a playlist, or on an album."""
    return listing_of(request, rows, ITEM_ORDERS, per_page)


def _sort(request: HttpRequest, orders: dict[str, Sorting]) -> str:
    sort = request.GET.get("sort", "")
    return sort if sort in orders else next(iter(orders))


def listing_of(
    request: HttpRequest,
    rows: QuerySet[Any],
    orders: dict[str, Sorting],
    per_page: int,
    order: Order | None = None,
) -> Listing:
    """List the page that the address asks for, by its word for an order unless another ``order`` is given for that."""
    search, sort = searched_for(request), _sort(request, orders)
    order = order or orders[sort].order
    ordering = f"-{sort}" if orders[sort].downwards else sort
    counted = rows.order_by().values("pk")
    count = counted[: MOST_COUNTED + 1].count() if search else counted.count()
    asked = request.GET.get("cursor", "")
    cursor = _cursor(asked, ordering, order)
    page = page_of(rows, ordering, order, size=per_page, cursor=cursor, from_end=asked == LAST)
    backwards = asked == LAST or (cursor is not None and cursor.backwards)
    if asked and (not page.rows or (backwards and not page.has_previous)):
        # what was there is gone; or the way back is at its end, which need not be a whole page from where it came
        page = page_of(rows, ordering, order, size=per_page)
    is_more = bool(search) and count > MOST_COUNTED
    number = 1
    if page.has_previous:
        is_last = asked == LAST and not is_more
        number = -(-count // per_page) if is_last else _number(request)
    return Listing(
        page=page,
        number=number,
        count=min(count, MOST_COUNTED) if search else count,
        is_more=is_more,
        per_page=per_page,
        search=search,
        sort=sort,
        orders=orders,
    )


def _cursor(text: str, ordering: str, order: Order) -> Cursor | None:
    """Return the cursor of the address; None if it is none of this order, as of an address from before."""
    try:
        return unpacked(text, ordering, order)
    except ValueError:
        return None


def _number(request: HttpRequest) -> int:
    number = request.GET.get("page", "")
    return int(number) if number.isascii() and number.isdigit() and len(number) < 10 else 1

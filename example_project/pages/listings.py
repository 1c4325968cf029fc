"""What the lists of the library can be searched for and sorted by, always in a constant number of queries."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date
from typing import Any

from django.db.models import F, QuerySet, TextField, Value
from django.db.models.functions import Cast, Coalesce, Concat, Right
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django_spotify_sync.models import (
    AccountPlaylist,
    Artist,
    FollowedArtist,
    SavedTrack,
    SpotifyAccount,
    TrackArtist,
)
from django_spotify_sync.models.saved_tracks import folded_key, sort_keys
from django_spotify_sync.models.search import track_has
from django_spotify_sync.rest.keyset import (
    KeysetPage,
    Order,
    by_number,
    by_text,
    by_time,
    page_of,
)

from pages import filters
from pages.jumps import LAST, Start, month_asked, months_of, start_of, start_of_month
from pages.words import Words

MOST_WORDS = 10  # of a search; each is a condition
MOST_COUNTED = 1_000  # of what is found: to count it is to look at all of it


@dataclass(frozen=True)
class Sorting:
    """One way to sort a list, and how where its rows keep what long libraries are sorted by."""

    label: Words
    order: Order
    downwards: bool = False
    kept: Order | None = None


def by_folded(folded: Any) -> Order:
    """Order by a name as search looks for it, so that capitals and accents are in the way on no database."""
    return by_text(folded_key(folded))


def _digits(field: str) -> Right:
    """Return a number as a text of four digits. By LPad, SQLite would call Python for each row."""
    return Right(Concat(Value("000"), Cast(Coalesce(F(field), 0), TextField())), 4)


_keys = sort_keys()
# Of joins: to look each row's album up by itself takes PostgreSQL ten times as long.
_album = Concat(
    folded_key(Coalesce(F("track__album__folded"), Value(""))),
    Value(" "),
    _digits("track__disc_number"),
    _digits("track__track_number"),
    output_field=TextField(),
)
_release = Coalesce(F("track__album__release_date"), Value(""))
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
#: Those in which a month is somewhere.
BY_DATE = ("latest", "earliest")
PLAYLIST_ORDERS = {
    "spotify": Sorting(_("As at Spotify"), by_number("position")),
    "name": Sorting(_("Name"), by_folded("shown_folded")),
    "longest": Sorting(
        _("Most items first"), by_number("shown_total", nullable=True), downwards=True
    ),
}
ARTIST_ORDERS = {
    "spotify": Sorting(_("As at Spotify"), by_number("position")),
    "name": Sorting(_("Name"), by_folded("artist__folded")),
}
#: Of what is in one playlist, or on one album, where nothing is to be chosen.
ITEM_ORDERS = {"spotify": Sorting(_("As at Spotify"), by_number("position"))}


@dataclass(frozen=True)
class Listing:
    """One page of a list, and how it was asked for.

    ``number`` is which page it is, as far as it is known. ``count`` is of all rows, or the most that are counted of
    what was found, where there ``is_more``. ``months`` are those one may jump to, the latest first.
    """

    page: KeysetPage
    number: int
    count: int
    is_more: bool
    per_page: int
    search: str
    sort: str
    orders: dict[str, Sorting]
    fields: list[filters.Field] = field(default_factory=list)
    months: list[date] = field(default_factory=list)
    month: date | None = None

    @property
    def rows(self) -> list[Any]:
        return self.page.rows

    @property
    def month_shown(self) -> date | None:
        """The month that was jumped to, or else that of the first row."""
        if self.month or not (self.months and self.rows and self.rows[0].added_at):
            return self.month
        return self.rows[0].added_at.astimezone(UTC).date().replace(day=1)

    @property
    def decades(self) -> list[str]:
        """What a field of a decade offers."""
        return [f"{decade}s" for decade in range(2020, 1940, -10)]

    @property
    def active(self) -> int:
        """How many filters there are that narrow it."""
        return sum(one.is_active for one in self.fields)

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
    rows = SavedTrack.objects.filter(account=account, track__isnull=False).with_tracks()
    fields = filters.fields_of(request.GET)
    found = filters.narrowed(rows, account, fields)
    for word in words_of(request):
        found = found.filter(track_has(word))
    sort = _sort(request, TRACK_ORDERS)
    order = TRACK_ORDERS[sort].kept
    if order is None or not SavedTrack.objects.keeps_sort_keys(account):
        order = TRACK_ORDERS[sort].order
    is_narrowed = bool(words_of(request)) or any(one.is_active for one in fields)
    months = months_of(account) if sort in BY_DATE and not is_narrowed else []
    return listing_of(
        request,
        rows,
        TRACK_ORDERS,
        per_page,
        order,
        found=found if is_narrowed else None,
        fields=fields,
        months=months,
    )


def tracks_of(
    request: HttpRequest, account: SpotifyAccount, artist: Artist, per_page: int
) -> Listing:
    """List the account's saved tracks of one artist."""
    links = TrackArtist.objects.filter(artist=artist)
    rows = SavedTrack.objects.filter(account=account, track__in=links.values("track"))
    return listing_of(request, rows.with_tracks(), TRACK_ORDERS, per_page)


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


def few_of(rows: QuerySet[Any], found: QuerySet[Any]) -> tuple[QuerySet[Any], int]:
    """Return what was found among ``rows``, and how many, or one more than are counted.

    What is rare is looked for once, and then asked for by its keys: to look for it takes long.
    """
    keys = list(found.order_by().values_list("pk", flat=True)[: MOST_COUNTED + 1])
    return (found if len(keys) > MOST_COUNTED else rows.filter(pk__in=keys)), len(keys)


def listing_of(
    request: HttpRequest,
    rows: QuerySet[Any],
    orders: dict[str, Sorting],
    per_page: int,
    order: Order | None = None,
    *,
    found: QuerySet[Any] | None = None,
    fields: list[filters.Field] | None = None,
    months: list[date] | None = None,
) -> Listing:
    """List the page that the address asks for, by its word for an order unless another ``order`` is given for that.

    ``found`` are those of the ``rows`` that were looked for, if anything was.
    """
    search, sort = searched_for(request), _sort(request, orders)
    order, downwards = order or orders[sort].order, orders[sort].downwards
    ordering = f"-{sort}" if downwards else sort
    if found is None:
        count, is_more = rows.order_by().values("pk").count(), False
    else:
        rows, count = few_of(rows, found)
        is_more = count > MOST_COUNTED
    pages = -(-count // per_page)
    month = month_asked(request, months or [])
    if month:
        start = start_of_month(month, rows, downwards=downwards, per_page=per_page)
    else:
        start = start_of(request, ordering, order, per_page=per_page, pages=pages)
    page, number = _page(rows, ordering, order, start, per_page), start.number
    if not page.has_previous:
        number = 1
    elif start.from_end and not is_more:
        number = pages
    return Listing(
        page=page,
        number=number,
        count=MOST_COUNTED if is_more else count,
        is_more=is_more,
        per_page=per_page,
        search=search,
        sort=sort,
        orders=orders,
        fields=fields or [],
        months=months or [],
        month=month,
    )


def _page(
    rows: QuerySet[Any], ordering: str, order: Order, start: Start, per_page: int
) -> KeysetPage:
    page = page_of(
        rows,
        ordering,
        order,
        size=per_page,
        cursor=start.cursor,
        from_end=start.from_end,
        skip=start.skip,
    )
    if page.rows and (page.has_previous or not start.is_backwards):
        return page
    if start == Start():
        return page
    # what was there is gone; or the way back is at its end, which need not be a whole page from where it came
    return page_of(rows, ordering, order, size=per_page)


def _sort(request: HttpRequest, orders: dict[str, Sorting]) -> str:
    sort = request.GET.get("sort", "")
    return sort if sort in orders else next(iter(orders))

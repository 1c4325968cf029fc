"""What the lists of the library can be searched for and sorted by, always in a constant number of queries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Exists, F, OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django_spotify_sync.models import (
    AccountPlaylist,
    FollowedArtist,
    SavedTrack,
    SpotifyAccount,
    Track,
    TrackArtist,
)

from pages.words import Words

MOST_WORDS = 10  # of a search; each is a condition

type Order = tuple[Any, ...]

_first_artist = Subquery(
    TrackArtist.objects.filter(track=OuterRef("track"))
    .order_by("position")
    .values("artist__name")[:1]
)

#: Each by the word that stands in the address; the first is what a page opens with.
TRACK_ORDERS: dict[str, tuple[Words, Order]] = {
    "latest": (_("Latest saved first"), ("-added_at", "-id")),
    "earliest": (_("Earliest saved first"), ("added_at", "id")),
    "title": (_("Title"), ("track__name", "id")),
    "artist": (_("Artist"), ("first_artist", "track__album__name", "track__track_number", "id")),
    "album": (
        _("Album"),
        ("track__album__name", "track__disc_number", "track__track_number", "id"),
    ),
    "newest": (
        _("Newest release first"),
        (F("track__album__release_date").desc(nulls_last=True), "id"),
    ),
    "longest": (_("Longest first"), ("-track__duration_ms", "id")),
    "shortest": (_("Shortest first"), ("track__duration_ms", "id")),
}
PLAYLIST_ORDERS: dict[str, tuple[Words, Order]] = {
    "spotify": (_("As at Spotify"), ("position", "id")),
    "name": (_("Name"), ("shown_name", "id")),
    "longest": (_("Most items first"), (F("shown_total").desc(nulls_last=True), "id")),
}
ARTIST_ORDERS: dict[str, tuple[Words, Order]] = {
    "spotify": (_("As at Spotify"), ("position", "id")),
    "name": (_("Name"), ("artist__name", "id")),
}


@dataclass(frozen=True)
class Listing:
    """One page of a list, and how it was asked for."""

    page: Page[Any]
    search: str
    sort: str
    orders: dict[str, tuple[Words, Order]]

    @property
    def numbers(self) -> Any:
        """The numbers of pages to offer, with gaps."""
        return self.page.paginator.get_elided_page_range(
            self.page.number, on_each_side=1, on_ends=1
        )


def saved_tracks(request: HttpRequest, account: SpotifyAccount, per_page: int) -> Listing:
    """List the account's saved tracks; each word searched for is in a title, an album or an artist's name."""
    rows = SavedTrack.objects.filter(account=account, track__isnull=False)
    for word in _search(request).split()[:MOST_WORDS]:
        # three questions, each of which PostgreSQL may answer by an index
        track = Track.objects.filter(pk=OuterRef("track"))
        artists = TrackArtist.objects.filter(track=OuterRef("track"))
        rows = rows.filter(
            Exists(track.filter(folded__contains=word))
            | Exists(track.filter(album__folded__contains=word))
            | Exists(artists.filter(artist__folded__contains=word))
        )
    if request.GET.get("sort") == "artist":
        rows = rows.annotate(first_artist=_first_artist)
    return _listing(request, rows.with_tracks(), TRACK_ORDERS, per_page)


def playlists(request: HttpRequest, account: SpotifyAccount, per_page: int) -> Listing:
    """List the account's playlists; each word searched for is in a name or an owner's."""
    rows = AccountPlaylist.objects.filter(account=account).as_shown()
    for word in _search(request).split()[:MOST_WORDS]:
        rows = rows.called(word)
    return _listing(request, rows, PLAYLIST_ORDERS, per_page)


def artists(request: HttpRequest, account: SpotifyAccount, per_page: int) -> Listing:
    """List the artists whom the account follows."""
    rows = FollowedArtist.objects.filter(account=account).select_related("artist")
    for word in _search(request).split()[:MOST_WORDS]:
        rows = rows.filter(artist__folded__contains=word)
    return _listing(request, rows, ARTIST_ORDERS, per_page)


def _search(request: HttpRequest) -> str:
    # A NUL is nothing PostgreSQL takes, and nothing anybody types.
    return request.GET.get("q", "").replace("\0", "").strip()[:200]


def _listing(
    request: HttpRequest,
    rows: QuerySet[Any],
    orders: dict[str, tuple[Words, Order]],
    per_page: int,
) -> Listing:
    sort = request.GET.get("sort", "")
    if sort not in orders:
        sort = next(iter(orders))
    page = Paginator(rows.order_by(*orders[sort][1]), per_page).get_page(request.GET.get("page"))
    return Listing(page, _search(request), sort, orders)

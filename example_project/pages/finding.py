"""One search over all that is in a user's library: a group for each kind, with its first few."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django_spotify_sync.models import (
    AccountPlaylist,
    Album,
    Artist,
    FollowedArtist,
    PlaylistItem,
    SavedAlbum,
    SavedTrack,
    SpotifyAccount,
)
from django_spotify_sync.models.library import LIBRARY
from django_spotify_sync.models.playlists import SHOWS_DETAILS
from django_spotify_sync.models.search import track_has
from django_spotify_sync.rest.keyset import by_number

from pages import words
from pages.catalog import ALBUM_ARTISTS
from pages.collections import COLLECTIONS, albums_by
from pages.listings import (
    Listing,
    Sorting,
    by_folded,
    few_of,
    listing_of,
    searched_for,
    words_of,
)
from pages.words import Words

FEW = 5  # of each kind on the page of all kinds


@dataclass(frozen=True)
class Kind:
    """Something to be found: all ``rows`` of an account, and which of them have a word.

    A kind with a ``page`` has a list of its own, which can be searched; the others are shown in full by this search.
    """

    title: Words
    rows: Callable[[SpotifyAccount], QuerySet[Any]]
    has: Callable[[str], Q]
    order: Sorting
    page: str = ""
    resource: str = ""


def _tracks(account: SpotifyAccount) -> QuerySet[Any]:
    return SavedTrack.objects.filter(account=account, track__isnull=False).with_tracks()


def _albums(account: SpotifyAccount) -> QuerySet[Any]:
    saved = SavedAlbum.objects.filter(account=account, album=OuterRef("pk"))
    partly = SavedTrack.objects.filter(account=account, track__album=OuterRef("pk"))
    return Album.objects.filter(Exists(saved) | Exists(partly)).prefetch_related(ALBUM_ARTISTS)


def _artists(account: SpotifyAccount) -> QuerySet[Any]:
    followed = FollowedArtist.objects.filter(account=account, artist=OuterRef("pk"))
    heard = SavedTrack.objects.filter(account=account, track__track_artists__artist=OuterRef("pk"))
    of_albums = SavedAlbum.objects.filter(
        account=account, album__album_artists__artist=OuterRef("pk")
    )
    return Artist.objects.filter(Exists(followed) | Exists(heard) | Exists(of_albums))


def _playlists(account: SpotifyAccount) -> QuerySet[Any]:
    return AccountPlaylist.objects.filter(account=account).as_shown()


def _items(account: SpotifyAccount) -> QuerySet[Any]:
    return PlaylistItem.objects.shown_to(account).with_tracks()


def _collection(resource: str) -> Kind:
    kind = COLLECTIONS[resource]
    latest = kind.orders["latest"]

    def rows(account: SpotifyAccount) -> QuerySet[Any]:
        return LIBRARY[resource].shown_of(account.pk).select_related(kind.holds)

    return Kind(words.SPOKEN[resource], rows, kind.has, latest, page=resource, resource=resource)


_by_name = Sorting(_("Name"), by_folded("folded"))

#: By their names in addresses, in the order of the page.
KINDS = {
    "tracks": Kind(
        words.SHELVES["tracks"],
        _tracks,
        track_has,
        COLLECTIONS["albums"].orders["latest"],
        page="tracks",
    ),
    "albums": Kind(
        _("Albums"),
        _albums,
        lambda word: Q(folded__contains=word) | Q(pk__in=albums_by(word)),
        _by_name,
    ),
    "artists": Kind(_("Artists"), _artists, lambda word: Q(folded__contains=word), _by_name),
    "playlists": Kind(
        words.SHELVES["playlists"],
        _playlists,
        lambda word: SHOWS_DETAILS & Q(playlist__folded__contains=word),
        Sorting(_("As at Spotify"), by_number("position")),
        page="playlists",
    ),
    "items": Kind(
        _("In playlists"),
        _items,
        lambda word: Q(folded__contains=word) | track_has(word),
        Sorting(_("As at Spotify"), by_number("playlist_id")),
    ),
    **{resource: _collection(resource) for resource in words.SPOKEN},
}


@dataclass(frozen=True)
class Group:
    """What was found of one kind: the first few, and where there are ``more``."""

    name: str
    title: Words
    rows: list[Any]
    more: str


def groups(request: HttpRequest, account: SpotifyAccount) -> list[Group]:
    """Search for the words of the address in all kinds that the site has; kinds without a find are left out."""
    if not words_of(request):
        return []
    found = (_group(request, account, name) for name in _here())
    return [group for group in found if group.rows]


def _here() -> list[str]:
    shelves = settings.SPOTIFY_SYNC_RESOURCES
    return [name for name, kind in KINDS.items() if not kind.resource or kind.resource in shelves]


def _group(request: HttpRequest, account: SpotifyAccount, name: str) -> Group:
    kind = KINDS[name]
    rows = kind.rows(account)
    found, count = few_of(rows, _with_words(request, kind, rows))
    key, downwards = kind.order.order.key, kind.order.downwards
    by_key = (key.desc(nulls_last=True), "-pk") if downwards else (key, "pk")
    few = list(found.order_by(*by_key)[:FEW]) if count else []
    query = {"q": searched_for(request)} if kind.page else {"q": searched_for(request), "in": name}
    more = f"{reverse(kind.page or 'search')}?{urlencode(query)}"
    return Group(name, kind.title, linked(name, account, few), more if count > FEW else "")


def one_kind(request: HttpRequest, account: SpotifyAccount, name: str, per_page: int) -> Listing:
    """List all that was found of one kind."""
    kind = KINDS[name]
    rows = kind.rows(account)
    found = _with_words(request, kind, rows)
    return listing_of(request, rows, {"found": kind.order}, per_page, found=found)


def _with_words(request: HttpRequest, kind: Kind, rows: QuerySet[Any]) -> QuerySet[Any]:
    for word in words_of(request):
        rows = rows.filter(kind.has(word))
    return rows


def linked(name: str, account: SpotifyAccount, rows: list[Any]) -> list[Any]:
    """Return the rows with what a page shows of them.

    Items of playlists have their ``link``, the playlist as its owner was shown it; what is spoken is its ``thing``.
    """
    if name == "items" and rows:
        theirs = _playlists(account).filter(playlist__in={row.playlist_id for row in rows})
        links = {link.playlist_id: link for link in theirs}
        for row in rows:
            row.link = links[row.playlist_id]
    if name in words.SPOKEN:
        for row in rows:
            row.thing = getattr(row, name.removesuffix("s"))
    return rows

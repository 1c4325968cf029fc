"""What saved albums, shows, episodes and audiobooks can be searched for and sorted by: an entry each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import F, OuterRef, Prefetch, Q, Subquery, TextField, Value
from django.db.models.functions import Coalesce, Concat
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django_spotify_sync.models import AlbumArtist, Artist, SpotifyAccount
from django_spotify_sync.models.library import LIBRARY
from django_spotify_sync.models.saved_tracks import folded_key
from django_spotify_sync.rest.keyset import by_number, by_text, by_time

from pages.listings import Listing, Sorting, by_folded, listing_of, words_of
from pages.words import Words

#: The artists of albums, in Spotify's order.
ALBUM_ARTISTS = Prefetch(
    "album__album_artists",
    AlbumArtist.objects.select_related("artist").order_by("album_id", "position"),
)


def albums_by(word: str) -> Any:
    """Return the keys of all albums that an artist with the word in the name has part in."""
    artists = Artist.objects.filter(folded__contains=word)
    return AlbumArtist.objects.filter(artist__in=artists).values("album")


def _album_has(word: str) -> Q:
    return Q(album__folded__contains=word) | Q(album__in=albums_by(word))


def _show_has(word: str) -> Q:
    return Q(show__folded__contains=word) | Q(show__folded_publisher__contains=word)


def _episode_has(word: str) -> Q:
    return Q(episode__folded__contains=word) | Q(episode__show__folded__contains=word)


def _audiobook_has(word: str) -> Q:
    return Q(audiobook__folded__contains=word) | Q(audiobook__folded_authors__contains=word)


_first_artist = AlbumArtist.objects.filter(album=OuterRef("album")).order_by("position")
#: The albums of one artist stand in the order of their release.
_by_artist = Concat(
    Coalesce(Subquery(_first_artist.values(key=folded_key("artist__folded"))[:1]), Value("")),
    Value(" "),
    "album__release_date",
    output_field=TextField(),
)
_saved = by_time("added_at", nullable=True)
_by_date = {
    "latest": Sorting(_("Latest saved first"), _saved, downwards=True),
    "earliest": Sorting(_("Earliest saved first"), _saved),
}


@dataclass(frozen=True)
class Collection:
    """One of them: the catalogue row it ``holds``, how a word is found, and its orders by their words in addresses.

    ``searches`` says to people what a search looks into.
    """

    holds: str
    has: Callable[[str], Q]
    searches: Words
    orders: dict[str, Sorting]
    prefetched: tuple[Prefetch[str], ...] = ()


COLLECTIONS = {
    "albums": Collection(
        holds="album",
        prefetched=(ALBUM_ARTISTS,),
        has=_album_has,
        searches=_("Search albums and artists"),
        orders={
            **_by_date,
            "title": Sorting(_("Title"), by_folded("album__folded")),
            "artist": Sorting(_("Artist"), by_text(_by_artist)),
            "newest": Sorting(
                _("Newest release first"), by_text("album__release_date"), downwards=True
            ),
        },
    ),
    "shows": Collection(
        holds="show",
        has=_show_has,
        searches=_("Search shows and publishers"),
        orders={
            **_by_date,
            "name": Sorting(_("Name"), by_folded("show__folded")),
            "publisher": Sorting(_("Publisher"), by_folded("show__folded_publisher")),
            "longest": Sorting(
                _("Most episodes first"),
                by_number("show__total_episodes", nullable=True),
                downwards=True,
            ),
        },
    ),
    "episodes": Collection(
        holds="episode__show",
        has=_episode_has,
        searches=_("Search episodes and shows"),
        orders={
            **_by_date,
            "title": Sorting(_("Title"), by_folded("episode__folded")),
            "show": Sorting(_("Show"), by_folded(Coalesce(F("episode__show__folded"), Value("")))),
            "newest": Sorting(
                _("Newest release first"), by_text("episode__release_date"), downwards=True
            ),
            "longest": Sorting(
                _("Longest first"), by_number("episode__duration_ms"), downwards=True
            ),
        },
    ),
    "audiobooks": Collection(
        holds="audiobook",
        has=_audiobook_has,
        searches=_("Search titles and authors"),
        orders={
            **_by_date,
            "title": Sorting(_("Title"), by_folded("audiobook__folded")),
            "longest": Sorting(
                _("Most chapters first"),
                by_number("audiobook__total_chapters", nullable=True),
                downwards=True,
            ),
        },
    ),
}


def collection(
    request: HttpRequest, account: SpotifyAccount, resource: str, per_page: int
) -> Listing:
    """List what the account has saved of one kind, with what is needed to show it."""
    kind = COLLECTIONS[resource]
    rows = LIBRARY[resource].shown_of(account.pk)
    rows = found = rows.select_related(kind.holds).prefetch_related(*kind.prefetched)
    words = words_of(request)
    for word in words:
        found = found.filter(kind.has(word))
    return listing_of(request, rows, kind.orders, per_page, found=found if words else None)

"""What saved albums, shows, episodes and audiobooks can be searched for and sorted by: an entry each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.db.models import Exists, F, OuterRef, Prefetch, Q, Subquery, TextField, Value
from django.db.models.functions import Coalesce, Concat
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django_spotify_sync.models import AlbumArtist, AlbumTrack, SavedTrack, SpotifyAccount
from django_spotify_sync.models.catalog import track_artists
from django_spotify_sync.models.library import LIBRARY
from django_spotify_sync.models.saved_albums import SavedAlbum
from django_spotify_sync.models.saved_tracks import name_key
from django_spotify_sync.rest.keyset import by_name, by_number, by_text, by_time

from pages.listings import Listing, Sorting, items, listing_of, words_of
from pages.words import Words

#: The artists of albums, in Spotify's order.
ALBUM_ARTISTS = Prefetch(
    "album__album_artists",
    AlbumArtist.objects.select_related("artist").order_by("album_id", "position"),
)


def _album_has(word: str) -> Q:
    artists = AlbumArtist.objects.filter(album=OuterRef("album"))
    return Q(album__folded__contains=word) | Q(
        Exists(artists.filter(artist__folded__contains=word))
    )


def _show_has(word: str) -> Q:
    return Q(show__folded__contains=word) | Q(show__folded_publisher__contains=word)


def _episode_has(word: str) -> Q:
    return Q(episode__folded__contains=word) | Q(episode__show__folded__contains=word)


def _audiobook_has(word: str) -> Q:
    return Q(audiobook__folded__contains=word) | Q(audiobook__folded_authors__contains=word)


_first_artist = AlbumArtist.objects.filter(album=OuterRef("album")).order_by("position")
#: The albums of one artist stand in the order of their release.
_by_artist = Concat(
    Coalesce(Subquery(_first_artist.values(key=name_key("artist__name"))[:1]), Value("")),
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
            "title": Sorting(_("Title"), by_name("album__name")),
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
            "name": Sorting(_("Name"), by_name("show__name")),
            "publisher": Sorting(_("Publisher"), by_name("show__publisher")),
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
            "title": Sorting(_("Title"), by_name("episode__name")),
            "show": Sorting(_("Show"), by_name(Coalesce(F("episode__show__name"), Value("")))),
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
            "title": Sorting(_("Title"), by_name("audiobook__name")),
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
    for word in words_of(request):
        rows = rows.filter(kind.has(word))
    rows = rows.select_related(kind.holds).prefetch_related(*kind.prefetched)
    return listing_of(request, rows, kind.orders, per_page)


@dataclass(frozen=True)
class Tracklist:
    """One page of an album's tracks; ``saved`` are the keys of those on it that the account has saved.

    ``count_saved`` is how many of the whole album, as far as it is here, and ``missing`` how many are not here.
    """

    listing: Listing
    saved: set[int]
    count_saved: int
    missing: int


def tracklist(request: HttpRequest, saved: SavedAlbum, per_page: int) -> Tracklist:
    """List the tracks of a saved album in Spotify's order, in a constant number of queries."""
    album = saved.album
    rows = AlbumTrack.objects.filter(album=album)
    with_tracks = rows.select_related("track").prefetch_related(track_artists("track__"))
    listing = items(request, with_tracks, per_page)
    theirs = SavedTrack.objects.filter(account=saved.account_id)
    shown = theirs.filter(track__in=[row.track_id for row in listing.rows])
    total = (album.total_tracks if album else None) or 0
    return Tracklist(
        listing=listing,
        saved=set(shown.values_list("track", flat=True)),
        count_saved=theirs.filter(track__in=rows.values("track")).count(),
        missing=max(0, total - listing.count),
    )

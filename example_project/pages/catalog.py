"""What of an album, an artist or a track is in one user's library, always in a constant number of queries.

Whoever has nothing of it in the library is shown nothing: the catalogue is everybody's, what stands in it is not.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import F, Min, Prefetch, Q, QuerySet
from django.db.models.functions import Coalesce
from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy as _
from django_spotify_sync.models import (
    AccountPlaylist,
    Album,
    AlbumArtist,
    AlbumTrack,
    Artist,
    FollowedArtist,
    PlaylistItem,
    SavedAlbum,
    SavedTrack,
    SpotifyAccount,
    Track,
)
from django_spotify_sync.models.catalog import track_artists
from django_spotify_sync.rest.keyset import by_number

from pages.listings import Listing, Sorting, items, listing_of, tracks_of

MOST_CARDS = 60  # albums of one artist
ALBUM_ARTISTS = Prefetch(
    "album_artists", AlbumArtist.objects.select_related("artist").order_by("album_id", "position")
)
_place = Coalesce(F("disc_number"), 0) * 10_000 + Coalesce(F("track_number"), 0)
ON_ALBUM = {"spotify": Sorting(_("As at Spotify"), by_number(_place))}


@dataclass(frozen=True)
class AlbumShown:
    """An album: of its ``total`` tracks ``count_saved`` are saved, by ``saved`` keys those on this page of the listing.

    A user who saved the ``album`` itself (``entry``) sees all of its tracks, of which ``missing`` are not here yet;
    any other those that they have themselves.
    """

    album: Album
    entry: SavedAlbum | None
    listing: Listing
    saved: set[int]
    count_saved: int
    since: datetime | None
    total: int
    missing: int
    playlists: list[AccountPlaylist]


def album_shown(
    request: HttpRequest, account: SpotifyAccount, spotify_id: str, per_page: int
) -> AlbumShown:
    """Return an album as it stands in the library.

    :raises Http404: if there is nothing of it.
    """
    albums = Album.objects.prefetch_related(ALBUM_ARTISTS)
    album = get_object_or_404(albums, spotify_id=spotify_id)
    entry = SavedAlbum.objects.filter(account=account, album=album).first()
    listed = AlbumTrack.objects.filter(album=album)
    # A saved album lists its tracks by other ids too: those of the same recording in another market.
    its_own = Q(track__in=listed.values("track")) if entry else Q(track__album=album)
    theirs = SavedTrack.objects.filter(its_own, account=account)
    playlists = _holding(account, Track.objects.filter(album=album))
    if not entry and not playlists and not theirs.exists():
        raise Http404("Nothing of this album is in the library.")
    if entry:
        rows = listed.select_related("track").prefetch_related(track_artists("track__"))
        listing = items(request, rows, per_page)
    else:
        tracks = _in_library(Track.objects.filter(album=album), account)
        listing = listing_of(request, tracks.prefetch_related(track_artists()), ON_ALBUM, per_page)
    shown = {row.track_id if entry else row.pk for row in listing.rows}
    known = theirs.aggregate(since=Min("added_at"))
    total = album.total_tracks or listing.count
    return AlbumShown(
        album=album,
        entry=entry,
        listing=listing,
        saved=set(theirs.filter(track__in=shown).values_list("track", flat=True)),
        count_saved=theirs.count(),
        since=known["since"],
        total=max(total, listing.count),
        missing=max(0, total - listing.count) if entry else 0,
        playlists=playlists,
    )


@dataclass(frozen=True)
class ArtistShown:
    """An artist: whether they are followed, which saved tracks and albums they have part in, since when."""

    artist: Artist
    is_followed: bool
    listing: Listing
    albums: list[SavedAlbum]
    since: datetime | None
    playlists: list[AccountPlaylist]


def artist_shown(
    request: HttpRequest, account: SpotifyAccount, spotify_id: str, per_page: int
) -> ArtistShown:
    """Return an artist as they stand in the library.

    :raises Http404: if there is nothing of them.
    """
    artist = get_object_or_404(Artist, spotify_id=spotify_id)
    tracks = Track.objects.filter(track_artists__artist=artist)
    theirs = AlbumArtist.objects.filter(artist=artist).values("album")
    albums = SavedAlbum.objects.filter(account=account, album__in=theirs)
    listing = tracks_of(request, account, artist, per_page)
    since = SavedTrack.objects.filter(account=account, track__in=tracks.values("pk"))
    found = ArtistShown(
        artist=artist,
        is_followed=FollowedArtist.objects.filter(account=account, artist=artist).exists(),
        listing=listing,
        albums=list(albums.with_albums().order_by("-album__release_date", "pk")[:MOST_CARDS]),
        since=since.aggregate(since=Min("added_at"))["since"],
        playlists=_holding(account, tracks),
    )
    if not (found.is_followed or found.listing.count or found.albums or found.playlists):
        raise Http404("Nothing of this artist is in the library.")
    return found


@dataclass(frozen=True)
class TrackShown:
    """A track: the entry of the saved tracks that it is, if it is one, and where else it stands."""

    track: Track
    entry: SavedTrack | None
    playlists: list[AccountPlaylist]
    albums: list[SavedAlbum]


def track_shown(account: SpotifyAccount, spotify_id: str) -> TrackShown:
    """Return a track as it stands in the library.

    :raises Http404: if it does not.
    """
    tracks = Track.objects.select_related("album").prefetch_related(track_artists())
    track = get_object_or_404(tracks, spotify_id=spotify_id)
    albums = SavedAlbum.objects.filter(account=account)
    listed = AlbumTrack.objects.filter(track=track).values("album")
    found = TrackShown(
        track=track,
        entry=SavedTrack.objects.filter(account=account, track=track).first(),
        playlists=_holding(account, Track.objects.filter(pk=track.pk)),
        albums=list(albums.filter(album__in=listed).select_related("album").order_by("pk")),
    )
    if not (found.entry or found.playlists or found.albums):
        raise Http404("This track is not in the library.")
    return found


def _holding(account: SpotifyAccount, tracks: QuerySet[Track]) -> list[AccountPlaylist]:
    links = AccountPlaylist.objects.filter(account=account).as_shown()
    return list(links.holding(tracks).in_order())


def _in_library(tracks: QuerySet[Track], account: SpotifyAccount) -> QuerySet[Track]:
    """Return those that the account has saved, or sees in its playlists."""
    saved = SavedTrack.objects.filter(account=account, track__in=tracks.values("pk"))
    listed = PlaylistItem.objects.shown_to(account).filter(track__in=tracks.values("pk"))
    return tracks.filter(Q(pk__in=saved.values("track")) | Q(pk__in=listed.values("track")))

"""The shared catalogue in the admin."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import SEARCH_VAR
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from django_spotify_sync.admin.looks import NOTHING, artists_of, cover, minutes, titled
from django_spotify_sync.admin.rows import ReadOnlyAdmin
from django_spotify_sync.models import Album, AlbumArtist, Artist, Track
from django_spotify_sync.models.catalog import track_artists


@admin.register(Artist)
class ArtistAdmin(ReadOnlyAdmin):
    list_display = ("title", "spotify_id")
    search_fields = ("folded__contains",)
    fields = ("picture", "name", "genre_names", "spotify_id", "on_spotify")

    @admin.display(description=_("artist"))
    def title(self, artist: Artist) -> str:
        return titled(artist.image_url, artist)

    @admin.display(description=_("picture"))
    def picture(self, artist: Artist) -> str:
        return cover(artist.image_url, 160)

    @admin.display(description=_("genres"))
    def genre_names(self, artist: Artist) -> str:
        return ", ".join(map(str, artist.genres)) or NOTHING


@admin.register(Album)
class AlbumAdmin(ReadOnlyAdmin):
    list_display = ("title", "artist_names", "release_date", "spotify_id")
    search_fields = ("folded__contains",)
    fields = (
        "picture",
        "name",
        "artist_names",
        "album_type",
        "release_date",
        "total_tracks",
        "spotify_id",
        "on_spotify",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        links = AlbumArtist.objects.select_related("artist")
        return super().get_queryset(request).prefetch_related(Prefetch("album_artists", links))

    @admin.display(description=_("album"))
    def title(self, album: Album) -> str:
        return titled(album.thumbnail_url or album.image_url, album)

    @admin.display(description=_("artists"))
    def artist_names(self, album: Album) -> str:
        return artists_of(album.album_artists)

    @admin.display(description=_("cover"))
    def picture(self, album: Album) -> str:
        return cover(album.image_url, 160)


@admin.register(Track)
class TrackAdmin(ReadOnlyAdmin):
    list_display = ("title", "artist_names", "album_link", "duration", "isrc")
    list_select_related = ("album",)
    search_fields = ("folded__contains",)
    fields = (
        "picture",
        "name",
        "artist_names",
        "album_link",
        "disc_number",
        "track_number",
        "duration",
        "explicit",
        "isrc",
        "spotify_id",
        "on_spotify",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).prefetch_related(track_artists())

    def get_search_fields(self, request: HttpRequest) -> tuple[str, ...]:
        """The names, which have an index; and what has a digit may be (part of) an ISRC, which has none."""
        fields = tuple(super().get_search_fields(request))
        has_digit = any(map(str.isdigit, request.GET.get(SEARCH_VAR, "")))
        return (*fields, "isrc") if has_digit else fields

    @admin.display(description=_("track"))
    def title(self, track: Track) -> str:
        return titled(cover_of(track), track)

    @admin.display(description=_("artists"))
    def artist_names(self, track: Track) -> str:
        return artists_of(track.track_artists)

    @admin.display(description=_("album"))
    def album_link(self, track: Track) -> str:
        return self.link(track.album)

    @admin.display(description=_("duration"))
    def duration(self, track: Track) -> str:
        return minutes(track.duration_ms)

    @admin.display(description=_("cover"))
    def picture(self, track: Track) -> str:
        return cover(track.album.image_url if track.album else "", 160)


def cover_of(track: Track | None) -> str:
    """Return the address of the smallest cover of a track's album, empty if there is none."""
    album = track.album if track else None
    return (album.thumbnail_url or album.image_url) if album else ""

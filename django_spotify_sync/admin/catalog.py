"""The shared catalogue in the admin."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import SEARCH_VAR
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from django_spotify_sync.admin.looks import (
    artists_of,
    cover,
    listed,
    minutes,
    number,
    small_cover,
    titled,
)
from django_spotify_sync.admin.rows import ReadOnlyAdmin
from django_spotify_sync.models import (
    Album,
    AlbumArtist,
    Artist,
    Audiobook,
    Episode,
    Show,
    Track,
)
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
        return listed(artist.genres)


@admin.register(Album)
class AlbumAdmin(ReadOnlyAdmin):
    list_display = ("title", "artist_names", "release_date", "total_tracks", "spotify_id")
    search_fields = ("folded__contains",)
    fields = (
        "picture",
        "name",
        "artist_names",
        "album_type",
        "release_date",
        "total_tracks",
        "listed_tracks",
        "label",
        "upc",
        "spotify_id",
        "on_spotify",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).prefetch_related(album_artists())

    @admin.display(description=_("album"))
    def title(self, album: Album) -> str:
        return titled(small_cover(album), album)

    @admin.display(description=_("artists"))
    def artist_names(self, album: Album) -> str:
        return artists_of(album.album_artists)

    @admin.display(description=_("tracks listed here"))
    def listed_tracks(self, album: Album) -> str:
        """Say how many of its tracks are stored in their places: all of a saved album, once it was read whole."""
        return number(album.album_tracks.count())

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


@admin.register(Show)
class ShowAdmin(ReadOnlyAdmin):
    list_display = ("title", "publisher", "total_episodes", "spotify_id")
    search_fields = ("folded__contains", "folded_publisher__contains")
    fields = (
        "picture",
        "name",
        "publisher",
        "total_episodes",
        "media_type",
        "explicit",
        "spotify_id",
        "on_spotify",
    )

    @admin.display(description=_("show"))
    def title(self, show: Show) -> str:
        return titled(show.image_url, show)

    @admin.display(description=_("cover"))
    def picture(self, show: Show) -> str:
        return cover(show.image_url, 160)


@admin.register(Episode)
class EpisodeAdmin(ReadOnlyAdmin):
    list_display = ("title", "show_link", "duration", "release_date", "spotify_id")
    list_select_related = ("show",)
    search_fields = ("folded__contains",)
    fields = (
        "picture",
        "name",
        "show_link",
        "duration",
        "release_date",
        "explicit",
        "spotify_id",
        "on_spotify",
    )

    @admin.display(description=_("episode"))
    def title(self, episode: Episode) -> str:
        return titled(episode.image_url, episode)

    @admin.display(description=_("show"))
    def show_link(self, episode: Episode) -> str:
        return self.link(episode.show)

    @admin.display(description=_("duration"))
    def duration(self, episode: Episode) -> str:
        return minutes(episode.duration_ms)

    @admin.display(description=_("cover"))
    def picture(self, episode: Episode) -> str:
        return cover(episode.image_url, 160)


@admin.register(Audiobook)
class AudiobookAdmin(ReadOnlyAdmin):
    list_display = ("title", "author_names", "total_chapters", "spotify_id")
    search_fields = ("folded__contains", "folded_authors__contains")
    fields = (
        "picture",
        "name",
        "author_names",
        "narrator_names",
        "publisher",
        "edition",
        "total_chapters",
        "explicit",
        "spotify_id",
        "on_spotify",
    )

    @admin.display(description=_("audiobook"))
    def title(self, audiobook: Audiobook) -> str:
        return titled(audiobook.image_url, audiobook)

    @admin.display(description=_("authors"))
    def author_names(self, audiobook: Audiobook) -> str:
        return listed(audiobook.authors)

    @admin.display(description=_("narrators"))
    def narrator_names(self, audiobook: Audiobook) -> str:
        return listed(audiobook.narrators)

    @admin.display(description=_("cover"))
    def picture(self, audiobook: Audiobook) -> str:
        return cover(audiobook.image_url, 160)


def album_artists(path: str = "") -> Prefetch[Any]:
    """Fetch the artists of albums with the rows whose ``path`` leads to an album."""
    links = AlbumArtist.objects.select_related("artist")
    return Prefetch(f"{path}album_artists", queryset=links)


def cover_of(track: Track | None) -> str:
    """Return the address of the smallest cover of a track's album, empty if there is none."""
    return small_cover(track.album if track else None)

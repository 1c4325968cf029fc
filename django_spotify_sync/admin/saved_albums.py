"""Saved albums in the admin."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from django_spotify_sync.admin.catalog import album_artists
from django_spotify_sync.admin.looks import NOTHING, artists_of
from django_spotify_sync.admin.saved import SavedAdmin
from django_spotify_sync.models import SavedAlbum


@admin.register(SavedAlbum)
class SavedAlbumAdmin(SavedAdmin):
    holds = "album"
    list_display = ("title", "artist_names", "account_link", "added", "is_available")
    list_select_related = ("account__user", "album")
    search_fields = ("album__folded__contains",)
    fields = (
        "picture",
        "album_link",
        "artist_names",
        "account_link",
        "added_at",
        "is_available",
        "spotify_id",
        "on_spotify",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).prefetch_related(album_artists("album__"))

    @admin.display(description=_("saved album"))
    def title(self, saved: SavedAlbum) -> str:
        return self.named(saved)

    @admin.display(description=_("artists"))
    def artist_names(self, saved: SavedAlbum) -> str:
        return artists_of(saved.album.album_artists) if saved.album else NOTHING

    @admin.display(description=_("album"))
    def album_link(self, saved: SavedAlbum) -> str:
        return self.link(saved.album)

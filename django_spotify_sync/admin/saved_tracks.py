"""Saved tracks in the admin."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from django_spotify_sync.admin.catalog import cover_of
from django_spotify_sync.admin.looks import NOTHING, ago, artists_of, cover, titled
from django_spotify_sync.admin.rows import OfAccountAdmin
from django_spotify_sync.models import SavedTrack
from django_spotify_sync.models.catalog import track_artists


@admin.register(SavedTrack)
class SavedTrackAdmin(OfAccountAdmin):
    list_display = ("title", "artist_names", "account_link", "added", "playable")
    list_select_related = ("account__user", "track__album")
    list_filter = ("is_kept",)
    search_fields = ("track__folded__contains",)
    fields = (
        "picture",
        "track_link",
        "artist_names",
        "account_link",
        "added_at",
        "playable",
        "id_at_spotify",
        "on_spotify",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).prefetch_related(track_artists("track__"))

    @admin.display(description=_("saved track"))
    def title(self, saved: SavedTrack) -> str:
        return titled(cover_of(saved.track), saved)

    @admin.display(description=_("artists"))
    def artist_names(self, saved: SavedTrack) -> str:
        return artists_of(saved.track.track_artists) if saved.track else NOTHING

    @admin.display(description=_("saved"))
    def added(self, saved: SavedTrack) -> str:
        return ago(saved.added_at)

    @admin.display(description=_("available"), boolean=True)
    def playable(self, saved: SavedTrack) -> bool | None:
        return saved.is_playable

    @admin.display(description=_("Spotify id"))
    def id_at_spotify(self, saved: SavedTrack) -> str:
        return saved.spotify_id or NOTHING

    @admin.display(description=_("track"))
    def track_link(self, saved: SavedTrack) -> str:
        return self.link(saved.track)

    @admin.display(description=_("cover"))
    def picture(self, saved: SavedTrack) -> str:
        album = saved.track.album if saved.track else None
        return cover(album.image_url if album else "", 160)

"""The admin: for reading. Tokens are nowhere in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.http import HttpRequest

from django_spotify_sync.models import Album, Artist, SavedTrack, SpotifyAccount, SyncRun, Track

if TYPE_CHECKING:  # ModelAdmin takes no parameter at run time
    ModelAdmin = admin.ModelAdmin[Any]
else:
    ModelAdmin = admin.ModelAdmin


class ReadOnlyAdmin(ModelAdmin):
    """Rows that only a sync writes: to be searched and looked at, never changed by hand."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(SpotifyAccount)
class SpotifyAccountAdmin(ReadOnlyAdmin):
    list_display = ("__str__", "user", "status", "authorized_at", "reauthorize_by")
    list_filter = ("status",)
    list_select_related = ("user",)
    search_fields = ("spotify_id", "display_name")


@admin.register(SyncRun)
class SyncRunAdmin(ReadOnlyAdmin):
    list_display = (
        "id",
        "account",
        "resource",
        "status",
        "reason",
        "trigger",
        "mode",
        "done",
        "total",
        "requests",
        "created_at",
        "finished_at",
    )
    list_filter = ("status", "resource", "trigger", "mode")
    list_select_related = ("account",)
    exclude = ("claim",)


@admin.register(Artist)
class ArtistAdmin(ReadOnlyAdmin):
    list_display = ("name", "spotify_id")
    search_fields = ("name", "spotify_id")


@admin.register(Album)
class AlbumAdmin(ReadOnlyAdmin):
    list_display = ("name", "release_date", "spotify_id")
    search_fields = ("name", "spotify_id")


@admin.register(Track)
class TrackAdmin(ReadOnlyAdmin):
    list_display = ("name", "album", "isrc", "spotify_id")
    list_select_related = ("album",)
    search_fields = ("name", "spotify_id", "isrc")


@admin.register(SavedTrack)
class SavedTrackAdmin(ReadOnlyAdmin):
    list_display = ("track", "account", "added_at", "is_playable")
    list_select_related = ("account", "track")
    search_fields = ("track__name", "spotify_id")
    show_full_result_count = False

"""The admin: for reading. Tokens are nowhere in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.http import HttpRequest

from django_spotify_sync.models import (
    AccountPlaylist,
    Album,
    Artist,
    FollowedArtist,
    Playlist,
    PlaylistItem,
    SavedTrack,
    SpotifyAccount,
    SyncRun,
    SyncState,
    Track,
)

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
        """Whoever deletes a user, on the user's own page, deletes what is theirs here as well; elsewhere nobody."""
        page = request.resolver_match.url_name if request.resolver_match else None
        if page is None or page.startswith(f"{self.opts.app_label}_"):
            return False
        return super().has_delete_permission(request, obj)


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


@admin.register(SyncState)
class SyncStateAdmin(ReadOnlyAdmin):
    list_display = ("account", "resource", "checked_at", "next_sync_at", "full_at", "failures")
    list_filter = ("resource",)
    list_select_related = ("account",)


@admin.register(Playlist)
class PlaylistAdmin(ReadOnlyAdmin):
    list_display = ("name", "owner_name", "total", "public", "collaborative", "items_synced_at")
    search_fields = ("name", "spotify_id", "owner_id", "owner_name")


@admin.register(AccountPlaylist)
class AccountPlaylistAdmin(ReadOnlyAdmin):
    list_display = ("playlist", "account", "position", "can_read_items", "unreadable_reason")
    list_filter = ("can_read_items",)
    list_select_related = ("account", "playlist")
    search_fields = ("playlist__name",)


@admin.register(PlaylistItem)
class PlaylistItemAdmin(ReadOnlyAdmin):
    list_display = ("title", "playlist", "position", "kind", "added_at", "is_playable")
    list_filter = ("kind",)
    list_select_related = ("playlist",)
    search_fields = ("title", "subtitle")
    show_full_result_count = False


@admin.register(FollowedArtist)
class FollowedArtistAdmin(ReadOnlyAdmin):
    list_display = ("artist", "account", "position")
    list_select_related = ("artist", "account")
    search_fields = ("artist__name",)

"""Playlists, whose libraries they are in, and their items in the admin."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from django_spotify_sync.admin.catalog import cover_of
from django_spotify_sync.admin.looks import (
    NOTHING,
    ago,
    artists_of,
    badge,
    cover,
    minutes,
    number,
    titled,
)
from django_spotify_sync.admin.rows import OfAccountAdmin, ReadOnlyAdmin, called
from django_spotify_sync.models import AccountPlaylist, Playlist, PlaylistItem
from django_spotify_sync.models.catalog import track_artists
from django_spotify_sync.models.playlists import SHOWS_DETAILS, ItemKind


@admin.register(Playlist)
class PlaylistAdmin(ReadOnlyAdmin):
    list_display = ("title", "owner", "item_count", "collaborative", "read")
    search_fields = ("folded__contains",)
    fields = (
        "picture",
        "name",
        "description",
        "owner",
        "item_count",
        "readers",
        "collaborative",
        "read",
        "spotify_id",
        "on_spotify",
    )

    @admin.display(description=_("playlist"))
    def title(self, playlist: Playlist) -> str:
        return titled(playlist.image_url, playlist)

    @admin.display(description=_("owner"))
    def owner(self, playlist: Playlist) -> str:
        return playlist.owner_name or playlist.owner_id or NOTHING

    @admin.display(description=_("items"))
    def item_count(self, playlist: Playlist) -> str:
        words = number(playlist.total)
        return self.list_link(PlaylistItem, words, playlist__id__exact=playlist.pk)

    @admin.display(description=_("items read"))
    def read(self, playlist: Playlist) -> str:
        return ago(playlist.items_synced_at)

    @admin.display(description=_("in the libraries of"))
    def readers(self, playlist: Playlist) -> str:
        return self.list_link(AccountPlaylist, _("these accounts"), playlist__id__exact=playlist.pk)

    @admin.display(description=_("cover"))
    def picture(self, playlist: Playlist) -> str:
        return cover(playlist.image_url, 160)


@admin.register(AccountPlaylist)
class AccountPlaylistAdmin(OfAccountAdmin):
    """Speaks for the accounts: each list is called as its account was last shown it, and found by no other name."""

    list_display = ("title", "account_link", "place", "rights")
    list_filter = (
        ("can_read_items", called(_("readable"), admin.BooleanFieldListFilter)),
        "is_kept",
    )
    list_select_related = ("account__user", "playlist")
    search_fields = ("playlist__folded__contains",)
    spotify_id_field = "playlist__spotify_id"
    found_by_words = SHOWS_DETAILS
    fields = ("picture", "playlist_link", "account_link", "place", "rights", "why_unreadable")

    @admin.display(description=_("playlist"))
    def title(self, link: AccountPlaylist) -> str:
        return titled(link.image_url, link)

    @admin.display(description=_("playlist"))
    def playlist_link(self, link: AccountPlaylist) -> str:
        return self.link(link.playlist, link)

    @admin.display(description=_("place"))
    def place(self, link: AccountPlaylist) -> int:
        return link.position + 1

    @admin.display(description=_("items"))
    def rights(self, link: AccountPlaylist) -> str:
        if link.may_read_items is None:
            return badge(_("not known yet"), "plain")
        readable = badge(_("readable"), "good"), badge(_("not readable"), "bad")
        return readable[not link.may_read_items]

    @admin.display(description=_("why not readable"))
    def why_unreadable(self, link: AccountPlaylist) -> str:
        return link.unreadable_reason or NOTHING

    @admin.display(description=_("cover"))
    def picture(self, link: AccountPlaylist) -> str:
        return cover(link.image_url, 160)


class NumberedList(ChangeList):
    """A page of items that know their places."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.result_list: Any = PlaylistItem.objects.numbered(self.result_list)


@admin.register(PlaylistItem)
class PlaylistItemAdmin(ReadOnlyAdmin):
    list_display = ("name", "place", "playlist_link", "sort", "added")
    list_filter = (("kind", called(_("kind"), admin.ChoicesFieldListFilter)),)
    list_select_related = ("playlist", "track__album")
    search_fields = ("folded__contains", "track__folded__contains")
    spotify_id_field = "track__spotify_id"
    fields = (
        "name",
        "artist_names",
        "sort",
        "playlist_link",
        "place",
        "added",
        "adder",
        "duration",
        "playable",
        "uri_at_spotify",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).prefetch_related(track_artists("track__"))

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return NumberedList

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> PlaylistItem | None:
        item = super().get_object(request, object_id, from_field)
        if item is not None:
            PlaylistItem.objects.numbered([item])
        return item

    @admin.display(description=_("item"))
    def name(self, item: PlaylistItem) -> str:
        return titled(cover_of(item.track), item.track or item.title or item.get_kind_display())

    @admin.display(description=_("artists"))
    def artist_names(self, item: PlaylistItem) -> str:
        return artists_of(item.track.track_artists) if item.track else item.subtitle or NOTHING

    @admin.display(description=_("place"))
    def place(self, item: PlaylistItem) -> int:
        return item.place + 1

    @admin.display(description=_("playlist"))
    def playlist_link(self, item: PlaylistItem) -> str:
        return self.link(item.playlist)

    @admin.display(description=_("added"))
    def added(self, item: PlaylistItem) -> str:
        return ago(item.added_at)

    @admin.display(description=_("kind"))
    def sort(self, item: PlaylistItem) -> str:
        return str(item.get_kind_display())

    @admin.display(description=_("available"), boolean=True)
    def playable(self, item: PlaylistItem) -> bool | None:
        return item.is_playable

    @admin.display(description=_("Spotify URI"))
    def uri_at_spotify(self, item: PlaylistItem) -> str:
        return item.uri or NOTHING

    @admin.display(description=_("added by"))
    def adder(self, item: PlaylistItem) -> str:
        return item.added_by or NOTHING

    @admin.display(description=_("duration"))
    def duration(self, item: PlaylistItem) -> str:
        is_track = item.kind == ItemKind.TRACK and item.track
        return minutes(item.track.duration_ms if is_track and item.track else item.duration_ms)

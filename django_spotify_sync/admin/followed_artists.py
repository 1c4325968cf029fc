"""Followed artists in the admin."""

from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from django_spotify_sync.admin.looks import titled
from django_spotify_sync.admin.rows import OfAccountAdmin
from django_spotify_sync.models import FollowedArtist


@admin.register(FollowedArtist)
class FollowedArtistAdmin(OfAccountAdmin):
    list_display = ("title", "account_link", "place")
    list_select_related = ("artist", "account__user")
    search_fields = ("artist__folded__contains",)
    list_filter = ("is_kept",)
    spotify_id_field = "artist__spotify_id"
    fields = ("artist_link", "account_link", "place")

    @admin.display(description=_("artist"))
    def title(self, followed: FollowedArtist) -> str:
        return titled(followed.artist.image_url, followed)

    @admin.display(description=_("artist"))
    def artist_link(self, followed: FollowedArtist) -> str:
        return self.link(followed.artist)

    @admin.display(description=_("place"))
    def place(self, followed: FollowedArtist) -> int:
        return followed.position + 1

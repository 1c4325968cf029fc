"""Saved shows in the admin."""

from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from django_spotify_sync.admin.looks import NOTHING
from django_spotify_sync.admin.saved import SavedAdmin
from django_spotify_sync.models import SavedShow


@admin.register(SavedShow)
class SavedShowAdmin(SavedAdmin):
    holds = "show"
    list_display = ("title", "publisher", "account_link", "added", "is_available")
    list_select_related = ("account__user", "show")
    search_fields = ("show__folded__contains", "show__folded_publisher__contains")
    fields = (
        "picture",
        "show_link",
        "publisher",
        "account_link",
        "added_at",
        "is_available",
        "spotify_id",
        "on_spotify",
    )

    @admin.display(description=_("saved show"))
    def title(self, saved: SavedShow) -> str:
        return self.named(saved)

    @admin.display(description=_("publisher"))
    def publisher(self, saved: SavedShow) -> str:
        return (saved.show and saved.show.publisher) or NOTHING

    @admin.display(description=_("show"))
    def show_link(self, saved: SavedShow) -> str:
        return self.link(saved.show)

"""Saved episodes in the admin."""

from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from django_spotify_sync.admin.looks import NOTHING
from django_spotify_sync.admin.saved import SavedAdmin
from django_spotify_sync.models import SavedEpisode


@admin.register(SavedEpisode)
class SavedEpisodeAdmin(SavedAdmin):
    holds = "episode"
    list_display = ("title", "show_link", "account_link", "added", "is_available")
    list_select_related = ("account__user", "episode__show")
    search_fields = ("episode__folded__contains", "episode__show__folded__contains")
    fields = (
        "picture",
        "episode_link",
        "show_link",
        "account_link",
        "added_at",
        "is_available",
        "spotify_id",
        "on_spotify",
    )

    @admin.display(description=_("saved episode"))
    def title(self, saved: SavedEpisode) -> str:
        return self.named(saved)

    @admin.display(description=_("episode"))
    def episode_link(self, saved: SavedEpisode) -> str:
        return self.link(saved.episode)

    @admin.display(description=_("show"))
    def show_link(self, saved: SavedEpisode) -> str:
        return self.link(saved.episode.show) if saved.episode else NOTHING

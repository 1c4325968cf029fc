"""Saved audiobooks in the admin."""

from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from django_spotify_sync.admin.looks import NOTHING, listed
from django_spotify_sync.admin.saved import SavedAdmin
from django_spotify_sync.models import SavedAudiobook


@admin.register(SavedAudiobook)
class SavedAudiobookAdmin(SavedAdmin):
    holds = "audiobook"
    list_display = ("title", "author_names", "account_link", "added", "is_available")
    list_select_related = ("account__user", "audiobook")
    search_fields = ("audiobook__folded__contains", "audiobook__folded_authors__contains")
    fields = (
        "picture",
        "audiobook_link",
        "author_names",
        "account_link",
        "added_at",
        "is_available",
        "spotify_id",
        "on_spotify",
    )

    @admin.display(description=_("saved audiobook"))
    def title(self, saved: SavedAudiobook) -> str:
        return self.named(saved)

    @admin.display(description=_("authors"))
    def author_names(self, saved: SavedAudiobook) -> str:
        return listed(saved.audiobook.authors) if saved.audiobook else NOTHING

    @admin.display(description=_("audiobook"))
    def audiobook_link(self, saved: SavedAudiobook) -> str:
        return self.link(saved.audiobook)

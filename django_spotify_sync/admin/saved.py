"""What the admin's pages of saved albums, shows, episodes and audiobooks have in common."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from django_spotify_sync.admin.looks import NOTHING, ago, cover, small_cover, titled
from django_spotify_sync.admin.rows import OfAccountAdmin


class SavedAdmin(OfAccountAdmin):
    """Entries that are told by their id; ``holds`` is the foreign key to what each holds of the catalogue."""

    holds: ClassVar[str]
    list_filter = ("is_available", "is_kept")

    def held(self, saved: Any) -> Any:
        """Return the row of the catalogue, None if it was never known."""
        return getattr(saved, self.holds)

    def named(self, saved: Any) -> str:
        """Return cover and name of what was saved; its id, if it was never known."""
        held = self.held(saved)
        return titled(small_cover(held), held or saved.spotify_id)

    @admin.display(description=_("saved"))
    def added(self, saved: Any) -> str:
        return ago(saved.added_at)

    @admin.display(description=_("cover"))
    def picture(self, saved: Any) -> str:
        held = self.held(saved)
        return cover(held.image_url if held else "", 160)

    @admin.display(description=_("at Spotify"))
    def on_spotify(self, saved: Any) -> str:
        held = self.held(saved)
        return super().on_spotify(held) if held else NOTHING

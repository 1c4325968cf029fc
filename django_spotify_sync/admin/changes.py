"""The journal in the admin: what came into which library and what left it, by account and by run."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _

from django_spotify_sync.admin.looks import NOTHING, ago, badge, number, small
from django_spotify_sync.admin.rows import OfAccountAdmin
from django_spotify_sync.models import LibraryChange, SyncRun
from django_spotify_sync.models.changes import ChangeKind

KINDS = {
    ChangeKind.ADDED: "good",
    ChangeKind.RETURNED: "good",
    ChangeKind.AVAILABLE: "good",
    ChangeKind.UNAVAILABLE: "bad",
}
#: So many changes stand on the page of their run, which may have made thousands.
SHOWN = 50


@admin.register(LibraryChange)
class LibraryChangeAdmin(OfAccountAdmin):
    list_display = ("name", "what", "seen", "list_of", "account_link", "run_link")
    list_filter = ("resource", "kind", "likely_withdrawn")
    search_fields = ("title",)
    search_help_text = _("By a Spotify id, or by words of the title as it was.")
    fields = (
        "name",
        "what",
        "list_of",
        "account_link",
        "run_link",
        "seen_at",
        "likely_withdrawn",
        "spotify_id",
        "on_spotify",
    )

    @admin.display(description=_("change"))
    def name(self, change: LibraryChange) -> str:
        return named(change)

    @admin.display(description=_("what happened"))
    def what(self, change: LibraryChange) -> str:
        return kind_badge(change)

    @admin.display(description=_("list"))
    def list_of(self, change: LibraryChange) -> str:
        """Say where it came in or left: a playlist of the user's, or all that is saved of a resource."""
        return format_html("{}{}", change.get_resource_display(), small(change.playlist_name))

    @admin.display(description=_("run"))
    def run_link(self, change: LibraryChange) -> str:
        """Link the run, whose row is not needed for it: the record of runs may be gone."""
        run = change.run_id and SyncRun(pk=change.run_id)
        return self.link(run or None, f"#{change.run_id}")

    @admin.display(description=_("seen"))
    def seen(self, change: LibraryChange) -> str:
        return ago(change.seen_at)

    @admin.display(description=_("at Spotify"))
    def on_spotify(self, change: LibraryChange) -> str:
        return super().on_spotify(change) if change.get_absolute_url() else NOTHING


def named(change: LibraryChange) -> str:
    """Return the title as it was and what stood below it; of a first import, how many rows it was."""
    title = change.title or change.spotify_id or number(change.count)
    return format_html("{}{}", title, small(change.subtitle))


def kind_badge(change: LibraryChange) -> str:
    """Return what happened, in its colour."""
    kind = "bad" if change.likely_withdrawn else KINDS.get(ChangeKind(change.kind), "plain")
    return badge(change.kind_words, kind)


def lines_of(run: SyncRun) -> str:
    """Return the latest lines that a run wrote, each with where the change was seen; empty for none."""
    changes: Any = run.changes.order_by("-pk")[:SHOWN]
    return format_html_join(
        "",
        '<span class="spotify-sync-line is-wide"><span>{}</span><span>{}{}</span></span>',
        ((named(one), kind_badge(one), small(one.playlist_name)) for one in changes),
    )

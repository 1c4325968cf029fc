"""Runs in the admin: how each stands, what it changed and cost, and why it failed."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from django_spotify_sync.admin.changes import LibraryChangeAdmin, lines_of
from django_spotify_sync.admin.looks import NOTHING, ago, badge, number, small
from django_spotify_sync.admin.losses import LossesOfRuns
from django_spotify_sync.admin.rows import ModelAdmin, OfAccountAdmin
from django_spotify_sync.models import LibraryChange, SyncRun, SyncState
from django_spotify_sync.models.runs import RunStatus

KINDS = {
    RunStatus.SUCCEEDED: "good",
    RunStatus.PARTIAL: "busy",
    RunStatus.WAITING: "busy",
    RunStatus.FAILED: "bad",
    RunStatus.LOST: "bad",
}
_LOOKED_AT = (
    1000  # runs whose errors the filter offers: to look through all would read the whole table
)


def status_badge(status: str, words: object = "") -> SafeString:
    """Return a run's status in its colour."""
    return badge(words or RunStatus(status).label, KINDS.get(RunStatus(status), "plain"))


class ErrorFilter(admin.SimpleListFilter):
    title = _("error")
    parameter_name = "error"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin) -> list[tuple[str, str]]:
        latest = SyncRun.objects.order_by("-pk").values_list("error_code", flat=True)[:_LOOKED_AT]
        return [(code, code) for code in sorted(set(latest) - {""})]

    def queryset(self, request: HttpRequest, queryset: QuerySet[SyncRun]) -> QuerySet[SyncRun]:
        return queryset.filter(error_code=self.value()) if self.value() else queryset


@admin.register(SyncRun)
class SyncRunAdmin(LossesOfRuns):
    list_display = ("title", "account_link", "outcome", "progress", "cost", "asked")
    list_filter = ("status", "resource", "trigger", "mode", ErrorFilter)
    search_fields = ("account__spotify_id", "account__display_name")
    search_help_text = _("By the Spotify id or name of the account.")
    spotify_id_field = ""
    fieldsets = (
        (None, {"fields": ("account_link", "resource", "trigger", "full", "mode")}),
        (_("Outcome"), {"fields": ("status", "why", "progress", "resume_at")}),
        (
            _("Counts"),
            {"fields": ("created", "updated", "unchanged", "removed", "skips", "requests")},
        ),
        (
            _("Times"),
            {"fields": ("created_at", "published_at", "started_at", "heartbeat_at", "finished_at")},
        ),
    )

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """With the changes that the run saw, for those who may look at changes."""
        fieldsets = super().get_fieldsets(request, obj)
        if LibraryChangeAdmin(LibraryChange, self.admin_site).has_view_permission(request):
            fieldsets = (*fieldsets, (_("Changes"), {"fields": ("changes",)}))
        return fieldsets

    @admin.display(description=_("run"))
    def title(self, run: SyncRun) -> str:
        return format_html("#{} {}", run.pk, run.get_resource_display())

    @admin.display(description=_("status"))
    def outcome(self, run: SyncRun) -> str:
        return format_html("{}{}", status_badge(run.status), small(run.error_code or run.reason))

    @admin.display(description=_("progress"))
    def progress(self, run: SyncRun) -> str:
        """Show how far a run has come while it is live; afterwards what it changed is of more use."""
        read = f"{run.done:,} / {run.total:,}" if run.total else number(run.done or None)
        if not run.is_live or not run.total:
            return format_html("{}{}", read, small(_changes(run)))
        return format_html(
            '<progress class="spotify-sync-progress" max="{}" value="{}" aria-label="{}"></progress>{}',
            run.total,
            run.done,
            _("progress"),
            small(read),
        )

    @admin.display(description=_("requests"))
    def cost(self, run: SyncRun) -> str:
        return format_html("{}{}", number(run.requests), small(run.get_mode_display() or ""))

    @admin.display(description=_("asked for"))
    def asked(self, run: SyncRun) -> str:
        return format_html("{}{}", ago(run.created_at), small(run.get_trigger_display()))

    @admin.display(description=_("why"))
    def why(self, run: SyncRun) -> str:
        """Say why the run did not do all it should: the error in words for those who run the site, or the reason."""
        code = run.error_code or run.reason
        if not code:
            return NOTHING
        words = (
            gettext(run.error_detail) if run.error_detail else ""
        )  # of "", gettext makes a header
        return format_html("<strong>{}</strong> {}", code, words)

    @admin.display(description=_("skipped"))
    def skips(self, run: SyncRun) -> str:
        by_reason = ", ".join(f"{reason}: {count}" for reason, count in run.skipped_reasons.items())
        return f"{run.skipped:,} ({by_reason})" if by_reason else number(run.skipped)

    @admin.display(description=_("changes"))
    def changes(self, run: SyncRun) -> str:
        """Show the last of them, and where all are."""
        lines = lines_of(run)
        if not lines:
            return NOTHING
        link = self.list_link(LibraryChange, _("all changes of this run"), run__id__exact=run.pk)
        return format_html("{}{}", lines, small(link))


def _changes(run: SyncRun) -> str:
    """Say what a run changed, in the signs of a list of changes."""
    parts = (("+", run.created), ("~", run.updated), ("−", run.removed))
    return " ".join(f"{sign}{count:,}" for sign, count in parts if count)


@admin.register(SyncState)
class SyncStateAdmin(OfAccountAdmin):
    list_display = ("resource", "account_link", "checked", "next_sync", "full_pass", "failures")
    list_filter = ("resource",)
    search_fields = ("account__spotify_id", "account__display_name")
    spotify_id_field = ""
    fields = (
        "account_link",
        "resource",
        "checked_at",
        "next_sync_at",
        "interval",
        "failures",
        "full_at",
        "full_due",
        "hidden",
        "suspected_shrink",
    )

    @admin.display(description=_("checked"))
    def checked(self, state: SyncState) -> str:
        return ago(state.checked_at)

    @admin.display(description=_("next sync"))
    def next_sync(self, state: SyncState) -> str:
        return ago(state.next_sync_at)

    @admin.display(description=_("last full pass"))
    def full_pass(self, state: SyncState) -> str:
        return ago(state.full_at)

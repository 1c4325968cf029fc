"""Runs in the admin: how each stands, what it changed and cost, and why it failed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from django_spotify_sync.admin.changes import LibraryChangeAdmin, lines_of
from django_spotify_sync.admin.health import SyncsFilter, failures_of, is_overdue
from django_spotify_sync.admin.looks import (
    NOTHING,
    ago,
    badge,
    clock,
    lasted,
    line,
    number,
    small,
)
from django_spotify_sync.admin.losses import LossesOfRuns
from django_spotify_sync.admin.rows import ModelAdmin, OfAccountAdmin, called
from django_spotify_sync.conf import conf
from django_spotify_sync.models import LibraryChange, SyncRun, SyncState
from django_spotify_sync.models.accounts import AccountStatus
from django_spotify_sync.models.runs import RunStatus

KINDS = {
    RunStatus.SUCCEEDED: "good",
    RunStatus.PARTIAL: "busy",
    RunStatus.WAITING: "busy",
    RunStatus.FAILED: "bad",
    RunStatus.LOST: "bad",
}
#: Runs whose errors the filter offers: to look through all would read the whole table.
_LOOKED_AT = 1000


def run_badge(run: SyncRun) -> SafeString:
    """Return a run's status in its colour; one that runs no more, and was not found lost yet, is silent."""
    if is_silent(run):
        return badge(_("silent"), "bad")
    status = RunStatus(run.status)
    return badge(status.label, KINDS.get(status, "plain"))


def is_silent(run: SyncRun) -> bool:
    """Tell whether a running run gives no sign of life for longer than LOST_AFTER."""
    if run.status != RunStatus.RUNNING or run.heartbeat_at is None:
        return False
    return run.heartbeat_at < timezone.now() - conf.LOST_AFTER


def reason_of(run: SyncRun) -> str:
    """Say why a run did not do all it should: the error in words for those who run the site, or the reason."""
    code = run.error_code or run.reason
    if not code:
        return NOTHING
    words = gettext(run.error_detail) if run.error_detail else ""  # of "", gettext makes a header
    return format_html("<strong>{}</strong> {}", code, words)


class ErrorFilter(admin.SimpleListFilter):
    title = _("error")
    parameter_name = "error"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin) -> list[tuple[str, str]]:
        latest = SyncRun.objects.order_by("-pk").values_list("error_code", flat=True)[:_LOOKED_AT]
        return [(code, code) for code in sorted(set(latest) - {""})]

    def queryset(self, request: HttpRequest, queryset: QuerySet[SyncRun]) -> QuerySet[SyncRun]:
        return queryset.filter(error_code=self.value()) if self.value() else queryset


class AskedFilter(admin.SimpleListFilter):
    """Runs of the last hours. A date hierarchy would read all runs, several times, for its headings alone."""

    title = _("asked for")
    parameter_name = "hours"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin) -> list[tuple[str, Any]]:
        return [
            ("1", _("in the last hour")),
            ("24", _("in the last 24 hours")),
            ("168", _("in the last 7 days")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[SyncRun]) -> QuerySet[SyncRun]:
        hours = self.value() or ""
        if not hours.isdecimal() or len(hours) > 5:
            return queryset
        return queryset.filter(created_at__gte=timezone.now() - timedelta(hours=int(hours)))


class SilentFilter(admin.SimpleListFilter):
    title = _("sign of life")
    parameter_name = "life"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin) -> list[tuple[str, Any]]:
        return [("silent", _("silent"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[SyncRun]) -> QuerySet[SyncRun]:
        if self.value() != "silent":
            return queryset
        gone = timezone.now() - conf.LOST_AFTER
        return queryset.filter(status=RunStatus.RUNNING, heartbeat_at__lt=gone)


@admin.register(SyncRun)
class SyncRunAdmin(LossesOfRuns):
    list_display = ("title", "account_link", "outcome", "progress", "time", "cost", "asked")
    list_filter = (
        AskedFilter,
        "status",
        SilentFilter,
        "resource",
        "trigger",
        "mode",
        ErrorFilter,
    )
    search_fields = ("account__spotify_id", "account__display_name")
    search_help_text = _("By the Spotify id or name of the account.")
    spotify_id_field = ""
    fieldsets = (
        (None, {"fields": ("account_link", "resource", "trigger", "full", "mode")}),
        (_("Outcome"), {"fields": ("outcome", "why", "progress", "resume_at")}),
        (_("Counts"), {"fields": ("rows", "skips", "cost")}),
        (
            _("Times"),
            {
                "fields": (
                    "created_at",
                    "published_at",
                    "started_at",
                    "heartbeat_at",
                    "finished_at",
                    "time",
                )
            },
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
        """Say how a run stands; of one that waits until when, of a silent one since when."""
        code = run.error_code or run.reason
        if is_silent(run):
            more = ago(run.heartbeat_at)
        elif run.status == RunStatus.WAITING and run.resume_at:
            more = _("until %s") % clock(run.resume_at)
        else:
            more = ""
        return format_html("{}{}{}", run_badge(run), small(code), small(more))

    @admin.display(description=_("progress"))
    def progress(self, run: SyncRun) -> str:
        """Show how far a run has come while it is live; afterwards what it changed is of more use."""
        read = number(run.done if run.total else run.done or None)
        if run.total:
            read = f"{read} / {number(run.total)}"
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

    @admin.display(description=_("duration"))
    def time(self, run: SyncRun) -> str:
        """Say how long it took from its beginning, waiting included; of a live run, so far."""
        if run.started_at is None:
            return NOTHING
        return lasted((run.finished_at or timezone.now()) - run.started_at)

    @admin.display(description=_("why"))
    def why(self, run: SyncRun) -> str:
        return reason_of(run)

    @admin.display(description=_("rows"))
    def rows(self, run: SyncRun) -> str:
        """Show the counts by name."""
        counts = {
            _("created"): run.created,
            _("updated"): run.updated,
            _("unchanged"): run.unchanged,
            _("removed"): run.removed,
        }
        lines = [(line(capfirst(name), number(count)),) for name, count in counts.items()]
        return format_html_join("", "{}", lines)

    @admin.display(description=_("skipped"))
    def skips(self, run: SyncRun) -> str:
        by_reason = ", ".join(f"{reason}: {count}" for reason, count in run.skipped_reasons.items())
        return f"{number(run.skipped)} ({by_reason})" if by_reason else number(run.skipped)

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
    return " ".join(f"{sign}{number(count)}" for sign, count in parts if count)


@admin.register(SyncState)
class SyncStateAdmin(OfAccountAdmin):
    list_display = ("name", "account_link", "failed", "next_sync", "checked", "full_pass")
    list_filter = (
        SyncsFilter,
        ("resource", called(_("resource"), admin.ChoicesFieldListFilter)),
    )
    sortable_by = ("failed", "next_sync")
    search_fields = ("account__spotify_id", "account__display_name")
    spotify_id_field = ""
    fields = (
        "account_link",
        "name",
        "checked_at",
        "next_sync",
        "interval",
        "failed",
        "full_at",
        "is_full_next",
        "hidden_entries",
        "shrunk",
    )

    @admin.display(description=_("resource"))
    def name(self, state: SyncState) -> str:
        return str(state.get_resource_display())

    @admin.display(description=_("checked"))
    def checked(self, state: SyncState) -> str:
        return ago(state.checked_at)

    @admin.display(description=_("failures in a row"), ordering="failures")
    def failed(self, state: SyncState) -> str:
        return failures_of(state) or number(0)

    @admin.display(description=_("next sync"), ordering="next_sync_at")
    def next_sync(self, state: SyncState) -> str:
        """Say when it is due; that it is overdue only where it may be synced."""
        is_late = is_overdue(state) and state.account.status == AccountStatus.CONNECTED
        late = badge(_("overdue"), "busy") if is_late else ""
        return format_html("{}{}", ago(state.next_sync_at), small(late))

    @admin.display(description=_("last full pass"))
    def full_pass(self, state: SyncState) -> str:
        return ago(state.full_at)

    @admin.display(description=_("next one is a full pass"), boolean=True)
    def is_full_next(self, state: SyncState) -> bool:
        return state.full_due

    @admin.display(description=_("entries that Spotify counts and does not list"))
    def hidden_entries(self, state: SyncState) -> str:
        return number(state.hidden)

    @admin.display(description=_("total at a loss that was not believed"))
    def shrunk(self, state: SyncState) -> str:
        return number(state.suspected_shrink)

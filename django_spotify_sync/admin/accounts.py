"""Accounts in the admin: how each grant stands, what is stored, how the last syncs went, and what may be asked."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.auth import get_user_model
from django.db.models import Count, IntegerField, Model, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from django_spotify_sync.admin.account_actions import (
    AccountActions,
)
from django_spotify_sync.admin.grants import GrantFilter, standing
from django_spotify_sync.admin.health import (
    SyncsFilter,
    failures_of,
    health,
    next_sync,
    synced,
    to_order_by,
)
from django_spotify_sync.admin.looks import (
    NOTHING,
    ago,
    badge,
    line,
    listed,
    number,
    small,
    titled,
)
from django_spotify_sync.admin.runs import is_silent, reason_of, run_badge
from django_spotify_sync.conf import conf
from django_spotify_sync.db.transactions import outside_transactions
from django_spotify_sync.models import LibraryChange, SpotifyAccount, SyncRun, SyncState
from django_spotify_sync.models.accounts import wanted_scopes
from django_spotify_sync.models.library import LIBRARY
from django_spotify_sync.models.runs import Resource

#: What is known of the last runs: enough for their badges.
OF_RUNS = ("pk", "status", "heartbeat_at")


@admin.register(SpotifyAccount)
class SpotifyAccountAdmin(AccountActions):
    list_display = ("title", "syncs", "next_sync", "grant", "library")
    list_filter = (SyncsFilter, "status", GrantFilter)
    list_select_related = ("user",)
    sortable_by = ("syncs", "next_sync", "grant")
    search_help_text = _("By user, or by the id or name at Spotify.")
    spotify_id_field = ""  # these are no such ids
    change_form_template = "admin/spotify_sync/spotifyaccount/change_form.html"
    fieldsets = (
        (None, {"fields": ("title", "user_link", "spotify_id", "on_spotify")}),
        (
            _("Syncs"),
            {"fields": ("syncs", "last_error", "next_sync", "states", "all_states", "all_runs")},
        ),
        (
            _("Grant"),
            {
                "fields": (
                    "grant",
                    "scopes",
                    "status_changed_at",
                    "authorized_at",
                    "reauthorize_by",
                    "reauthorize_by_estimated",
                )
            },
        ),
        (_("Library"), {"fields": ("library", "all_changes")}),
    )

    def get_search_fields(self, request: HttpRequest) -> tuple[str, ...]:
        return (f"user__{get_user_model().USERNAME_FIELD}", "spotify_id", "display_name")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """With the counts and the last run of each resource, in the same query; the states of syncs by one more."""
        of_account: dict[str, Any] = to_order_by() | {
            f"{name}_count": Coalesce(Subquery(_count(table.model)), 0)
            for name, table in LIBRARY.items()
        }
        for name in Resource.values:
            runs = SyncRun.objects.filter(account=OuterRef("pk"), resource=name)
            last = runs.order_by("-created_at", "-pk")
            for column in OF_RUNS:
                of_account[f"{name}_run_{column}"] = Subquery(last.values(column)[:1])
        rows = super().get_queryset(request).annotate(**of_account)
        rows = rows.prefetch_related("sync_states")
        return cast("QuerySet[Any]", rows)

    @admin.display(description=_("account"))
    def title(self, account: SpotifyAccount) -> str:
        words = account.display_name or account.spotify_id
        return titled(account.image_url, words, _("user %s") % account.user)

    @admin.display(description=_("user"))
    def user_link(self, account: SpotifyAccount) -> str:
        return self.link(account.user)

    @admin.display(description=_("syncs"), ordering="failures")
    def syncs(self, account: SpotifyAccount) -> str:
        runs = self._last_runs(account).values()
        return health(account, is_silent=any(is_silent(run) for run in runs))

    @admin.display(description=_("next sync"), ordering="next_sync_at")
    def next_sync(self, account: SpotifyAccount) -> str:
        return next_sync(account)

    @admin.display(description=_("last error"))
    def last_error(self, account: SpotifyAccount) -> str:
        """Say in words what went wrong last, in which run and when."""
        failed = SyncRun.objects.filter(account=account.pk).exclude(error_code="")
        run = failed.order_by("-created_at", "-pk").first()
        if run is None:
            return NOTHING
        where = self.link(run, f"#{run.pk} {run.get_resource_display()}")
        when = format_html("{}, {}", where, ago(run.finished_at or run.created_at))
        return format_html("{}{}", reason_of(run), small(when))

    @admin.display(description=_("resources"))
    def states(self, account: SpotifyAccount) -> str:
        """Say of each resource when it is due, and how often in a row it failed."""
        lines = [
            line(
                self.link(state, capfirst(state.get_resource_display())),
                format_html("{} {}", ago(state.next_sync_at), failures_of(state)),
                wide=True,
            )
            for state in synced(account)
        ]
        return format_html_join("", "{}", [(one,) for one in lines]) or NOTHING

    @admin.display(description=_("states of syncs"))
    def all_states(self, account: SpotifyAccount) -> str:
        words = _("states of this account's syncs")
        return self.list_link(SyncState, words, account__id__exact=account.pk)

    @admin.display(description=_("scopes"))
    def scopes(self, account: SpotifyAccount) -> str:
        """Name what the user agreed to, and what is wanted beyond that."""
        granted = account.scopes
        missing = [scope for scope in wanted_scopes() if scope not in granted]
        lacks = badge(_("missing: %s") % listed(missing), "busy") if granted and missing else ""
        return format_html("{}{}", listed(granted), small(lacks))

    @admin.display(description=_("grant"), ordering="reauthorize_by")
    def grant(self, account: SpotifyAccount) -> str:
        return standing(account)

    @admin.display(description=_("library, and last runs"))
    def library(self, account: Any) -> str:
        """Say what is stored of each resource, and how its last run ended or stands.

        What the site does not sync is left out where nothing of it is stored.
        """
        lines, runs = [], self._last_runs(account)
        for name, table in LIBRARY.items():
            count = getattr(account, f"{name}_count")
            if not count and name not in conf.RESOURCES:
                continue
            words = f"{capfirst(Resource(name).label)}: {number(count)}"
            stored = self.list_link(table.model, words, account__id__exact=account.pk)
            run = runs.get(name)
            lines.append((line(stored, self.link(run, run_badge(run)) if run else ""),))
        return format_html_join("", "{}", lines)

    def _last_runs(self, account: Any) -> dict[str, SyncRun]:
        """Return the last run of each resource that had any, as the query knows it."""
        runs = {
            name: SyncRun(**{one: getattr(account, f"{name}_run_{one}") for one in OF_RUNS})
            for name in Resource.values
        }
        return {name: run for name, run in runs.items() if run.pk}

    @admin.display(description=_("all runs"))
    def all_runs(self, account: SpotifyAccount) -> str:
        return self.list_link(SyncRun, _("all runs of this account"), account__id__exact=account.pk)

    @admin.display(description=_("all changes"))
    def all_changes(self, account: SpotifyAccount) -> str:
        words = _("all changes of this account's library")
        return self.list_link(LibraryChange, words, account__id__exact=account.pk)

    @outside_transactions
    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        return super().changelist_view(request, extra_context)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> Any:
        offered = []
        for name in map(str, self.actions):
            action: Any = getattr(self, name)
            if all(
                getattr(self, f"has_{one}_permission")(request)
                for one in action.allowed_permissions
            ):
                offered.append((name, action.short_description))
        extra = {
            "offered": offered,
            "action_checkbox_name": ACTION_CHECKBOX_NAME,
            "changelist_url": reverse(self._url_of(SpotifyAccount, "changelist")),
        }
        return super().change_view(request, object_id, form_url, extra | (extra_context or {}))


def _count(model: type[Model]) -> QuerySet[Any]:
    rows = model._default_manager.filter(account=OuterRef("pk")).order_by().values("account")
    counted = rows.annotate(count=Count("pk", output_field=IntegerField())).values("count")
    return cast("QuerySet[Any]", counted)

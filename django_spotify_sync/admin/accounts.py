"""Accounts in the admin: how each grant stands, what is stored, how the last syncs went, and what may be asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.auth import get_permission_codename, get_user_model
from django.db.models import Count, IntegerField, Model, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from django_spotify_sync.admin.actions import (
    Refused,
    ask_for_syncs,
    disconnect_all,
    name_of,
    refresh_all,
)
from django_spotify_sync.admin.grants import GrantFilter, standing
from django_spotify_sync.admin.rows import ReadOnlyAdmin, cover, number, titled
from django_spotify_sync.admin.runs import status_badge
from django_spotify_sync.conf import conf
from django_spotify_sync.models import (
    AccountPlaylist,
    FollowedArtist,
    SavedTrack,
    SpotifyAccount,
    SyncRun,
)
from django_spotify_sync.models.runs import Resource
from django_spotify_sync.rest import outside_transactions

ROWS: dict[str, type[Model]] = {
    "tracks": SavedTrack,
    "playlists": AccountPlaylist,
    "following": FollowedArtist,
}
#: How many accounts one click may concern: a page must not keep its reader, nor the server, waiting.
MOST_SYNCS, MOST_REFRESHES, MOST_DISCONNECTS = 100, 10, 10
_TOLD = 20  # runs or accounts that a message names


@admin.register(SpotifyAccount)
class SpotifyAccountAdmin(ReadOnlyAdmin):
    list_display = ("title", "grant", "library")
    list_filter = ("status", GrantFilter)
    list_select_related = ("user",)
    sortable_by = ("grant",)
    search_help_text = _("By user, or by the id or name at Spotify.")
    spotify_id_field = ""  # these are no such ids
    change_form_template = "admin/spotify_sync/spotifyaccount/change_form.html"
    actions = (
        "sync_tracks",
        "sync_playlists",
        "sync_following",
        "sync_everything",
        "sync_in_full",
        "refresh_tokens",
        "disconnect",
    )
    fieldsets = (
        (None, {"fields": ("picture", "display_name", "user_link", "spotify_id", "on_spotify")}),
        (_("Grant"), {"fields": ("grant", "status_changed_at", "authorized_at", "reauthorize_by")}),
        (_("Library"), {"fields": ("library", "all_runs")}),
    )

    # Rows

    def get_search_fields(self, request: HttpRequest) -> tuple[str, ...]:
        return (f"user__{get_user_model().USERNAME_FIELD}", "spotify_id", "display_name")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """With the counts and the last run of each resource, in the same query."""
        of_account: dict[str, Any] = {
            f"{name}_count": Coalesce(Subquery(_count(model)), 0) for name, model in ROWS.items()
        }
        for name in Resource.values:
            runs = SyncRun.objects.filter(account=OuterRef("pk"), resource=name)
            last = runs.order_by("-created_at", "-pk")
            for column in ("pk", "status"):
                of_account[f"{name}_run_{column}"] = Subquery(last.values(column)[:1])
        rows = super().get_queryset(request).annotate(**of_account)
        return cast("QuerySet[Any]", rows)

    @admin.display(description=_("account"))
    def title(self, account: SpotifyAccount) -> str:
        words = account.display_name or account.spotify_id
        return titled(account.image_url, words, _("user %s") % account.user)

    @admin.display(description=_("user"))
    def user_link(self, account: SpotifyAccount) -> str:
        return self.link(account.user)

    @admin.display(description=_("picture"))
    def picture(self, account: SpotifyAccount) -> str:
        return cover(account.image_url, 160)

    @admin.display(description=_("grant"), ordering="reauthorize_by")
    def grant(self, account: SpotifyAccount) -> str:
        return standing(account)

    @admin.display(description=_("library, and last runs"))
    def library(self, account: Any) -> str:
        """Say what is stored of each resource, and how its last run ended or stands."""
        lines = []
        for name, model in ROWS.items():
            label = Resource(name).label
            words = f"{capfirst(label)}: {number(getattr(account, f'{name}_count'))}"
            stored = self.list_link(model, words, account__id__exact=account.pk)
            status = getattr(account, f"{name}_run_status")
            run = SyncRun(pk=getattr(account, f"{name}_run_pk"))
            lines.append((stored, self.link(run, status_badge(status)) if status else ""))
        return format_html_join("", '<span class="spotify-sync-line">{} {}</span>', lines)

    @admin.display(description=_("all runs"))
    def all_runs(self, account: SpotifyAccount) -> str:
        return self.list_link(SyncRun, _("all runs of this account"), account__id__exact=account.pk)

    # What may be asked

    def has_sync_permission(self, request: HttpRequest) -> bool:
        """Who may change accounts may have them synced, and their tokens refreshed."""
        return self._may(request, "change")

    def has_disconnect_permission(self, request: HttpRequest) -> bool:
        """Who may delete accounts may disconnect them."""
        return self._may(request, "delete")

    def has_sync_tracks_permission(self, request: HttpRequest) -> bool:
        return Resource.TRACKS in conf.RESOURCES and self.has_sync_permission(request)

    def has_sync_playlists_permission(self, request: HttpRequest) -> bool:
        return Resource.PLAYLISTS in conf.RESOURCES and self.has_sync_permission(request)

    def has_sync_following_permission(self, request: HttpRequest) -> bool:
        return Resource.FOLLOWING in conf.RESOURCES and self.has_sync_permission(request)

    def _may(self, request: HttpRequest, verb: str) -> bool:
        permission = f"{self.opts.app_label}.{get_permission_codename(verb, self.opts)}"
        return bool(request.user.has_perm(permission))

    @admin.action(description=_("Sync saved tracks now"), permissions=["sync_tracks"])
    def sync_tracks(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        return self._sync(request, queryset, Resource.TRACKS)

    @admin.action(description=_("Sync playlists now"), permissions=["sync_playlists"])
    def sync_playlists(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        return self._sync(request, queryset, Resource.PLAYLISTS)

    @admin.action(description=_("Sync followed artists now"), permissions=["sync_following"])
    def sync_following(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        return self._sync(request, queryset, Resource.FOLLOWING)

    @admin.action(description=_("Sync everything now"), permissions=["sync"])
    def sync_everything(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        return self._sync(request, queryset, None)

    @admin.action(description=_("Sync everything in full"), permissions=["sync"])
    def sync_in_full(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        return self._sync(request, queryset, None, full=True)

    @admin.action(description=_("Refresh token"), permissions=["sync"])
    def refresh_tokens(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        if (chosen := self._chosen(request, queryset, MOST_REFRESHES)) is None:
            return None
        done, refused = refresh_all(chosen)
        if done:
            self._say(request, messages.SUCCESS, gettext("Token refreshed: {}."), _listed(done))
        self._tell_refused(request, refused)
        return self._back(request, chosen)

    @admin.action(description=_("Disconnect…"), permissions=["disconnect"])
    def disconnect(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        if (chosen := self._chosen(request, queryset, MOST_DISCONNECTS)) is None:
            return None
        if request.POST.get("confirmed") != "yes":
            return self._confirm(request, chosen)
        for account in chosen:
            self.log_change(request, account, gettext("Disconnected."))
        done, refused = disconnect_all(chosen)
        if done:
            self._say(request, messages.SUCCESS, gettext("Disconnected: {}."), _listed(done))
        self._tell_refused(request, refused)
        return None

    def _confirm(self, request: HttpRequest, chosen: list[Any]) -> TemplateResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Disconnect from Spotify?"),
            "opts": self.opts,
            "media": self.media,
            "chosen": [
                (one, [(Resource(name).label, getattr(one, f"{name}_count")) for name in ROWS])
                for one in chosen
            ],
            "deletes_library": conf.DELETE_LIBRARY_ON_DISCONNECT,
            "action_checkbox_name": ACTION_CHECKBOX_NAME,
            "changelist_url": reverse(self._url_of(SpotifyAccount, "changelist")),
        }
        request.current_app = self.admin_site.name
        template = "admin/spotify_sync/spotifyaccount/disconnect_confirmation.html"
        return TemplateResponse(request, template, context)

    def _sync(
        self,
        request: HttpRequest,
        queryset: QuerySet[Any],
        resource: str | None,
        *,
        full: bool = False,
    ) -> HttpResponse | None:
        if (chosen := self._chosen(request, queryset, MOST_SYNCS)) is None:
            return None
        asked = ask_for_syncs(chosen, resource, full=full)
        users = {account.pk: name_of(account) for account in chosen}
        if asked.runs:
            for account in {run.account for run in asked.runs}:
                self.log_change(request, account, gettext("Asked for a sync."))
            words = gettext("Asked for: {}.")
            self._say(request, messages.SUCCESS, words, self._links(asked.runs, users))
        if asked.under_way:
            words = gettext("Under way already: {}.")
            self._say(request, messages.INFO, words, self._links(asked.under_way, users))
        self._tell_refused(request, asked.refused)
        return self._back(request, chosen)

    def _chosen(
        self, request: HttpRequest, queryset: QuerySet[Any], most: int
    ) -> list[SpotifyAccount] | None:
        """Return the chosen accounts; None, and say so, if that is more than one request can do."""
        chosen = list(queryset[: most + 1])
        if len(chosen) <= most:
            return chosen
        words = ngettext(
            "Choose no more than %d account at a time; nothing was done. For all of them there are the commands.",
            "Choose no more than %d accounts at a time; nothing was done. For all of them there are the commands.",
            most,
        )
        self.message_user(request, words % most, messages.ERROR)
        return None

    # Answers

    def _links(self, runs: list[SyncRun], users: dict[int, str]) -> SafeString:
        return _listed(
            [
                self.link(run, f"#{run.pk} {run.get_resource_display()} ({users[run.account_id]})")
                for run in runs
            ]
        )

    def _tell_refused(self, request: HttpRequest, refused: Refused) -> None:
        if refused:
            said = [
                format_html("{}: {}", self.link(account, name_of(account)), reason)
                for account, reason in refused
            ]
            self._say(request, messages.WARNING, gettext("Refused: {}."), _listed(said, "; "))

    def _say(self, request: HttpRequest, level: int, words: str, listed: SafeString) -> None:
        self.message_user(request, format_html(words, listed), level)

    def _back(self, request: HttpRequest, chosen: list[Any]) -> HttpResponse | None:
        """Return to the account's own page, where the button was there; else Django returns to the list."""
        if "_from_page" in request.POST and len(chosen) == 1:
            url = reverse(self._url_of(SpotifyAccount, "change"), args=[chosen[0].pk])
            return HttpResponseRedirect(url)
        return None

    @outside_transactions
    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        return super().changelist_view(request, extra_context)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> Any:
        offered = []
        for name in self.actions:
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


def _listed(parts: Sequence[str], separator: str = ", ") -> SafeString:
    """Join what a message names, as far as anybody reads."""
    said = format_html_join(separator, "{}", [(part,) for part in parts[:_TOLD]])
    left = len(parts) - _TOLD
    return (
        said if left <= 0 else format_html("{}{}{}", said, separator, gettext("and %d more") % left)
    )

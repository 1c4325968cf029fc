"""What may be asked for on behalf of accounts, as the admin's actions: syncs, new tokens, letting go."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.auth import get_permission_codename
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import format_lazy
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from django_spotify_sync.admin.asking import (
    Refused,
    ask_for_syncs,
    disconnect_all,
    name_of,
    refresh_all,
)
from django_spotify_sync.admin.looks import number
from django_spotify_sync.admin.rows import ReadOnlyAdmin
from django_spotify_sync.conf import conf
from django_spotify_sync.models import SpotifyAccount, SyncRun
from django_spotify_sync.models.library import LIBRARY
from django_spotify_sync.models.runs import Resource

#: How many accounts one click may concern: a page must not keep its reader, nor the server, waiting.
MOST_SYNCS, MOST_REFRESHES, MOST_DISCONNECTS = 100, 10, 10
_TOLD = 20  # runs or accounts that a message names


class AccountActions(ReadOnlyAdmin):
    """The actions of accounts, and who may take them."""

    actions = (
        *(f"sync_{name}" for name in Resource.values),
        "sync_everything",
        "sync_in_full",
        "refresh_tokens",
        "disconnect",
    )

    # What may be asked

    def has_sync_permission(self, request: HttpRequest) -> bool:
        """Who may change accounts may have them synced, and their tokens refreshed."""
        return self._may(request, "change")

    def has_disconnect_permission(self, request: HttpRequest) -> bool:
        """Who may delete accounts may disconnect them."""
        return self._may(request, "delete")

    def _may(self, request: HttpRequest, verb: str) -> bool:
        permission = f"{self.opts.app_label}.{get_permission_codename(verb, self.opts)}"
        return bool(request.user.has_perm(permission))

    @admin.action(description=_("Sync everything now"), permissions=["sync"])
    def sync_everything(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        return self._ask(request, queryset, None)

    @admin.action(description=_("Sync everything in full…"), permissions=["sync"])
    def sync_in_full(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        if (chosen := self._chosen(request, queryset, MOST_SYNCS)) is None:
            return None
        if request.POST.get("confirmed") != "yes":
            return self._confirm(request, chosen, "full", gettext("Sync everything in full?"))
        return self._sync(request, chosen, None, full=True)

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
            return self._confirm(request, chosen, "disconnect", gettext("Disconnect from Spotify?"))
        for account in chosen:
            self.log_change(request, account, gettext("Disconnected."))
        done, refused = disconnect_all(chosen)
        if done:
            self._say(request, messages.SUCCESS, gettext("Disconnected: {}."), _listed(done))
        self._tell_refused(request, refused)
        return None

    def _confirm(
        self, request: HttpRequest, chosen: list[Any], question: str, title: str
    ) -> TemplateResponse:
        """Ask, by the template ``<question>_confirmation.html``, whether the chosen action is meant."""
        context = {
            **self.admin_site.each_context(request),
            "title": title,
            "opts": self.opts,
            "media": self.media,
            "chosen": [(one, _stored(one)) for one in chosen],
            "deletes_library": conf.DELETE_LIBRARY_ON_DISCONNECT,
            "action": request.POST["action"],
            "action_checkbox_name": ACTION_CHECKBOX_NAME,
            "from_page": "_from_page" in request.POST,
            "changelist_url": reverse(self._url_of(SpotifyAccount, "changelist")),
        }
        request.current_app = self.admin_site.name
        template = f"admin/spotify_sync/spotifyaccount/{question}_confirmation.html"
        return TemplateResponse(request, template, context)

    def _ask(
        self, request: HttpRequest, queryset: QuerySet[Any], resource: str | None
    ) -> HttpResponse | None:
        chosen = self._chosen(request, queryset, MOST_SYNCS)
        return None if chosen is None else self._sync(request, chosen, resource)

    def _sync(
        self,
        request: HttpRequest,
        chosen: list[SpotifyAccount],
        resource: str | None,
        *,
        full: bool = False,
    ) -> HttpResponse | None:
        asked = ask_for_syncs(chosen, resource, full=full)
        users = {account.pk: name_of(account) for account in chosen}
        for account in {run.account for run in (*asked.runs, *asked.in_doubt)}:
            self.log_change(request, account, gettext("Asked for a sync."))
        doubt = _(
            "Asked for, but Spotify has refused the grant of these accounts: if it does so again, they have to "
            "connect again: {}."
        )
        for level, words, runs in (
            (messages.SUCCESS, _("Asked for: {}."), asked.runs),
            (messages.WARNING, doubt, asked.in_doubt),
            (messages.INFO, _("Under way already: {}."), asked.under_way),
        ):
            if runs:
                self._say(request, level, str(words), self._links(runs, users))
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
        """Return to the page where the button was: Status, or the account's; else Django returns to the list."""
        if request.POST.get("_from_page") == "status":
            return HttpResponseRedirect(
                reverse(f"{self.admin_site.name}:spotify_sync_status_changelist")
            )
        if "_from_page" in request.POST and len(chosen) == 1:
            url = reverse(self._url_of(SpotifyAccount, "change"), args=[chosen[0].pk])
            return HttpResponseRedirect(url)
        return None


def _offer_sync(resource: Resource) -> None:
    """Give the actions one that asks for a sync of ``resource``, where the site syncs that."""

    def may_sync(accounts: AccountActions, request: HttpRequest) -> bool:
        return resource in conf.RESOURCES and accounts.has_sync_permission(request)

    @admin.action(
        description=format_lazy(_("Sync {} now"), resource.label), permissions=[f"sync_{resource}"]
    )
    def sync(
        accounts: AccountActions, request: HttpRequest, queryset: QuerySet[Any]
    ) -> HttpResponse | None:
        return accounts._ask(request, queryset, resource)

    setattr(AccountActions, f"has_sync_{resource}_permission", may_sync)
    setattr(AccountActions, f"sync_{resource}", sync)


for _resource in Resource:
    _offer_sync(_resource)


def _stored(account: Any) -> list[tuple[str, str]]:
    """Return what is stored of an account, by name; the counts came with the row."""
    counts = {name: getattr(account, f"{name}_count") for name in LIBRARY}
    return [(str(Resource(name).label), number(count)) for name, count in counts.items() if count]


def _listed(parts: Sequence[str], separator: str = ", ") -> SafeString:
    """Join what a message names, as far as anybody reads."""
    said = format_html_join(separator, "{}", [(part,) for part in parts[:_TOLD]])
    left = len(parts) - _TOLD
    return (
        said if left <= 0 else format_html("{}{}{}", said, separator, gettext("and %d more") % left)
    )

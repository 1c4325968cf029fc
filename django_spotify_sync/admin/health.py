"""How the syncs of an account stand, as the admin's lists show, filter and order it: in order, failing, overdue."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import Exists, Max, Min, OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from django_spotify_sync.admin.looks import NOTHING, ago, badge, small
from django_spotify_sync.conf import conf
from django_spotify_sync.models import SpotifyAccount, SyncState
from django_spotify_sync.models.accounts import AccountStatus

#: The schedule looks every minute, and puts off whatever it takes: what has been due for longer it did not reach.
OVERDUE_AFTER = timedelta(minutes=10)
#: So many failures in a row are no hiccup.
MANY_FAILURES = 3


class SyncsFilter(admin.SimpleListFilter):
    """Accounts, or states of syncs, that fail or are overdue. What nobody may sync now is neither."""

    title = _("syncs")
    parameter_name = "syncs"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        again = ngettext(
            "failed %d time in a row, or more", "failed %d times in a row, or more", MANY_FAILURES
        )
        return [
            ("failing", _("failing")),
            ("again", again % MANY_FAILURES),
            ("overdue", _("overdue")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        meant = {
            "failing": Q(failures__gt=0),
            "again": Q(failures__gte=MANY_FAILURES),
            "overdue": Q(next_sync_at__lt=timezone.now() - OVERDUE_AFTER),
        }.get(self.value() or "")
        if meant is None:
            return queryset
        meant &= Q(resource__in=conf.RESOURCES, account__status=AccountStatus.CONNECTED)
        if queryset.model is SyncState:
            return queryset.filter(meant)
        return queryset.filter(Exists(SyncState.objects.filter(meant, account=OuterRef("pk"))))


def to_order_by() -> dict[str, Subquery]:
    """Return what accounts can be ordered by: ``failures`` in a row, and when the next sync is due."""
    states = SyncState.objects.filter(account=OuterRef("pk"), resource__in=conf.RESOURCES)
    of_account = states.order_by().values("account")
    return {
        "failures": Subquery(of_account.annotate(most=Max("failures")).values("most")),
        "next_sync_at": Subquery(of_account.annotate(first=Min("next_sync_at")).values("first")),
    }


def is_overdue(state: SyncState) -> bool:
    return bool(state.next_sync_at and state.next_sync_at < timezone.now() - OVERDUE_AFTER)


def health(account: SpotifyAccount, *, is_silent: bool) -> str:
    """Say whether the syncs of an account go well; of one that nobody may sync now, nothing.

    ``is_silent`` tells whether one of them is under way without a sign of life.
    """
    if account.status != AccountStatus.CONNECTED:
        return NOTHING
    states = synced(account)
    silent = badge(_("silent"), "bad") if is_silent else ""
    said = [one for one in (silent, _failing(states), _overdue(states)) if one]
    if said:
        return format_html_join("", "{}", [(one,) for one in said])
    if any(state.checked_at for state in states):
        return badge(_("in order"), "good")
    return badge(_("not synced yet"), "plain")


def next_sync(account: SpotifyAccount) -> str:
    """Say when the first of an account's resources is due."""
    moments = [state.next_sync_at for state in synced(account) if state.next_sync_at]
    is_awaited = moments and account.status == AccountStatus.CONNECTED
    return ago(min(moments)) if is_awaited else NOTHING


def synced(account: SpotifyAccount) -> list[SyncState]:
    """Return the states of what the site syncs, which were fetched with the account."""
    return [state for state in account.sync_states.all() if state.resource in conf.RESOURCES]


def failures_of(state: SyncState) -> str:
    """Say how often in a row the syncs of a resource failed; nothing if the last did not."""
    if not state.failures:
        return ""
    words = ngettext("failed %d time in a row", "failed %d times in a row", state.failures)
    return badge(words % state.failures, "bad")


def _failing(states: Iterable[SyncState]) -> str:
    failing = sorted(
        (state for state in states if state.failures), key=lambda state: -state.failures
    )
    if not failing:
        return ""
    lines = [
        (small(f"{capfirst(state.get_resource_display())}: {state.failures} ×"),)
        for state in failing
    ]
    return format_html("{}{}", badge(_("failing"), "bad"), format_html_join("", "{}", lines))


def _overdue(states: Iterable[SyncState]) -> str:
    moments = [state.next_sync_at for state in states if is_overdue(state) and state.next_sync_at]
    if not moments:
        return ""
    return format_html("{}{}", badge(_("overdue"), "busy"), small(ago(min(moments))))

"""How a grant stands, as the admin's lists show and filter it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.timesince import timesince, timeuntil
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from django_spotify_sync.admin.looks import badge, small
from django_spotify_sync.conf import conf
from django_spotify_sync.models import SpotifyAccount
from django_spotify_sync.models.accounts import AccountStatus

KINDS = {
    AccountStatus.CONNECTED: "good",
    AccountStatus.SUSPECT: "busy",
    AccountStatus.REAUTHORIZATION_REQUIRED: "bad",
}


class GrantFilter(admin.SimpleListFilter):
    """Whose grant has ended or soon does."""

    title = _("grant")
    parameter_name = "grant"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        notices = [(str(one.days), _in_days(one.days)) for one in sorted(conf.GRANT_NOTICE)]
        return [("ended", _("has ended")), *notices]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[SpotifyAccount]
    ) -> QuerySet[SpotifyAccount]:
        now, chosen = timezone.now(), self.value()
        if chosen == "ended":
            return queryset.filter(reauthorize_by__lte=now, reauthorize_by_estimated=False)
        if chosen and chosen.isdecimal() and len(chosen) < 5:
            until = now + timedelta(days=int(chosen))
            goes_on = Q(reauthorize_by__gt=now) | Q(reauthorize_by_estimated=True)
            return queryset.filter(goes_on, reauthorize_by__lte=until)
        return queryset


def _in_days(days: int) -> str:
    return ngettext("ends within %d day", "ends within %d days", days) % days


def standing(account: SpotifyAccount) -> str:
    """Say how the grant stands, how old it is and when it ends, in colour when that is soon."""
    status = AccountStatus(account.status)
    state = badge(status.label, KINDS.get(status, "plain"))
    if status == AccountStatus.DISCONNECTED:
        return state
    if account.reauthorize_by_estimated:
        return format_html("{}{}", state, small(badge(_("may end any day"), "busy")))
    now, end = timezone.now(), account.reauthorize_by
    day = {"day": date_format(localtime(end), "DATE_FORMAT")}
    if end <= now:
        return format_html("{}{}", state, small(badge(_("ended %(day)s") % day, "bad")))
    age = small(_("%s old") % timesince(account.authorized_at, now, depth=1))
    left = _("ends in %s") % timeuntil(end, now, depth=1)
    is_near = any(end - now <= distance for distance in conf.GRANT_NOTICE)
    ending = small(badge(left, "busy") if is_near else left)
    return format_html('{}{}<span title="{day}">{}</span>', state, age, ending, **day)

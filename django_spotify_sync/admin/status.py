"""Spotify › Status: whether all is well, as ``read_status`` knows it, and where to look if it is not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.formats import date_format
from django.utils.text import format_lazy
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from django_spotify_sync.admin.grants import KINDS
from django_spotify_sync.admin.looks import badge, clock, number
from django_spotify_sync.admin.plots import Plot, Series, share_bar
from django_spotify_sync.admin.rows import ReadOnlyAdmin
from django_spotify_sync.models import SpotifyAccount, SyncRun, SyncState
from django_spotify_sync.models.accounts import AccountStatus
from django_spotify_sync.models.runs import Resource
from django_spotify_sync.upkeep import (
    Failing,
    Hourly,
    Requests,
    Status,
    may_read_status,
    read_status,
)

QUEUE_HOURS = 24
_SECONDS = 60  # in a minute, which ages are drawn in


class _Meta:
    """What Django's list of models asks of one. The space puts the page first: the list is in order of names."""

    app_label = "spotify_sync"
    app_config = apps.get_app_config(app_label)
    model_name = "status"
    object_name = "Status"
    verbose_name = gettext_lazy("Status")
    verbose_name_plural = format_lazy(" {}", verbose_name)
    abstract = swapped = is_composite_pk = False


class StatusPage:
    """Stands in the admin's list beside the models, and has no table."""

    _meta = _Meta


@admin.register(StatusPage)  # type: ignore[arg-type]
class StatusAdmin(ReadOnlyAdmin):
    def check(self, **kwargs: Any) -> list[Any]:
        """Say nothing: there are no fields to be wrong about."""
        return []

    def get_urls(self) -> list[Any]:
        page = self.admin_site.admin_view(self.page)
        return [path("", page, name="spotify_sync_status_changelist")]

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may_read_status(request.user)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def page(self, request: HttpRequest) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        status = read_status()
        links = self._links()
        context = {
            **self.admin_site.each_context(request),
            "title": _("Status"),
            "app_name": self.opts.app_config.verbose_name,
            "media": self.media,
            "status": status,
            "at": date_format(localtime(), "TIME_FORMAT"),
            "link": links.get(status.worst_lamp),
            "lamps": lamps(status, links),
            "accounts": self._accounts(status),
            "worst": [self._failing(one) for one in status.worst],
            "may_sync": request.user.has_perm(f"{self.opts.app_label}.change_spotifyaccount"),
            "accounts_url": self._list(SpotifyAccount),
            "failing_url": self._list(SpotifyAccount, syncs="failing"),
            "due": due(status),
            "overdue_url": self._list(SyncState, syncs="overdue"),
            "plots": [queue_plot(status.hours), runs_plot(status.hours), requests_plot(status)],
            "needs": needs(status.requests),
            "grants": [
                (_grants(days), number(count), self._list(SpotifyAccount, **_ending(days)))
                for days, count in status.grants.items()
            ],
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "admin/spotify_sync/status.html", context)

    def _links(self) -> Mapping[str, str]:
        """Return where each lamp leads: to the rows that it is about."""
        return {
            "beat": self._list(SyncState, syncs="overdue"),
            "worker": self._list(SyncRun, life="silent"),
            "spotify": self._list(SyncRun, status__exact="waiting"),
        }

    def _accounts(self, status: Status) -> list[tuple[str, str, str]]:
        return [
            (
                badge(AccountStatus(name).label, KINDS.get(AccountStatus(name), "plain")),
                number(count),
                self._list(SpotifyAccount, status__exact=name),
            )
            for name, count in status.accounts.items()
        ]

    def _failing(self, one: Failing) -> dict[str, Any]:
        label = Resource(one.resource).label
        run = SyncRun(pk=one.run)
        return {
            "failing": one,
            "resource": label,
            "since": _("since %s") % clock(one.since) if one.since else "",
            "account": self.link(SpotifyAccount(pk=one.account), one.name),
            "run": self.link(run, _("run #%d") % one.run) if one.run else "",
        }

    def _list(self, model: Any, **query: str) -> str:
        return reverse(self._url_of(model, "changelist"), query=query)


# What is said


def lamps(status: Status, links: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the four lamps, each with its name, sign, sentence, and where to look if it does not shine."""
    names = {
        "beat": _("Schedule"),
        "worker": _("Workers"),
        "spotify": "Spotify",
        "keys": _("Keys"),
    }
    signs = {True: badge(_("well"), "good"), False: badge(_("not well"), "bad")}
    found = []
    for name, label in names.items():
        lamp = status.lamps.get(name)
        if lamp is None:
            words = _("The schedule has never looked: nothing is synced by itself.")
            found.append({"label": label, "sign": badge(_("not in use"), "plain"), "words": words})
            continue
        link = "" if lamp.ok else links.get(name, "")
        found.append({"label": label, "sign": signs[lamp.ok], "words": lamp.sentence, "link": link})
    return found


def due(status: Status) -> list[str]:
    """Say how much is due now, and since when."""
    now = _("Due now: %(runs)s runs, %(states)s resources of accounts") % {
        "runs": number(status.due.runs),
        "states": number(status.due.states),
    }
    since = status.due.since
    return [now, _("the oldest since %s") % clock(since)] if since else [now]


def needs(requests: Requests) -> dict[str, Any]:
    """Return what a day needs, in parts and beside what is possible, as numbers and as a bar."""
    parts = [
        (_("checks"), "good", requests.checks),
        (_("whole passes"), "nothing", requests.whole_passes),
        (_("changes"), "partial", requests.changes),
    ]
    words = _("%(needed)s requests a day are needed") % {"needed": number(requests.needed)}
    bar: Any = ""
    if requests.possible is not None:
        words = _("%(needed)s of %(possible)s possible requests a day are needed") % {
            "needed": number(requests.needed),
            "possible": number(requests.possible),
        }
        if requests.share is not None:
            words += f" ({requests.share:.0%})"
        bar = share_bar([part[1:] for part in parts], requests.possible, words)
    return {
        "words": words,
        "bar": bar,
        "parts": [(Series(name, look, ()), number(count)) for name, look, count in parts],
    }


def _grants(days: int) -> str:
    return ngettext("end within %d day", "end within %d days", days) % days


def _ending(days: int) -> dict[str, str]:
    return {"grant": str(days), "status__exact": AccountStatus.CONNECTED}


# What is drawn


def queue_plot(hours: list[Hourly]) -> Plot:
    """Draw how long the oldest of what was due had waited; an hour without a look of the schedule is not known."""
    hours = hours[-QUEUE_HOURS:]
    ages = tuple(round(hour.oldest_due / _SECONDS) if hour.looked else None for hour in hours)
    longest = max((age for age in ages if age is not None), default=None)
    if longest is None:
        gist = _("The schedule did not look in the last 24 hours.")
    else:
        gist = ngettext(
            "In the last 24 hours nothing waited longer than %s minute.",
            "In the last 24 hours nothing waited longer than %s minutes.",
            longest,
        ) % number(longest)
    title = _("Age of the oldest that is due, in minutes")
    return Plot("queue", title, gist, _names(hours), (Series(_("minutes"), "plain", ages),))


def runs_plot(hours: list[Hourly]) -> Plot:
    """Draw how runs ended: what went well above the line, the rest below."""
    values = _values(hours)
    series = (
        Series(_("succeeded"), "good", values("succeeded")),
        Series(_("nothing to do"), "nothing", values("nothing")),
        Series(_("partial"), "partial", values("partial"), is_below=True),
        Series(_("failed"), "bad", values("failed"), is_below=True),
        Series(_("lost"), "lost", values("lost"), is_below=True),
    )
    total = {one.look: sum(value or 0 for value in one.values) for one in series}
    gist = _("In 48 hours %(good)s ended well, %(partial)s in part, %(bad)s failed or were lost.")
    counts = {
        "good": number(total["good"] + total["nothing"]),
        "partial": number(total["partial"]),
        "bad": number(total["bad"] + total["lost"]),
    }
    return Plot("runs", _("Runs an hour, by how they ended"), gist % counts, _names(hours), series)


def requests_plot(status: Status) -> Plot:
    """Draw what was asked of Spotify beside what the pace allows; hours with a 429 are marked above."""
    values = _values(status.hours)
    asked, refused = values("requests"), values("rate_limited")
    words = {
        "most": number(max(value or 0 for value in asked)),
        "refused": number(sum(value or 0 for value in refused)),
        "pace": number(status.pace_an_hour),
    }
    gist = _("In 48 hours at most %(most)s requests an hour; %(refused)s answers 429.")
    if status.pace_an_hour is not None:
        gist = _(
            "In 48 hours at most %(most)s requests an hour, of %(pace)s that the pace allows; %(refused)s answers 429."
        )
    return Plot(
        "requests",
        _("Requests an hour"),
        gist % words,
        _names(status.hours),
        (Series(_("requests"), "plain", asked),),
        marks=Series(_("answers 429"), "bad", refused),
        limit=status.pace_an_hour,
    )


def _values(hours: list[Hourly]) -> Callable[[str], tuple[int | None, ...]]:
    return lambda name: tuple(getattr(hour, name) for hour in hours)


def _names(hours: list[Hourly]) -> tuple[str, ...]:
    return tuple(clock(hour.at) for hour in hours)

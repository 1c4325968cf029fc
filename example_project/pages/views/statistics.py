"""The pictures of a library."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_safe
from django_spotify_sync.models import SpotifyAccount

from pages import pictures as counted
from pages.progress import number
from pages.visitors import connected

MOST_MONTHS = 36  # that can be told from each other on a phone; what is longer is shown by years


@dataclass(frozen=True)
class Bar:
    """One row of a picture's table."""

    label: str
    count: int
    url: str = ""


@dataclass(frozen=True)
class Picture:
    """A table that charts.js draws: as ``columns``, or as ``bars`` beside names."""

    name: str
    kind: str
    title: str
    key: str
    bars: list[Bar]
    is_wide: bool = False

    @property
    def gist(self) -> str:
        """Say in a few words what the picture shows to those who do not see it."""
        if not self.bars:
            return ""
        most = max(self.bars, key=lambda bar: bar.count)
        said = {"label": most.label, "count": number(most.count)}
        return _("Most: %(label)s, %(count)s") % said

    @property
    def says_something(self) -> bool:
        """Whether its bars differ, so that there is something to see."""
        return self.kind != "bars" or len({bar.count for bar in self.bars}) != 1


@require_safe
@connected
def pictures(request: HttpRequest, account: SpotifyAccount) -> HttpResponse:
    """Show the visitor's own library in pictures."""
    drawn = [picture for picture in pictures_of(account) if picture.says_something]
    context = {"summary": counted.summary(account), "pictures": drawn}
    return render(request, "pages/pictures.html", context)


def pictures_of(account: SpotifyAccount) -> list[Picture]:
    """Draw up all of them, in five queries."""
    return [
        _over_time(counted.months(account)),
        Picture(
            "decades",
            "columns",
            _("Decades of release"),
            _("Decade"),
            [
                Bar(_("%(decade)ss") % {"decade": decade}, count)
                for decade, count in counted.decades(account)
            ],
        ),
        Picture(
            "lengths",
            "columns",
            _("How long tracks are"),
            _("Minutes from"),
            [Bar(_span(seconds), count) for seconds, count in counted.lengths(account)],
        ),
        Picture(
            "artists",
            "bars",
            _("Artists you saved most of"),
            _("Artist"),
            [
                Bar(str(artist), count, reverse("artist", args=[artist.spotify_id]))
                for artist, count in counted.artists(account)
            ],
        ),
        Picture(
            "albums",
            "bars",
            _("Albums you saved most of"),
            _("Album"),
            [
                Bar(str(album), count, reverse("album", args=[album.spotify_id]))
                for album, count in counted.albums(account)
            ],
        ),
    ]


def _over_time(months: list[tuple[date, int]]) -> Picture:
    """Draw what was saved in each month, or in each year if there are many; the one that goes on is marked as such."""
    by_year = len(months) > MOST_MONTHS
    found: dict[str, int] = {}
    today = timezone.now().date()
    for month, count in months:
        label = (
            str(month.year) if by_year else date_format(month, pgettext("format of a month", "M Y"))
        )
        if month.year == today.year and (by_year or month.month == today.month):
            label = _("%(when)s so far") % {"when": label}
        found[label] = found.get(label, 0) + count
    bars = [Bar(label, count) for label, count in found.items()]
    key = _("Year") if by_year else _("Month")
    return Picture("months", "columns", _("Saved over time"), key, bars, is_wide=True)


def _span(seconds: int) -> str:
    """Name where a bar of lengths begins: 3:30, and the last one 10:00+."""
    return f"{seconds // 60}:{seconds % 60:02}{'+' if seconds == counted.LONG else ''}"

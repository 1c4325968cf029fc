"""The pictures of a library."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_safe
from django_spotify_sync.models import SpotifyAccount

from pages import pictures as counted
from pages.visitors import connected


@dataclass(frozen=True)
class Bar:
    """One row of a picture's table."""

    label: str
    count: int
    url: str = ""


@dataclass(frozen=True)
class Picture:
    """A table that charts.js draws: as ``area``, as ``columns``, or as ``bars`` beside names."""

    name: str
    kind: str
    title: str
    key: str
    bars: list[Bar]


@require_safe
@connected
def pictures(request: HttpRequest, account: SpotifyAccount) -> HttpResponse:
    """Show the visitor's own library in pictures."""
    context = {"summary": counted.summary(account), "pictures": pictures_of(account)}
    return render(request, "pages/pictures.html", context)


def pictures_of(account: SpotifyAccount) -> list[Picture]:
    """Draw up all of them, in five queries."""
    return [
        Picture(
            "months",
            "area",
            _("Saved over time"),
            _("Month"),
            [
                Bar(date_format(month, pgettext("format of a month", "M Y")), count)
                for month, count in counted.months(account)
            ],
        ),
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


def _span(seconds: int) -> str:
    """Name where a bar of lengths begins: 3:30, and the last one 10:00+."""
    return f"{seconds // 60}:{seconds % 60:02}{'+' if seconds == counted.LONG else ''}"

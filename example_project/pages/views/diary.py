"""A library as a diary: by month, on this day, and a page for each year."""

from __future__ import annotations

from datetime import UTC, date

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe
from django_spotify_sync.conf import conf
from django_spotify_sync.models import SpotifyAccount

from pages import diary as kept
from pages.visitors import connected

TRACKS_PER_PAGE = 50
YEARS = range(1970, 9999)


@require_safe
@connected
def diary(request: HttpRequest, account: SpotifyAccount) -> HttpResponse:
    """Show what was saved on this day of other years, and how much in which month."""
    today = timezone.now().astimezone(UTC).date()
    context = {
        "on_this_day": kept.on_this_day(account, today),
        "years": kept.years(account),
    }
    return render(request, "pages/diary.html", context)


@require_safe
@connected
def month(request: HttpRequest, account: SpotifyAccount, year: int, month: int) -> HttpResponse:
    """Show what was saved in one month."""
    if year not in YEARS or not 1 <= month <= 12:
        raise Http404("There is no such month.")
    months = [one.day for of in kept.years(account) for one in of.months]
    day = date(year, month, 1)
    context = {
        "day": day,
        "page": kept.month_page(request, account, year, month, TRACKS_PER_PAGE),
        "earlier": next((one for one in months if one < day), None),
        "later": next((one for one in reversed(months) if one > day), None),
    }
    return render(request, "pages/diary_month.html", context)


@require_safe
@connected
def year(request: HttpRequest, account: SpotifyAccount, year: int) -> HttpResponse:
    """Show a year on a page that can be printed."""
    if year not in YEARS:
        raise Http404("There is no such year.")
    context = {
        "review": kept.review(account, year),
        "journal_days": conf.CHANGES_RETENTION.days,
        "years": [one.number for one in kept.years(account)],
    }
    return render(request, "pages/diary_year.html", context)

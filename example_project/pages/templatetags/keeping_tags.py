"""Tags of the pages that keep: a moment with its zone, and the large losses that wait for a word."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django import template
from django.urls import NoReverseMatch, reverse
from django.utils.dates import MONTHS
from django_spotify_sync.conf import conf
from django_spotify_sync.models import LargeLoss

register = template.Library()

#: The page of one thing, by what it is one of: items of playlists are shown by the pages of their tracks.
_PAGES = {
    "tracks": "track",
    "items": "track",
    "albums": "album",
    "following": "artist",
    "playlists": "playlist",
}


@register.filter
def month_name(day: date) -> str:
    """Name a month by itself, as calendars do: May."""
    return str(MONTHS[day.month])


@register.simple_tag
def address_of(resource: str, spotify_id: str | None) -> str:
    """Return where this site shows one thing of a library; empty where it has no page for it."""
    if resource not in _PAGES or not spotify_id:
        return ""
    try:
        return reverse(_PAGES[resource], args=[spotify_id])
    except NoReverseMatch:
        return ""


@register.inclusion_tag("pages/_moment.html")
def moment(value: datetime) -> dict[str, Any]:
    """Write a day and an hour, with the zone that the hour is of."""
    return {"moment": value}


@register.inclusion_tag("pages/_loss_notices.html", takes_context=True)
def loss_notices(context: Any) -> dict[str, Any]:
    """Warn of each large loss of which the visitor has said nothing yet."""
    losses = LargeLoss.objects.filter(account=context["account"]).undecided().order_by("-run")
    return {
        "losses": losses,
        "goes_by_itself": conf.LARGE_LOSS == "second_run",
        "csrf_token": context.get("csrf_token"),
    }

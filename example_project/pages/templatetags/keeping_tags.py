"""Tags of the pages that keep: a moment with its zone, and the large losses that wait for a word."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django import template
from django.utils.dates import MONTHS
from django_spotify_sync.conf import conf
from django_spotify_sync.models import LargeLoss

register = template.Library()


@register.filter
def month_name(day: date) -> str:
    """Name a month by itself, as calendars do: May."""
    return str(MONTHS[day.month])


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

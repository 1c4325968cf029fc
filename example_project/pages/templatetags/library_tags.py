"""Filters and tags of the library."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from django import template
from django.utils.formats import date_format
from django.utils.html import format_html_join
from django.utils.safestring import mark_safe
from django.utils.translation import pgettext
from django_spotify_sync.models import SyncRun, accounts

from pages import words
from pages.words import Words

register = template.Library()


@register.filter
def minutes(milliseconds: int | None) -> str:
    """Write a length as people do: 3:07, 1:02:30."""
    if milliseconds is None:
        return ""
    whole_minutes, seconds = divmod(round(milliseconds / 1000), 60)
    hours, whole_minutes = divmod(whole_minutes, 60)
    return f"{hours}:{whole_minutes:02}:{seconds:02}" if hours else f"{whole_minutes}:{seconds:02}"


@register.filter
def day(moment: date) -> str:
    """Write a day shortly, as the reader's language does: 3 Nov 2026."""
    return date_format(moment, pgettext("format of a day", "j M Y"))


@register.filter
def isolated(name: object) -> str:
    """Set a name off from the sentence around it, so that one in Arabic does not turn what follows it about.

    Where there is an element of its own for the name, that is <bdi>.
    """
    return f"\u2068{name}\u2069"


@register.filter
def month(moment: date) -> str:
    """Write a month: Nov 2026."""
    return date_format(moment, pgettext("format of a month", "M Y"))


@register.filter
def released(text: str) -> str:
    """Write a release date as precisely as Spotify knows it: 15 Dec 1981, Dec 1981, 1981."""
    try:
        if len(text) == len("1981-12-15"):
            return day(date.fromisoformat(text))
        if len(text) == len("1981-12"):
            return month(date.fromisoformat(f"{text}-01"))
    except ValueError:  # no day that there is
        pass
    return text


@register.filter
def shelf_title(resource: str) -> Words:
    """Name a shelf."""
    return words.SHELVES[resource]


@register.filter
def short_title(resource: str) -> Words:
    """Name a shelf of what is spoken in one word."""
    return words.SPOKEN[resource]


@register.filter
def mode_in_words(run: SyncRun) -> Words:
    """Say how a run went about it."""
    return words.MODES.get(run.mode or "", "")


@register.filter
def trigger_in_words(run: SyncRun) -> Words:
    """Say who asked."""
    return words.TRIGGERS.get(run.trigger, run.trigger)


@register.filter
def why_unreadable(code: str) -> Words:
    """Say why the items of a playlist are not here."""
    return words.unreadable(code)


@register.filter
def open_url(uri: str) -> str:
    """Return where a Spotify URI is shown: ``spotify:episode:1`` at https://open.spotify.com/episode/1."""
    kind, _, spotify_id = uri.removeprefix("spotify:").partition(":")
    return accounts.open_url(kind, spotify_id)


@register.simple_tag(takes_context=True)
def here_with(context: Any, **changes: Any) -> str:
    """Return the query of this page with some of it changed, or left out for None, for links within a list."""
    query = context["request"].GET.copy()
    for name, value in changes.items():
        query.pop(name, None)
        if value is not None:
            query[name] = value
    return f"?{query.urlencode()}"


@register.simple_tag(takes_context=True)
def kept_query(context: Any, *without: str) -> str:
    """Return the query of this page, but for some names, as hidden fields of a form that changes those."""
    query = context["request"].GET
    fields = ((name, text) for name in query if name not in without for text in query.getlist(name))
    return format_html_join("", '<input type="hidden" name="{}" value="{}">', fields)


@register.simple_tag(takes_context=True)
def current(context: Any, page: str, within: Sequence[str] | None = None) -> str:
    """Mark the link to the page one is on, or to what that page is a part of."""
    match = context["request"].resolver_match
    here = match.url_name if match else ""
    if here == page:
        return mark_safe('aria-current="page"')
    return mark_safe('aria-current="true"') if here in (within or ()) else ""

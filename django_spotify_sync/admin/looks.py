"""How things look in the admin: covers, badges, times, numbers, as small pieces of HTML."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince, timeuntil
from django.utils.timezone import localtime
from django.utils.translation import gettext

NOTHING = "—"


def cover(url: str, size: int = 40) -> str:
    """Return a picture of Spotify's, loaded when it comes into view, in a place of fixed size."""
    if not url.startswith(("https://", "http://")):
        return format_html('<span class="spotify-sync-cover is-{}"></span>', size)
    return format_html(
        '<img class="spotify-sync-cover is-{0}" src="{1}" width="{0}" height="{0}" alt="" loading="lazy" '
        'decoding="async" referrerpolicy="no-referrer">',
        size,
        url,
    )


def small_cover(row: Any) -> str:
    """Return the address of the smallest cover that a row has, empty if it has none or is None."""
    return str(getattr(row, "thumbnail_url", "") or getattr(row, "image_url", ""))


def titled(url: str, words: object, below: object = "") -> SafeString:
    """Return a cover and what it belongs to."""
    return format_html(
        '<span class="spotify-sync-titled">{}<span>{}{}</span></span>',
        cover(url),
        words,
        small(below),
    )


def badge(words: object, kind: str) -> SafeString:
    """Return a state in words, coloured: ``good``, ``bad``, ``busy`` or ``plain``."""
    return format_html('<span class="spotify-sync-badge is-{}">{}</span>', kind, words)


def small(words: object) -> SafeString:
    """Return a second line, smaller than the first; nothing for nothing."""
    return (
        format_html('<span class="spotify-sync-small">{}</span>', words)
        if words
        else SafeString("")
    )


def ago(moment: datetime | None) -> str:
    """Return how long ago something was, or how soon it is due, and when exactly for who points at it."""
    if moment is None:
        return NOTHING
    now = timezone.now()
    words = (
        gettext("%(time)s ago") % {"time": timesince(moment, now, depth=1)}
        if moment <= now
        else gettext("in %(time)s") % {"time": timeuntil(moment, now, depth=1)}
    )
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        moment.isoformat(timespec="seconds"),
        date_format(localtime(moment), "DATETIME_FORMAT"),
        words,
    )


def number(value: int | None) -> str:
    return NOTHING if value is None else f"{value:,}"


def minutes(milliseconds: int | None) -> str:
    """Return a duration as ``m:ss``."""
    if not milliseconds:
        return NOTHING
    return "{}:{:02}".format(*divmod(round(milliseconds / 1000), 60))


def listed(names: Iterable[object]) -> str:
    """Return names, one after the other; a dash for none."""
    return ", ".join(map(str, names)) or NOTHING


def artists_of(links: Any) -> str:
    """Return the names of the artists of a track or an album, whose links were fetched with it."""
    ordered = sorted(links.all(), key=lambda link: int(link.position))
    return listed(link.artist for link in ordered)

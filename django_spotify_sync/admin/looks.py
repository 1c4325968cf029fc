"""How things look in the admin: covers, badges, times, numbers, as small pieces of HTML."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.html import format_html, format_html_join
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


def line(*parts: object, wide: bool = False) -> SafeString:
    """Return a line of several parts, with what belongs to its end at the end; a wide one takes what room there is."""
    inside = format_html_join(" ", "{}", [(part,) for part in parts])
    return format_html(
        '<span class="spotify-sync-line{}">{}</span>', " is-wide" if wide else "", inside
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


def clock(moment: datetime) -> str:
    """Return the time of day, with the day where that is not today."""
    there, here = localtime(moment), localtime()
    is_today = there.date() == here.date()
    return date_format(there, "TIME_FORMAT" if is_today else "SHORT_DATETIME_FORMAT")


def number(value: int | None) -> str:
    """Return a number with its thousands set apart, as the language does it."""
    return NOTHING if value is None else number_format(value, force_grouping=True)


def lasted(time: timedelta | None) -> str:
    """Return how long something took, as ``m:ss`` or ``h:mm:ss``."""
    if time is None:
        return NOTHING
    minutes, seconds = divmod(max(0, round(time.total_seconds())), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


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

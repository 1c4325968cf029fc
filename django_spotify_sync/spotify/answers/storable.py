"""One value of JSON, whatever it is, becomes one that can be stored, or None.

Storable means: no NUL and no lone surrogate, numbers that fit their column, dates that are dates. What cannot be made
storable is None, and an entry without a usable track stays an entry: one bad character stops nobody's sync.
A whole answer of the wrong shape raises ``Malformed``, which the client takes for a fault of the moment.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from functools import lru_cache
from operator import itemgetter
from typing import Any

type Json = Any

MAX_ID = 255
MAX_INT = 2**31 - 1
MOST_ENTRIES = 1_000_000  # of a list; a total beyond it is nobody's library, and would cost a day to find that out
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_ISO_DATE = re.compile(r"([0-9]{4})(?:-([0-9]{2}))?(?:-([0-9]{2}))?")
_THUMBNAIL_WIDTH = 64
_UNKNOWN_DAY = date(1970, 1, 1)


class Malformed(ValueError):
    """An answer that is JSON but not what Spotify documents."""


def text(value: Json, *, limit: int | None = None) -> str | None:
    """Return a text that PostgreSQL and SQLite can store; None for what is no text."""
    if not isinstance(value, str):
        return None
    storable = value if value.isprintable() else _UNSTORABLE.sub("\ufffd", value)
    return storable if limit is None else storable[:limit]


def number(value: Json) -> int | None:
    """Return a whole number between 0 and 2^31 - 1; floats are cast (seen in answers), the rest is None."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if not 0 <= value <= MAX_INT:  # NaN and the infinities fall through here too
        return None
    return int(value)


def flag(value: Json) -> bool | None:
    return value if isinstance(value, bool) else None


def moment(value: Json) -> datetime | None:
    """Return an ISO 8601 time as an aware one in UTC, None for what is no time, or the first day of 1970.

    That day is what Spotify says where it does not know when something was added, as in lists of charts.
    """
    if not isinstance(value, str):
        return None
    try:
        parsed = datetime.fromisoformat(value)
        parsed = (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    # the first and the last year leave the calendar in some time zones
    return parsed if 1 < parsed.year < 9999 and parsed.date() != _UNKNOWN_DAY else None


def date_of_release(value: Json) -> str | None:
    """Return a date of year, month or day precision; "0000", which Spotify sends for unknown, and the like are None."""
    is_short = isinstance(value, str) and len(value) <= len("2026-11-28")
    return _date(value) if is_short else None


@lru_cache(maxsize=4096)  # a library names the same dates over and over
def _date(value: str) -> str | None:
    if not (found := _ISO_DATE.fullmatch(value)):
        return None
    try:
        date(*(int(part or 1) for part in found.groups()))
    except ValueError:
        return None
    return value


def identifier(value: Json) -> str | None:
    """Return an id, None where there is none or it could not be stored unchanged."""
    if not isinstance(value, str) or not 0 < len(value) <= MAX_ID:
        return None
    return value if value.isprintable() or not _UNSTORABLE.search(value) else None


def texts(value: Json) -> tuple[str, ...] | None:
    if not isinstance(value, list):
        return None
    return tuple(item for item in map(text, value) if item)


def pictures(value: Json) -> list[tuple[int, str]] | None:
    """Return (width, url) of each picture, widest first; None where the shape gives no list."""
    if not isinstance(value, list):
        return None
    images = [
        (number(item.get("width")) or 0, url)
        for item in value
        if isinstance(item, dict)
        and (url := text(item.get("url")))
        and url.startswith(("https://", "http://"))
    ]
    return sorted(images, key=_by_width, reverse=True)


_by_width = itemgetter(0)


def widest(images: list[tuple[int, str]] | None) -> str | None:
    """Return the address of the widest picture, empty if there is none, None where nothing was said of any."""
    return None if images is None else images[0][1] if images else ""


def widest_image(value: Json) -> str | None:
    """The same, of the pictures as they were answered."""
    return widest(pictures(value))


def thumbnail(images: list[tuple[int, str]] | None) -> str | None:
    """Return the smallest picture that is still as wide as a thumbnail."""
    if images is None:
        return None
    wide_enough = [url for width, url in images if width >= _THUMBNAIL_WIDTH]
    return wide_enough[-1] if wide_enough else images[0][1] if images else ""


def an_object(answer: Json) -> dict[str, Json]:
    """Return the answer if it is an object.

    :raises Malformed: if it is anything else.
    """
    if not isinstance(answer, dict):
        raise Malformed(f"a {type(answer).__name__} where an object was expected")
    return answer

"""One JSON item, whichever shape, becomes one frozen, storable row.

Storable means: no NUL and no lone surrogate, numbers that fit their column, dates that are dates. What cannot be made
storable is None, and an entry without a usable track stays an entry: one bad character stops nobody's sync.
A whole answer of the wrong shape raises ``Malformed``, which the client takes for a fault of the moment.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any

from django_spotify_sync.spotify.rows import (
    AlbumRow,
    ArtistRow,
    Catalog,
    Page,
    ProfileRow,
    SavedRow,
    TrackRow,
)

type Json = Any

MAX_ID = 255
MAX_INT = 2**31 - 1
MOST_ENTRIES = 1_000_000  # of a list; a total beyond it is nobody's library, and would cost a day to find that out
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_ISO_DATE = re.compile(r"([0-9]{4})(?:-([0-9]{2}))?(?:-([0-9]{2}))?")
_THUMBNAIL_WIDTH = 64


class Malformed(ValueError):
    """An answer that is JSON but not what Spotify documents."""


def parse_profile(answer: Json) -> ProfileRow:
    """Read Get Current User's Profile; ``account_id`` is there since May 2026, not yet for everybody."""
    profile = an_object(answer)
    spotify_id = identifier(profile.get("id"))
    if spotify_id is None:
        raise Malformed("a profile without an id")
    return ProfileRow(
        spotify_id=spotify_id,
        spotify_account_id=identifier(profile.get("account_id")),
        display_name=text(profile.get("display_name")) or "",
        image_url=widest_image(profile.get("images")) or "",
    )


def parse_saved_page(answer: Json) -> Page[SavedRow]:
    """Read a page of Get User's Saved Tracks."""
    offset, limit, total, items = paging(answer)
    catalog = Catalog()
    entries = tuple(_saved(item, catalog) for item in items)
    return Page(offset=offset, limit=limit, total=total, entries=entries, catalog=catalog)


def _saved(item: Json, catalog: Catalog) -> SavedRow:
    if not isinstance(item, dict):
        return SavedRow(None, None, skipped="null_entry")
    added_at = moment(item.get("added_at"))
    track = item.get("track")
    if not isinstance(track, dict):
        return SavedRow(None, added_at, skipped="null_track")
    row = parse_track(track, catalog)
    if row is None:
        return SavedRow(None, added_at, skipped="no_id")
    return SavedRow(row.spotify_id, added_at, is_playable=flag(track.get("is_playable")))


def parse_track(item: dict[str, Json], catalog: Catalog) -> TrackRow | None:
    """Read a track with its album and artists into ``catalog``; None, and nothing added, where it has no id."""
    spotify_id = identifier(item.get("id"))
    if spotify_id is None:
        return None
    row = TrackRow(
        spotify_id=spotify_id,
        name=text(item.get("name")),
        album_id=_album(item.get("album"), catalog),
        artist_ids=_artists(item.get("artists"), catalog),
        duration_ms=number(item.get("duration_ms")),
        explicit=flag(item.get("explicit")),
        isrc=_isrc(item.get("external_ids")),
        disc_number=number(item.get("disc_number")),
        track_number=number(item.get("track_number")),
    )
    catalog.tracks[spotify_id] = row
    return row


def _album(item: Json, catalog: Catalog) -> str | None:
    if not isinstance(item, dict) or (spotify_id := identifier(item.get("id"))) is None:
        return None
    release_date = _release_date(item.get("release_date"))
    catalog.albums[spotify_id] = AlbumRow(
        spotify_id=spotify_id,
        name=text(item.get("name")),
        album_type=text(item.get("album_type"), limit=50),
        release_date=release_date,
        release_date_precision=text(item.get("release_date_precision"), limit=10),
        release_year=int(release_date[:4]) if release_date else None,
        total_tracks=number(item.get("total_tracks")),
        image_url=widest_image(item.get("images")),
        thumbnail_url=_thumbnail(item.get("images")),
        artist_ids=_artists(item.get("artists"), catalog),
    )
    return spotify_id


def _artists(items: Json, catalog: Catalog) -> tuple[str, ...] | None:
    """Read the artists in their order, each once; None where the shape gives no list."""
    if not isinstance(items, list):
        return None
    ids = [parse_artist(item, catalog) for item in items]
    return tuple(dict.fromkeys(spotify_id for spotify_id in ids if spotify_id is not None))


def parse_artist(item: Json, catalog: Catalog) -> str | None:
    """Read an artist into ``catalog`` and return the id; None where there is none. A fuller shape is not undone."""
    if not isinstance(item, dict) or (spotify_id := identifier(item.get("id"))) is None:
        return None
    if spotify_id not in catalog.artists or "images" in item:
        catalog.artists[spotify_id] = ArtistRow(
            spotify_id=spotify_id,
            name=text(item.get("name")),
            image_url=widest_image(item.get("images")),
            genres=_texts(item.get("genres")),
        )
    return spotify_id


def text(value: Json, *, limit: int | None = None) -> str | None:
    """Return a text that PostgreSQL and SQLite can store; None for what is no text."""
    if not isinstance(value, str):
        return None
    storable = _UNSTORABLE.sub("\ufffd", value)
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
    """Return an ISO 8601 time as an aware one in UTC, None for what is no time."""
    if not isinstance(value, str):
        return None
    try:
        parsed = datetime.fromisoformat(value)
        parsed = (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    # the first and the last year leave the calendar in some time zones
    return parsed if 1 < parsed.year < 9999 else None


def _release_date(value: Json) -> str | None:
    """Return a date of year, month or day precision; "0000", which Spotify sends for unknown, and the like are None."""
    if not isinstance(value, str) or not (found := _ISO_DATE.fullmatch(value)):
        return None
    try:
        date(*(int(part or 1) for part in found.groups()))
    except ValueError:
        return None
    return value


def identifier(value: Json) -> str | None:
    """Return an id, None where there is none or it could not be stored unchanged."""
    if not isinstance(value, str) or not 0 < len(value) <= MAX_ID or _UNSTORABLE.search(value):
        return None
    return value


def _isrc(value: Json) -> str | None:
    return text(value.get("isrc"), limit=50) if isinstance(value, dict) else None


def _texts(value: Json) -> tuple[str, ...] | None:
    if not isinstance(value, list):
        return None
    return tuple(item for item in map(text, value) if item)


def _images(value: Json) -> list[tuple[int, str]] | None:
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
    return sorted(images, key=lambda image: -image[0])


def widest_image(value: Json) -> str | None:
    """Return the address of the widest picture, empty if the list is empty, None where the shape gives no list."""
    images = _images(value)
    return None if images is None else images[0][1] if images else ""


def _thumbnail(value: Json) -> str | None:
    """Return the smallest picture that is still as wide as a thumbnail."""
    images = _images(value)
    if images is None:
        return None
    wide_enough = [url for width, url in images if width >= _THUMBNAIL_WIDTH]
    return wide_enough[-1] if wide_enough else images[0][1] if images else ""


def paging(answer: Json) -> tuple[int, int, int, list[Json]]:
    """Return offset, limit, total and items of a page.

    :raises Malformed: if one of them is missing, or the total absurd.
    """
    page = an_object(answer)
    items, numbers = (
        page.get("items"),
        [number(page.get(name)) for name in ("offset", "limit", "total")],
    )
    if not isinstance(items, list) or None in numbers:
        raise Malformed("a page without items, offset, limit or total")
    offset, limit, total = (value or 0 for value in numbers)
    if total > MOST_ENTRIES:
        raise Malformed(f"a page of a list of {total}")
    return offset, limit, total, items


def an_object(answer: Json) -> dict[str, Json]:
    """Return the answer if it is an object.

    :raises Malformed: if it is anything else.
    """
    if not isinstance(answer, dict):
        raise Malformed(f"a {type(answer).__name__} where an object was expected")
    return answer


def skipped_reasons(rows: Iterable[SavedRow]) -> dict[str, int]:
    """Count the entries that hold no track, by reason."""
    reasons: dict[str, int] = {}
    for row in rows:
        if row.skipped:
            reasons[row.skipped] = reasons.get(row.skipped, 0) + 1
    return reasons

"""What a playlist holds, in every shape that is live at once.

Apps made since February 2026 are answered ``items`` and ``item``, those with extended quota ``tracks`` and ``track``,
older development apps both at once (Spotify's migration guide; spoton#119). Which kind an entry is of says its
``type``: which keys it has says nothing, since episodes may come dressed as tracks and a track holds a flag ``track``.
"""

from __future__ import annotations

from datetime import datetime
from urllib.parse import unquote_plus

from msgspec import Struct

from django_spotify_sync.spotify.answers.catalog import Catalog, parse_track
from django_spotify_sync.spotify.answers.paging import Page, paging
from django_spotify_sync.spotify.answers.storable import (
    MAX_ID,
    Json,
    flag,
    identifier,
    moment,
    number,
    text,
)

_CONTENT = ("item", "track")  # what an entry calls what it holds
_LOCAL, _EPISODE, _CHAPTER = "spotify:local:", "spotify:episode:", "spotify:chapter:"


def parse_items_page(answer: Json) -> Page[ItemRow]:
    """Read a page of Get Playlist Items, one row for each entry whatever it holds."""
    offset, limit, total, items = paging(answer)
    catalog = Catalog()
    entries = tuple(_item(item, catalog) for item in items)
    return Page(offset=offset, limit=limit, total=total, entries=entries, catalog=catalog)


def _item(entry: Json, catalog: Catalog) -> ItemRow:
    if not isinstance(entry, dict):
        return ItemRow("unavailable", "")
    added_at, added_by = moment(entry.get("added_at")), _added_by(entry)
    content = next((entry[name] for name in _CONTENT if isinstance(entry.get(name), dict)), None)
    if content is None:
        return ItemRow("unavailable", "", added_at=added_at, added_by=added_by)
    uri = text(content.get("uri")) or ""
    title, subtitle, duration_ms = (
        text(content.get("name")),
        None,
        number(content.get("duration_ms")),
    )
    spotify_id = identifier(content.get("id"))
    track_id = None
    if uri.startswith(_LOCAL) or True in (entry.get("is_local"), content.get("is_local")):
        kind = "local"
        artist, _, named, seconds = _parts_of_local(uri)
        title = title or named
        subtitle = _first_artist(content) or artist
        if duration_ms is None and seconds.isdecimal():
            duration_ms = number(int(seconds[:9]) * 1000)
    elif content.get("type") in ("episode", "chapter") or uri.startswith((_EPISODE, _CHAPTER)):
        kind = "episode" if spotify_id else "unavailable"  # a chapter of an audiobook is one, too
        prefix = _CHAPTER if uri.startswith(_CHAPTER) else _EPISODE
        uri = f"{prefix}{spotify_id}" if spotify_id else ""
        subtitle = _show(content)
    elif (content.get("type") or "track") == "track" and parse_track(content, catalog) is not None:
        kind, track_id, uri = "track", spotify_id, f"spotify:track:{spotify_id}"
        title = duration_ms = None  # the catalogue's, which is kept up to date by every sync
    else:
        kind = (
            "unavailable"  # nothing that could be played or found again, though it may have a name
        )
    return ItemRow(
        kind=kind,
        uri=uri,
        track_id=track_id,
        title=title,
        subtitle=subtitle,
        duration_ms=duration_ms,
        added_at=added_at,
        added_by=added_by,
        is_playable=flag(content.get("is_playable")),
    )


def _added_by(entry: dict[str, Json]) -> str | None:
    """Return who added it: empty for null, which very old lists have, None where the key is missing."""
    by = entry.get("added_by", 0)
    return "" if by is None else text(by.get("id"), limit=MAX_ID) if isinstance(by, dict) else None


def _parts_of_local(uri: str) -> tuple[str, str, str, str]:
    """Return artist, album, title and seconds of ``spotify:local:…``, whose parts are encoded and may be empty."""
    parts = [text(unquote_plus(part)) or "" for part in uri.removeprefix(_LOCAL).split(":")]
    artist, album, title, seconds, *_ = [*parts, "", "", "", ""]
    return artist, album, title, seconds


def _first_artist(content: dict[str, Json]) -> str | None:
    artists = content.get("artists")
    first = artists[0] if isinstance(artists, list) and artists else None
    return text(first.get("name")) if isinstance(first, dict) else None


def _show(content: dict[str, Json]) -> str | None:
    """Return the name of an episode's show, which is called its album where it comes dressed as a track.

    A chapter's is its audiobook.
    """
    for name in ("show", "audiobook", "album"):
        if isinstance(content.get(name), dict):
            return text(content[name].get("name"))
    return None


class ItemRow(Struct, frozen=True, gc=False):
    """One place in a playlist. ``track_id`` is the Spotify id of a track of the catalogue, which holds its names.

    ``kind`` is one of track, episode, local and unavailable; ``uri`` is empty where nothing stands there any more.
    """

    kind: str
    uri: str
    track_id: str | None = None
    title: str | None = None
    subtitle: str | None = None
    duration_ms: int | None = None
    added_at: datetime | None = None
    added_by: str | None = None
    is_playable: bool | None = None

"""Playlists and what they hold, in every shape that is live at once, become rows.

Apps made since February 2026 are answered ``items`` and ``item``, those with extended quota ``tracks`` and ``track``,
older development apps both at once (Spotify's migration guide; spoton#119). Which kind an entry is of says its
``type``: which keys it has says nothing, since episodes may come dressed as tracks and a track holds a flag ``track``.
"""

from __future__ import annotations

from html import unescape
from typing import Any
from urllib.parse import unquote_plus

from django_spotify_sync.spotify.parsers import (
    MAX_ID,
    Malformed,
    an_object,
    flag,
    identifier,
    moment,
    number,
    paging,
    parse_track,
    text,
    widest_image,
)
from django_spotify_sync.spotify.playlist_rows import ItemRow, PlaylistAnswer, PlaylistRow
from django_spotify_sync.spotify.rows import Catalog, Page

type Json = Any

_CONTENTS = ("items", "tracks")  # what a playlist calls its contents
_CONTENT = ("item", "track")  # what an entry calls what it holds
_LOCAL, _EPISODE = "spotify:local:", "spotify:episode:"


def parse_playlists_page(answer: Json) -> Page[PlaylistRow | None]:
    """Read a page of Get Current User's Playlists; null entries, which count in ``total``, stay as None."""
    offset, limit, total, items = paging(answer)
    entries = tuple(_playlist(item) for item in items)
    return Page(offset=offset, limit=limit, total=total, entries=entries, catalog=Catalog())


def parse_playlist(answer: Json) -> PlaylistAnswer:
    """Read Get Playlist: what it is and, where the answer embeds them, its first items (100 in recorded answers).

    :raises Malformed: if it has no id.
    """
    playlist = an_object(answer)
    row = _playlist(playlist)
    if row is None:
        raise Malformed("a playlist without an id")
    pages = (playlist.get(name) for name in _CONTENTS)
    page = next((page for page in pages if _holds_items(page)), None)
    return PlaylistAnswer(row, None if page is None else parse_items_page(page))


def parse_items_page(answer: Json) -> Page[ItemRow]:
    """Read a page of Get Playlist Items, one row for each entry whatever it holds."""
    offset, limit, total, items = paging(answer)
    catalog = Catalog()
    entries = tuple(_item(item, catalog) for item in items)
    return Page(offset=offset, limit=limit, total=total, entries=entries, catalog=catalog)


def _playlist(item: Json) -> PlaylistRow | None:
    if not isinstance(item, dict) or (spotify_id := identifier(item.get("id"))) is None:
        return None
    owner = item["owner"] if isinstance(item.get("owner"), dict) else {}
    contents = [item[name] for name in _CONTENTS if isinstance(item.get(name), dict)]
    totals = (number(page.get("total")) for page in contents)
    return PlaylistRow(
        spotify_id=spotify_id,
        name=text(item.get("name")),
        description=_description(item),
        owner_id=identifier(owner.get("id")),
        owner_name=text(owner.get("display_name")),
        collaborative=flag(item.get("collaborative")),
        public=flag(item.get("public")),
        image_url=_cover(item),
        snapshot_id=text(item.get("snapshot_id")) or None,
        total=next((total for total in totals if total is not None), None),
        has_tracks_address="tracks" in item,
    )


def _description(item: dict[str, Json]) -> str | None:
    """Return what the owner typed, of which the answer has HTML entities. Null is said of lists that have none."""
    said = item.get("description", 0)
    return "" if said is None else text(unescape(said)) if isinstance(said, str) else None


def _cover(item: dict[str, Json]) -> str | None:
    """Return the widest picture. Null is said of new lists that never had a cover; a missing key says nothing."""
    return "" if item.get("images", 0) is None else widest_image(item.get("images"))


def _holds_items(page: Json) -> bool:
    return isinstance(page, dict) and isinstance(page.get("items"), list)


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
    elif content.get("type") == "episode" or uri.startswith(_EPISODE):
        kind = "episode" if spotify_id else "unavailable"
        uri = f"{_EPISODE}{spotify_id}" if spotify_id else ""
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
    """Return the name of an episode's show, which is called its album where it comes dressed as a track."""
    for name in ("show", "album"):
        if isinstance(content.get(name), dict):
            return text(content[name].get("name"))
    return None

"""Parsed answers as compressed JSON and back, for pages that wait in the database. Only rows of ours are unpacked."""

from __future__ import annotations

import json
import zlib
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from typing import Any

from django_spotify_sync.spotify.answers.catalog import AlbumRow, ArtistRow, Catalog, TrackRow
from django_spotify_sync.spotify.answers.paging import Page
from django_spotify_sync.spotify.answers.playlist_items import ItemRow
from django_spotify_sync.spotify.answers.playlists import PlaylistAnswer, PlaylistRow
from django_spotify_sync.spotify.answers.saved import SavedRow

_KINDS: dict[str, type[Any]] = {
    kind.__name__: kind
    for kind in (
        AlbumRow,
        ArtistRow,
        Catalog,
        ItemRow,
        Page,
        PlaylistAnswer,
        PlaylistRow,
        SavedRow,
        TrackRow,
    )
}


def pack(answer: object) -> bytes:
    """Return rows, however nested, as compressed JSON.

    :raises TypeError: if there is something in them that is no row.
    """
    return zlib.compress(json.dumps(_plain(answer), separators=(",", ":")).encode())


class NotPacked(ValueError):
    """What is to be unpacked was not packed here, or not by this version."""


def unpack(packed: bytes) -> Any:
    """Return what was packed.

    :raises NotPacked: if it was not, or if rows have other fields now.
    """
    try:
        return _rows(json.loads(zlib.decompress(packed)))
    except (zlib.error, ValueError, KeyError, TypeError) as error:
        raise NotPacked(str(error)) from error


def _plain(value: Any) -> Any:
    """Return what JSON can hold; whatever is more than a scalar becomes a list that begins with its kind."""
    if value is None or isinstance(value, str | int | float | bool):
        return value
    if isinstance(value, datetime):
        return ["time", value.astimezone(UTC).isoformat()]
    if isinstance(value, tuple):
        return ["tuple", *map(_plain, value)]
    if isinstance(value, dict):
        return ["dict", *([_plain(key), _plain(item)] for key, item in value.items())]
    if is_dataclass(value) and type(value).__name__ in _KINDS:
        return [
            type(value).__name__,
            *(_plain(getattr(value, field.name)) for field in fields(value)),
        ]
    raise TypeError(f"a {type(value).__name__} is not packed")


def _rows(plain: Any) -> Any:
    if not isinstance(plain, list):
        return plain
    kind, *parts = plain
    if kind == "time":
        return datetime.fromisoformat(parts[0])
    if kind == "tuple":
        return tuple(map(_rows, parts))
    if kind == "dict":
        return {_rows(key): _rows(item) for key, item in parts}
    return _KINDS[kind](*map(_rows, parts))

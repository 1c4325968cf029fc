"""What came into a playlist and what left it, as the journal is told.

By places and not by ids: a track may stand in a list many times, and each is to be seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import batched
from typing import NamedTuple

from django.db import models

from django_spotify_sync.conf import conf
from django_spotify_sync.models import PlaylistItem
from django_spotify_sync.models.changes import ChangeKind
from django_spotify_sync.models.playlists import ItemKind
from django_spotify_sync.spotify.answers.playlist_items import ItemRow
from django_spotify_sync.sync.handover import Change

_WITH_ID = ("spotify:track:", "spotify:episode:", "spotify:chapter:")


class Stored(NamedTuple):
    """A stored item, without its texts."""

    pk: int
    position: int
    kind: str
    track_id: int | None
    added_at: datetime | None
    added_by: str
    is_playable: bool | None


def changes_of(
    rows: models.QuerySet[PlaylistItem],
    pairs: Sequence[tuple[ItemRow, Stored | None]],
    gone: Sequence[Stored],
    playlist: tuple[str, str],
) -> list[Change]:
    """Return what is told of a list's entries, each with the stored item that it is, and of items that are gone.

    Another id at the same place is the same thing to a listener. Before the items are written: what left is named as
    it is stored, ``rows`` being the list's.
    """
    kinds = [(entry, stored, _kind(entry, stored)) for entry, stored in pairs]
    lost = [stored for _, stored, kind in kinds if stored and kind == ChangeKind.UNAVAILABLE]
    names = _names(rows, [stored.pk for stored in (*lost, *gone)])
    told: list[Change] = []
    for entry, stored, kind in kinds:
        if kind == ChangeKind.UNAVAILABLE and stored:
            told.append(Change(kind, *names[stored.pk], playlist, was_null=True))
        elif kind:
            told.append(Change(kind, *_name(entry), playlist))
    for stored in gone:
        was_null = stored.kind == ItemKind.UNAVAILABLE
        if any(names[stored.pk]):  # else nobody ever knew what it was
            told.append(Change(ChangeKind.REMOVED, *names[stored.pk], playlist, was_null=was_null))
    return told


def _kind(entry: ItemRow, stored: Stored | None) -> ChangeKind | None:
    """Return what happened at a place, None if nothing did that is told."""
    is_there = entry.kind != ItemKind.UNAVAILABLE
    if stored is None:
        return ChangeKind.ADDED if is_there else None
    was_there = stored.kind != ItemKind.UNAVAILABLE
    if was_there != is_there:
        return ChangeKind.AVAILABLE if is_there else ChangeKind.UNAVAILABLE
    both = entry.added_at and stored.added_at
    is_later = bool(both) and entry.added_at > stored.added_at  # type: ignore[operator]
    return ChangeKind.RETURNED if is_there and is_later else None


#: Spotify id, title and subtitle; None for what the catalogue knows.
type Name = tuple[str, str | None, str | None]


def _name(entry: ItemRow) -> Name:
    if entry.track_id is not None:
        return entry.track_id, None, None
    return _id(entry.uri), entry.title or "", entry.subtitle or ""


def _names(rows: models.QuerySet[PlaylistItem], pks: Sequence[int]) -> dict[int, Name]:
    """Return the names of stored items by primary key."""
    names: dict[int, Name] = {}
    columns = ("pk", "uri", "title", "subtitle", "track__spotify_id")
    for batch in batched(pks, conf.BATCH_SIZE):
        for pk, uri, title, subtitle, track in rows.filter(pk__in=batch).values_list(*columns):
            names[pk] = (track, None, None) if track else (_id(uri), title, subtitle)
    return names


def _id(uri: str) -> str:
    """Return the Spotify id of a URI; a local file has none."""
    return uri.rpartition(":")[2] if uri.startswith(_WITH_ID) else ""

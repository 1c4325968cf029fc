"""The items of one playlist as read → PlaylistItem rows, writing only what differs and keeping rows that moved.

What has a track in the catalogue is told by the track's key; its names stand there and are not copied. So a long list
is compared by narrow columns alone. Only what has no track (episodes, local files, whose URIs run to thousands of
characters) is told by its URI, and found by the composite HASH index.

Measured on lists of 10,000 (PostgreSQL 15, two busy cores): loading the narrow columns takes 45 ms, with all texts of a
list of local files 68. The index finds 50 URIs in 0.1 to 0.3 ms at the server, 2 to 4 with the ORM's share, however
long the list and its texts are; to read the texts of all that has no track takes 1 ms where that is little and 21 in a
list of local files. So one chunk of URIs is looked up, and the texts are read where there are more.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from itertools import batched
from typing import Any

from django.db import models

from django_spotify_sync.conf import conf
from django_spotify_sync.db.deleting import delete_rows
from django_spotify_sync.db.folded import refolded
from django_spotify_sync.db.indexes import matching_any
from django_spotify_sync.db.positions import Move, out_of_order
from django_spotify_sync.db.ranks import ranks
from django_spotify_sync.db.upsert import Counts, insert, overwrite, update
from django_spotify_sync.models import PlaylistItem
from django_spotify_sync.models.playlists import ItemKind
from django_spotify_sync.spotify.answers.playlist_items import ItemRow
from django_spotify_sync.sync.handover import Change
from django_spotify_sync.sync.playlists.items.changes import Stored, changes_of
from django_spotify_sync.sync.playlists.items.matching import ItemKey, add_only, match

#: So many URIs are looked up: a longer list of them over a hash index is dearer than to read the texts.
LOOK_UPS = 50

#: What the column of positions holds.
LOWEST, HIGHEST = 0, 2**31 - 1

_BLANK: dict[str, Any] = {"track_id": None, "title": "", "subtitle": "", "duration_ms": None}
_NEW: dict[str, Any] = {**_BLANK, "added_at": None, "added_by": "", "is_playable": None}
#: What an entry says of itself beside its track.
_TEXTS = ("uri", "title", "subtitle", "duration_ms")
_FACTS = ("kind", "added_at", "added_by", "is_playable")


type Texts = dict[int, dict[str, Any]]


def write_items(
    playlist_id: int,
    entries: Sequence[ItemRow],
    track_ids: Mapping[str, int],
    *,
    whole: bool,
    same_reader: bool,
    using: str,
    told_as: tuple[str, str] | None = None,
) -> tuple[Counts, bool, list[Change]]:
    """Make the stored items the entries; where these are not proved to be the whole list, only add to it.

    Return the counts, whether another list is to be seen now than before, and what the journal is told of it: nothing,
    unless the list has a name to be ``told_as``. Flags of what is playable are shown only to whoever's token read them,
    and unless that is the ``same_reader`` as before, those that are not said are wiped.

    Rows that are numbered anew to make room for others count as unchanged. A place where nothing stands any more
    keeps the track and the names of what stood there. The caller holds the playlist's lock.
    """
    rows = PlaylistItem.objects.using(using).filter(playlist_id=playlist_id)
    stored = [Stored(*values) for values in _narrow(rows)]
    texts = _texts(rows, playlist_id, entries)
    held = [_held(one, texts) for one in stored]
    holds = [_holds(entry, track_ids) for entry in entries]
    places = _places(
        [(what, one.added_at, one.added_by) for what, one in zip(held, stored, strict=True)],
        [
            (what, one.added_at, one.added_by or "")
            for what, one in zip(holds, entries, strict=True)
        ],
        whole=whole,
    )
    kept = {index for _, index in places if index is not None}
    gone = [one for index, one in enumerate(stored) if index not in kept]
    moved, positions = _positions(stored, [index for _, index in places])
    created: list[dict[str, Any]] = []
    changed: dict[int, dict[str, Any]] = {}
    for position, (entry, index) in zip(positions, places, strict=True):
        if entry is None:
            continue
        said = entries[entry]
        if index is None:
            created.append(
                {"playlist_id": playlist_id, "position": position, **_NEW, **_said(said, track_ids)}
            )
            continue
        one = stored[index]
        if held[index] != holds[entry]:  # another thing stands there now, or nothing
            difference = _said(said, track_ids)
            if said.uri:
                difference = _BLANK | difference
        else:
            difference = _difference(said, one, texts)
        if not same_reader and one.is_playable != said.is_playable:
            difference["is_playable"] = said.is_playable
        if difference:
            changed[one.pk] = difference
    _refold(rows, changed, texts)
    pairs = [
        (entries[entry], None if index is None else stored[index])
        for entry, index in places
        if entry is not None
    ]
    changes = changes_of(rows, pairs, gone, told_as) if told_as else []

    batch_size = conf.BATCH_SIZE
    delete_rows(rows, [one.pk for one in gone], batch_size=batch_size)
    overwrite(
        PlaylistItem,
        ("id", "position"),
        [
            (stored[index].pk, position)
            for position, (_, index) in zip(positions, places, strict=True)
            if index is not None and stored[index].position != position
        ],
        using=using,
        batch_size=batch_size,
    )
    _create(created, using=using)
    update(PlaylistItem, changed.items(), using=using, batch_size=batch_size)
    touched = len(changed.keys() | moved)
    differs = bool(created or gone or moved) or any(
        values.keys() - {"is_playable"} for values in changed.values()
    )
    return Counts(len(created), touched, len(kept) - touched, len(gone)), differs, changes


def _positions(stored: Sequence[Stored], order: Sequence[int | None]) -> tuple[set[int], list[int]]:
    """Return the primary keys of the rows that moved, and a position for each place of the list as it is to be.

    A row that stays in its order keeps its number, as long as there is room beside it.
    """
    moved = out_of_order(
        Move(stored[index].pk, index, new) for new, index in enumerate(order) if index is not None
    )
    current = [
        None if index is None or stored[index].pk in moved else stored[index].position
        for index in order
    ]
    return moved, ranks(current, lowest=LOWEST, highest=HIGHEST)


def _create(rows: Sequence[Mapping[str, Any]], *, using: str) -> None:
    """Store new items: rows that are alike in their names."""
    if rows:
        values = [tuple(row.values()) for row in rows]
        insert(PlaylistItem, list(rows[0]), values, using=using, batch_size=conf.BATCH_SIZE)


def _narrow(rows: models.QuerySet[PlaylistItem]) -> Any:
    names = ("pk", "position", "kind", "track_id", "added_at", "added_by", "is_playable")
    return rows.order_by("position", "pk").values_list(*names)


def _texts(
    rows: models.QuerySet[PlaylistItem], playlist_id: int, entries: Sequence[ItemRow]
) -> Texts:
    """Return the texts of the stored items that hold what entries without a track hold, by primary key."""
    uris = {entry.uri for entry in entries if entry.track_id is None and entry.uri}
    if len(uris) > LOOK_UPS:
        return {
            row.pop("pk"): row
            for row in rows.exclude(uri="").filter(track=None).values("pk", *_TEXTS)
        }
    condition = matching_any(
        "spotify_sync_item_hash", PlaylistItem, {"playlist_id": playlist_id}, uri=sorted(uris)
    )
    return {row.pop("pk"): row for row in rows.filter(condition).values("pk", *_TEXTS)}


def _refold(
    rows: models.QuerySet[PlaylistItem], changed: Mapping[int, dict[str, Any]], texts: Texts
) -> None:
    """Have what search looks for written along; read the other half of a name that changes by half, which is rare."""
    halves = [
        pk
        for pk, values in changed.items()
        if ("title" in values) != ("subtitle" in values) and pk not in texts
    ]
    for batch in batched(halves, conf.BATCH_SIZE):
        for pk, title, subtitle in rows.filter(pk__in=batch).values_list("pk", "title", "subtitle"):
            texts[pk] = {"title": title, "subtitle": subtitle}
    for pk, values in changed.items():
        values |= refolded(PlaylistItem, values, texts.get(pk, {}))


def _held(one: Stored, texts: Texts) -> Hashable | None:
    """Return what a stored item holds: a track's key, a URI, None for nothing, or something no entry holds."""
    if one.kind == ItemKind.TRACK:
        return one.track_id
    if one.pk in texts:
        return str(texts[one.pk]["uri"])
    return None if one.kind == ItemKind.UNAVAILABLE else ("not read", one.pk)


def _holds(entry: ItemRow, track_ids: Mapping[str, int]) -> Hashable | None:
    return track_ids[entry.track_id] if entry.track_id is not None else entry.uri or None


def _places(
    stored: Sequence[ItemKey], remote: Sequence[ItemKey], *, whole: bool
) -> list[tuple[int | None, int | None]]:
    """Return (entry, stored row) for each place of the list as it is to be."""
    if not whole:
        return add_only(stored, remote)
    return list(enumerate(match(stored, remote)))


def _said(entry: ItemRow, track_ids: Mapping[str, int]) -> dict[str, Any]:
    """Return the columns that an entry says something of."""
    said = _spoken(entry, *_FACTS, *_TEXTS)
    if entry.track_id is not None:
        said["track_id"] = track_ids[entry.track_id]
    return said


def _difference(entry: ItemRow, one: Stored, texts: Texts) -> dict[str, Any]:
    """Return what differs between an entry and its row, which hold the same. What is not said stays as it is."""
    difference = {
        name: value
        for name, value in _spoken(entry, *_FACTS).items()
        if value != getattr(one, name)
    }
    if stored := texts.get(one.pk):
        said = _spoken(entry, *_TEXTS)
        difference |= {name: value for name, value in said.items() if value != stored[name]}
    return difference


def _spoken(entry: ItemRow, *names: str) -> dict[str, Any]:
    return {name: value for name in names if (value := getattr(entry, name)) is not None}

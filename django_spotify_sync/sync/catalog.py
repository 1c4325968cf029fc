"""Rows of the shared catalogue → Artist, Album, Track and the order of their artists.

They are neutral facts, which all accounts share, and are written before the library that points at them, in short
transactions: in that of the library, everybody else whose library holds one of the new ones would have to wait for its
end. A run that comes to nothing leaves at most rows that nobody uses, which ``prune`` takes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from itertools import batched
from typing import Any

from django.db import models

from django_spotify_sync.conf import conf
from django_spotify_sync.db.deleting import delete_rows
from django_spotify_sync.db.locks import lock_in_order
from django_spotify_sync.db.upsert import update, upsert
from django_spotify_sync.models import Album, AlbumArtist, Artist, Track, TrackArtist
from django_spotify_sync.spotify.answers.catalog import Catalog
from django_spotify_sync.sync.handover import Keys

_ARTIST_DEFAULTS = {"name": "", "image_url": "", "genres": []}
_ALBUM_DEFAULTS = {
    "name": "",
    "album_type": "",
    "release_date": "",
    "release_date_precision": "",
    "image_url": "",
    "thumbnail_url": "",
}
_TRACK_DEFAULTS = {"name": "", "duration_ms": 0, "explicit": False, "isrc": ""}


def write_catalog(catalog: Catalog, *, using: str) -> Keys:
    """Bring the catalogue up to date, writing only what differs; return the primary keys of all that it holds.

    Outside a transaction each batch is one of its own.

    :raises IntegrityError: if rows were removed while they were looked up: the caller begins anew.
    """
    batch_size = conf.BATCH_SIZE
    artists = [
        {**asdict(row), "genres": None if row.genres is None else list(row.genres)}
        for row in catalog.artists.values()
    ]
    artist_ids, _ = upsert(
        Artist,
        artists,
        key="spotify_id",
        using=using,
        batch_size=batch_size,
        defaults=_ARTIST_DEFAULTS,
    )
    albums = [_without_artists(asdict(row)) for row in catalog.albums.values()]
    album_ids, _ = upsert(
        Album,
        albums,
        key="spotify_id",
        using=using,
        batch_size=batch_size,
        defaults=_ALBUM_DEFAULTS,
    )
    tracks = [
        _with_album(_without_artists(asdict(row)), album_ids) for row in catalog.tracks.values()
    ]
    track_ids, _ = upsert(
        Track,
        tracks,
        key="spotify_id",
        using=using,
        batch_size=batch_size,
        defaults=_TRACK_DEFAULTS,
    )
    for link, owner, rows, ids in (
        (AlbumArtist, "album_id", catalog.albums.values(), album_ids),
        (TrackArtist, "track_id", catalog.tracks.values(), track_ids),
    ):
        wanted = {
            ids[row.spotify_id]: [artist_ids[artist] for artist in row.artist_ids]
            for row in rows
            if row.artist_ids is not None
        }
        _write_links(link, owner, wanted, using=using, batch_size=batch_size)
    return {"artist": artist_ids, "album": album_ids, "track": track_ids}


def hold_catalog(catalog: Catalog, *, using: str) -> Keys:
    """Do the same in the caller's transaction, and lock it all: what nobody points at yet, nobody prunes until its end.

    :raises IntegrityError: as ``write_catalog`` does.
    """
    keys = write_catalog(catalog, using=using)
    for model, ids in ((Artist, keys["artist"]), (Album, keys["album"]), (Track, keys["track"])):
        for batch in batched(sorted(ids), conf.BATCH_SIZE):
            lock_in_order(model, "spotify_id", batch, using=using)
    return keys


def _without_artists(row: dict[str, Any]) -> dict[str, Any]:
    del row["artist_ids"]
    return row


def _with_album(row: dict[str, Any], album_ids: dict[str, int]) -> dict[str, Any]:
    album = row["album_id"]
    return {**row, "album_id": None if album is None else album_ids[album]}


def _write_links(
    link: type[models.Model],
    owner: str,
    wanted: dict[int, list[int]],
    *,
    using: str,
    batch_size: int,
) -> None:
    """Make the artists of each owner the wanted ones, in their order.

    All is read first and then written in one order (new links, then moved ones, then those that are gone, each by key),
    so that two syncs with albums in common wait for each other and never in a ring.
    """
    rows = link._default_manager.using(using)
    missing: list[tuple[tuple[int, int], int]] = []
    moved: dict[int, dict[str, int]] = {}
    gone: list[int] = []
    for batch in batched(sorted(wanted), batch_size):
        places = {
            (owner_id, artist_id): position
            for owner_id in batch
            for position, artist_id in enumerate(wanted[owner_id])
        }
        stored = rows.filter(**{f"{owner}__in": batch}).values_list(
            "pk", owner, "artist_id", "position"
        )
        for pk, owner_id, artist_id, position in stored:
            place = places.pop((owner_id, artist_id), None)
            if place is None:
                gone.append(pk)
            elif place != position:
                moved[pk] = {"position": place}
        missing += places.items()
    _insert(link, owner, sorted(missing), using=using, batch_size=batch_size)
    update(link, sorted(moved.items()), using=using, batch_size=batch_size)
    delete_rows(rows.all(), gone, batch_size=batch_size)


def _insert(
    link: type[models.Model],
    owner: str,
    links: Iterable[tuple[tuple[int, int], int]],
    *,
    using: str,
    batch_size: int,
) -> None:
    link._default_manager.using(using).bulk_create(
        [
            link(**{owner: owner_id, "artist_id": artist_id, "position": position})
            for (owner_id, artist_id), position in links
        ],
        batch_size=batch_size,
        ignore_conflicts=True,
    )

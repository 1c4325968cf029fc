"""Rows of the shared catalogue → Artist, Album, Track and the order of their artists.

They are neutral facts, which all accounts share, and are written before the library that points at them, in short
transactions: in that of the library, everybody else whose library holds one of the new ones would have to wait for its
end. A run that comes to nothing leaves at most rows that nobody uses, which ``prune`` takes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import batched
from operator import attrgetter

from django.db import models

from django_spotify_sync.conf import conf
from django_spotify_sync.db.deleting import delete_rows
from django_spotify_sync.db.locks import lock_in_order
from django_spotify_sync.db.row_sets import Row
from django_spotify_sync.db.upsert import insert, look_up, update, upsert
from django_spotify_sync.models import Album, AlbumArtist, Artist, Track, TrackArtist
from django_spotify_sync.spotify.answers.catalog import Catalog

#: Primary keys by Spotify id, of each kind of row of the catalogue by the name of the foreign keys that point at it.
type Keys = dict[str, dict[str, int]]

_ARTIST = ("spotify_id", "name", "image_url", "genres")
_ALBUM = (
    "spotify_id",
    "name",
    "album_type",
    "release_date",
    "release_date_precision",
    "release_year",
    "total_tracks",
    "image_url",
    "thumbnail_url",
)
_TRACK = (
    "spotify_id",
    "name",
    "duration_ms",
    "explicit",
    "isrc",
    "disc_number",
    "track_number",
)


def no_keys() -> Keys:
    """Return the keys of an empty catalogue."""
    return {"artist": {}, "album": {}, "track": {}}


def write_catalog(catalog: Catalog, *, using: str) -> Keys:
    """Bring the catalogue up to date, writing only what differs; return the primary keys of all that it holds.

    Outside a transaction each batch is one of its own.

    :raises IntegrityError: if rows were removed while they were looked up: the caller begins anew.
    """
    return _write(catalog, _written, using=using)


def hold_catalog(catalog: Catalog, *, using: str) -> Keys:
    """Do the same in the caller's transaction, and lock it all: what nobody points at yet, nobody prunes until its end.

    :raises IntegrityError: as ``write_catalog`` does.
    """
    return _write(catalog, _held, using=using)


def _written(
    model: type[models.Model], names: Sequence[str], rows: Iterable[Row], *, using: str
) -> dict[str, int]:
    return upsert(model, names, rows, using=using, batch_size=conf.BATCH_SIZE)[0]


def _held(
    model: type[models.Model], names: Sequence[str], rows: Iterable[Row], *, using: str
) -> dict[str, int]:
    """Lock each kind before the next is written, in which order others meet them too."""
    ids = _written(model, names, rows, using=using)
    for batch in batched(sorted(ids), conf.BATCH_SIZE):
        lock_in_order(model, "spotify_id", batch, using=using)
    return ids


def _write(catalog: Catalog, way: Callable[..., dict[str, int]], *, using: str) -> Keys:
    write = partial(way, using=using)
    artists = write(Artist, _ARTIST, map(attrgetter(*_ARTIST), catalog.artists.values()))
    albums = write(Album, _ALBUM, map(attrgetter(*_ALBUM), catalog.albums.values()))
    values = attrgetter(*_TRACK)
    with_album = (
        (*values(row), None if row.album_id is None else albums[row.album_id])
        for row in catalog.tracks.values()
    )
    tracks = write(Track, (*_TRACK, "album_id"), with_album)
    for link, owner, rows, ids in (
        (AlbumArtist, "album_id", catalog.albums.values(), albums),
        (TrackArtist, "track_id", catalog.tracks.values(), tracks),
    ):
        wanted = {
            ids[row.spotify_id]: [artists[artist] for artist in row.artist_ids]
            for row in rows
            if row.artist_ids is not None
        }
        _write_links(link, owner, wanted, using=using, batch_size=conf.BATCH_SIZE)
    return {"artist": artists, "album": albums, "track": tracks}


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
    missing: list[tuple[int, int, int]] = []
    moved: dict[int, dict[str, int]] = {}
    gone: list[int] = []
    for batch in batched(sorted(wanted), batch_size):
        places = {
            (owner_id, artist_id): position
            for owner_id in batch
            for position, artist_id in enumerate(wanted[owner_id])
        }
        stored = look_up(link, (owner, "artist_id", "position", "id"), batch, using=using)
        for owner_id, artist_id, position, pk in stored:
            place = places.pop((owner_id, artist_id), None)
            if place is None:
                gone.append(pk)
            elif place != position:
                moved[pk] = {"position": place}
        missing += [(*pair, position) for pair, position in places.items()]
    insert(
        link,
        (owner, "artist_id", "position"),
        sorted(missing),
        using=using,
        batch_size=batch_size,
        ignore_conflicts=True,
    )
    update(link, sorted(moved.items()), using=using, batch_size=batch_size)
    delete_rows(rows.all(), gone, batch_size=batch_size)

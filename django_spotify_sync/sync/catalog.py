"""Rows of the shared catalogue → Artist, Album, Track, Show, Episode, Audiobook; the order of artists and of tracks.

They are neutral facts, which all accounts share, and are written before the library that points at them, in short
transactions: in that of the library, everybody else whose library holds one of the new ones would have to wait for its
end. A run that comes to nothing leaves at most rows that nobody uses, which ``prune`` takes.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import batched
from operator import attrgetter

from django.db import models

from django_spotify_sync.conf import conf
from django_spotify_sync.db.deleting import delete_rows
from django_spotify_sync.db.locks import lock_in_order
from django_spotify_sync.db.row_sets import Row
from django_spotify_sync.db.upsert import insert, look_up, update, upsert
from django_spotify_sync.models import (
    Album,
    AlbumArtist,
    AlbumTrack,
    Artist,
    Audiobook,
    Episode,
    Show,
    Track,
    TrackArtist,
)
from django_spotify_sync.spotify.answers.catalog import Catalog

#: Primary keys by Spotify id, of each kind of row of the catalogue by the name of the foreign keys that point at it.
type Keys = dict[str, dict[str, int]]

#: Where an owner has others, by their primary keys.
type Places = dict[int, int]

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
    "upc",
    "label",
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
_SHOW = (
    "spotify_id",
    "name",
    "publisher",
    "total_episodes",
    "explicit",
    "media_type",
    "image_url",
)
_EPISODE = (
    "spotify_id",
    "name",
    "duration_ms",
    "explicit",
    "release_date",
    "release_date_precision",
    "image_url",
)
_AUDIOBOOK = (
    "spotify_id",
    "name",
    "authors",
    "narrators",
    "publisher",
    "edition",
    "total_chapters",
    "explicit",
    "image_url",
)


def no_keys() -> Keys:
    """Return the keys of an empty catalogue."""
    kinds = ("artist", "album", "track", "show", "episode", "audiobook")
    return {kind: {} for kind in kinds}


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
    """Lock each kind before the next is written, in which order others meet them too.

    What was pruned between being looked up and being locked is written again.
    """
    ids: dict[str, int] = {}
    free = list(rows)
    while free:
        ids |= _written(model, names, free, using=using)
        held: set[str] = set()
        for batch in batched(sorted(row[0] for row in free), conf.BATCH_SIZE):
            held |= lock_in_order(model, "spotify_id", batch, using=using)
        free = [row for row in free if row[0] not in held]
    return ids


def _write(catalog: Catalog, way: Callable[..., dict[str, int]], *, using: str) -> Keys:
    write = partial(way, using=using)
    artists = write(Artist, _ARTIST, map(attrgetter(*_ARTIST), catalog.artists.values()))
    albums = write(Album, _ALBUM, map(attrgetter(*_ALBUM), catalog.albums.values()))
    albums = _albums_of(catalog, albums, using)
    values = attrgetter(*_TRACK)
    with_album = (
        (*values(row), None if row.album_id is None else albums.get(row.album_id))
        for row in catalog.tracks.values()
    )
    tracks = write(Track, (*_TRACK, "album_id"), with_album)
    for link, owner, rows, ids in (
        (AlbumArtist, "album_id", catalog.albums.values(), albums),
        (TrackArtist, "track_id", catalog.tracks.values(), tracks),
    ):
        wanted = {
            ids[row.spotify_id]: _places(artists[artist] for artist in row.artist_ids)
            for row in rows
            if row.artist_ids is not None
        }
        _write_links(link, (owner, "artist_id"), wanted, using=using)
    _write_album_tracks(catalog, albums, tracks, using)
    return {"artist": artists, "album": albums, "track": tracks} | _spoken(catalog, write)


def _spoken(catalog: Catalog, write: Callable[..., dict[str, int]]) -> Keys:
    shows = write(Show, _SHOW, map(attrgetter(*_SHOW), catalog.shows.values()))
    values = attrgetter(*_EPISODE)
    with_show = (
        (*values(row), None if row.show_id is None else shows[row.show_id])
        for row in catalog.episodes.values()
    )
    return {
        "show": shows,
        "episode": write(Episode, (*_EPISODE, "show_id"), with_show),
        "audiobook": write(
            Audiobook, _AUDIOBOOK, map(attrgetter(*_AUDIOBOOK), catalog.audiobooks.values())
        ),
    }


def _write_album_tracks(
    catalog: Catalog, albums: dict[str, int], tracks: dict[str, int], using: str
) -> None:
    """Put tracks in their places, and then, not before, say of which albums all are there."""
    seen: dict[int, Container[int]] = {}
    wanted: dict[int, Places] = {}
    for album_id, places in catalog.album_tracks.items():
        if album_id in albums:  # else it was pruned meanwhile, and the next sync reads them again
            row = catalog.albums.get(album_id)
            seen[albums[album_id]] = _Seen(places, row.total_tracks if row else None)
            wanted[albums[album_id]] = _first_places(places, tracks)
    _write_links(AlbumTrack, ("album_id", "track_id"), wanted, using=using, seen=seen)
    versions = [
        (albums[album_id], {"tracks_version": version})
        for album_id, version in catalog.album_versions.items()
        if album_id in albums
    ]
    update(Album, versions, using=using, batch_size=conf.BATCH_SIZE)


@dataclass(frozen=True, slots=True)
class _Seen:
    """The places of an album that were looked at: those that are beyond its end, too."""

    places: dict[int, str]
    total: int | None

    def __contains__(self, position: object) -> bool:
        is_beyond = self.total is not None and isinstance(position, int) and position >= self.total
        return is_beyond or position in self.places


def _places(ids: Iterable[int]) -> Places:
    return {pk: position for position, pk in enumerate(ids)}


def _first_places(seen: dict[int, str], tracks: dict[str, int]) -> Places:
    """Return the places of an album's tracks; one that stands there twice has the first of both."""
    last_first = sorted(seen.items(), reverse=True)
    return {tracks[one]: place for place, one in last_first if one}


def _albums_of(catalog: Catalog, albums: dict[str, int], using: str) -> dict[str, int]:
    """Add those albums whose further tracks alone came: they were written before."""
    named = catalog.album_tracks.keys() | catalog.album_versions.keys()
    missing = named - albums.keys()
    if not missing:
        return albums
    return albums | dict(look_up(Album, ("spotify_id", "id"), sorted(missing), using=using))


def _write_links(
    link: type[models.Model],
    columns: tuple[str, str],
    wanted: dict[int, Places],
    *,
    using: str,
    seen: Mapping[int, Container[int]] | None = None,
) -> None:
    """Make what each owner has what is wanted, each at its place; what stands at a place that was not ``seen`` stays.

    All is read first and then written in one order (new links, then moved ones, then those that are gone, each by key),
    so that two syncs with albums in common wait for each other and never in a ring.
    """
    owner, other = columns
    rows = link._default_manager.using(using)
    missing: list[tuple[int, int, int]] = []
    moved: dict[int, dict[str, int]] = {}
    gone: list[int] = []
    batch_size = conf.BATCH_SIZE
    for batch in batched(sorted(wanted), batch_size):
        places = {
            (owner_id, pk): position
            for owner_id in batch
            for pk, position in wanted[owner_id].items()
        }
        stored = look_up(link, (owner, other, "position", "id"), batch, using=using)
        for owner_id, other_id, position, pk in stored:
            place = places.pop((owner_id, other_id), None)
            if place is None:
                if seen is None or position in seen[owner_id]:
                    gone.append(pk)
            elif place != position:
                moved[pk] = {"position": place}
        missing += [(*pair, position) for pair, position in places.items()]
    insert(
        link,
        (owner, other, "position"),
        sorted(missing),
        using=using,
        batch_size=batch_size,
        ignore_conflicts=True,
    )
    update(link, sorted(moved.items()), using=using, batch_size=batch_size)
    delete_rows(rows.all(), gone, batch_size=batch_size)

"""A page of Get User's Saved Albums, and one of Get Album Tracks."""

from __future__ import annotations

from zlib import crc32

from msgspec.structs import replace

from django_spotify_sync.spotify.answers.catalog import Catalog, parse_album, parse_track
from django_spotify_sync.spotify.answers.paging import Entry, Page, entries_page, paging
from django_spotify_sync.spotify.answers.storable import Json, moment, number

MOST_TRACKS = 10_000  # of an album; a number beyond it is a slip, and would cost as many requests


class AlbumEntry(Entry, frozen=True, gc=False):
    """A saved album: how many of its tracks came with it, fifty at most, and how many it has.

    ``version`` changes with that number and with those that came.
    """

    came: int = 0
    tracks: int = 0
    version: str = ""


def parse_albums_page(answer: Json) -> Page[AlbumEntry | Entry]:
    """Read a page of Get User's Saved Albums."""
    return entries_page(answer, _saved)


def parse_album_tracks(answer: Json, album_id: str) -> Page[str]:
    """Read a page of Get Album Tracks: ids in their order, "" for none. The answer does not say of which album."""
    offset, limit, total, items = paging(answer)
    catalog = Catalog()
    entries = tuple(_tracks(items, album_id, offset, catalog))
    return Page(offset=offset, limit=limit, total=total, entries=entries, catalog=catalog)


def _saved(item: dict[str, Json], catalog: Catalog) -> AlbumEntry | Entry:
    album, added_at = item.get("album"), moment(item.get("added_at"))
    if not isinstance(album, dict) or (spotify_id := parse_album(album, catalog)) is None:
        return Entry(None, added_at)
    tracks = album.get("tracks")
    if not isinstance(tracks, dict) or not isinstance(items := tracks.get("items"), list):
        return AlbumEntry(spotify_id, added_at)
    came = _tracks(items, spotify_id, 0, catalog)
    total = number(tracks.get("total")) or len(came)
    if total > MOST_TRACKS:
        return AlbumEntry(spotify_id, added_at)
    row = catalog.albums[spotify_id]
    catalog.albums[spotify_id] = replace(row, total_tracks=max(total, len(came)))
    version = f"{total}-{crc32(' '.join(came).encode()):08x}"
    return AlbumEntry(spotify_id, added_at, came=len(came), tracks=total, version=version)


def _tracks(items: list[Json], album_id: str, offset: int, catalog: Catalog) -> list[str]:
    """Read tracks as an album has them: their own shape names no album."""
    ids = []
    for item in items:
        row = parse_track(item, catalog) if isinstance(item, dict) else None
        if row is not None:
            catalog.tracks[row.spotify_id] = replace(row, album_id=album_id)
        ids.append(row.spotify_id if row is not None else "")
    catalog.album_tracks[album_id] = dict(enumerate(ids, offset))
    return ids

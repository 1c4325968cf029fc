"""JSON as caseychu/spotify-backup writes it: playlists with their tracks, "Liked Songs" first, and saved albums.

Its objects are Spotify's own. They have what is kept of those, under Spotify's keys, and null for popularity and
preview, which Spotify gives to no app any more. What stands nowhere any more has null for its track.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from django_spotify_sync.export.entries import Credit, Entry, Record, item, record, saved_track, utc
from django_spotify_sync.export.library import Library
from django_spotify_sync.models import AccountPlaylist, SavedAlbum
from django_spotify_sync.models.accounts import open_url
from django_spotify_sync.models.playlists import ItemKind
from django_spotify_sync.models.runs import Resource

LIKED = "Liked Songs"


def write(library: Library) -> Iterator[str]:
    """Give the file piece by piece: what ``json.dump`` would write of the whole."""
    yield '{"playlists": ['
    yield from _joined(_playlists(library))
    yield '], "albums": ['
    if Resource.ALBUMS in library.resources:
        yield from _joined([json.dumps(_saved_album(row))] for row in library.albums())
    yield "]}"


def _joined(pieces: Iterable[Iterable[str]]) -> Iterator[str]:
    """Give the elements of a list, each in pieces, with commas between."""
    between = ""
    for element in pieces:
        yield between
        yield from element
        between = ", "


def _playlists(library: Library) -> Iterator[Iterator[str]]:
    if Resource.TRACKS in library.resources:
        liked = (
            {"added_at": utc(row.added_at)} | _track(saved_track(row)) for row in library.tracks()
        )
        yield _playlist({"name": LIKED}, liked)
    if Resource.PLAYLISTS in library.resources:
        for link, items in library.lists():
            places = (
                {"added_at": utc(one.added_at), "added_by": _user(one.added_by)}
                | {"is_local": one.kind == ItemKind.LOCAL}
                | _track(item(one))
                for one in items
            )
            yield _playlist(_details(link), places)


def _playlist(details: dict[str, Any], places: Iterable[dict[str, Any]]) -> Iterator[str]:
    """Give a playlist, its ``tracks`` last, one after the other."""
    yield json.dumps(details).removesuffix("}") + ', "tracks": ['
    yield from _joined([json.dumps(place)] for place in places)
    yield "]}"


def _details(link: AccountPlaylist) -> dict[str, Any]:
    return {
        "collaborative": link.collaborative,
        "description": link.description,
        **_named("playlist", link.spotify_id, link.name),
        "images": _images(link.image_url),
        "owner": _user(link.owner_id, link.owner_name),
        "public": link.public,
        "snapshot_id": link.snapshot_id,
    }


def _track(entry: Entry | None) -> dict[str, Any]:
    if entry is None:
        return {"track": None}
    is_local = entry.kind == ItemKind.LOCAL
    kind = "track" if is_local else entry.kind
    return {
        "track": {
            "album": _album(entry.album),
            "artists": [_artist(artist) for artist in entry.artists],
            "disc_number": entry.disc_number,
            "duration_ms": entry.duration_ms,
            "explicit": entry.explicit,
            "external_ids": {"isrc": entry.isrc} if entry.isrc else {},
            **_named(kind, entry.spotify_id, entry.name),
            "uri": entry.uri,
            "is_local": is_local,
            "popularity": None,
            "preview_url": None,
            "track_number": entry.track_number,
        }
    }


def _saved_album(row: SavedAlbum) -> dict[str, Any]:
    album = record(row.album) if row.album else None
    return {"added_at": utc(row.added_at), "album": album and _album(album)}


def _album(album: Record) -> dict[str, Any]:
    return {
        "album_type": album.album_type,
        "artists": [_artist(artist) for artist in album.artists],
        **_named("album", album.spotify_id, album.name),
        "images": _images(album.image_url),
        "release_date": album.release_date,
        "release_date_precision": album.release_date_precision,
        "total_tracks": album.total_tracks,
    }


def _artist(artist: Credit) -> dict[str, Any]:
    return _named("artist", artist.spotify_id, artist.name)


def _user(spotify_id: str, name: str | None = None) -> dict[str, Any] | None:
    if not spotify_id:
        return None
    user = {"id": spotify_id, "type": "user", "uri": f"spotify:user:{spotify_id}"}
    return user if name is None else {"display_name": name, **user}


def _named(kind: str, spotify_id: str, name: str) -> dict[str, Any]:
    """Return what every object of Spotify's has; null for the id of what Spotify does not know."""
    return {
        "external_urls": {"spotify": open_url(kind, spotify_id)} if spotify_id else {},
        "id": spotify_id or None,
        "name": name,
        "type": kind,
        "uri": f"spotify:{kind}:{spotify_id}" if spotify_id else None,
    }


def _images(url: str) -> list[dict[str, str]]:
    return [{"url": url}] if url else []

"""JSON Lines of our own: everything that is held of a library, a line a row, each with its version and kind.

A key stays what it is for as long as ``version`` is the same; new ones may be added.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from django_spotify_sync.export.entries import utc
from django_spotify_sync.export.library import Library, artists_of
from django_spotify_sync.export.text import without_breaks
from django_spotify_sync.models import AccountPlaylist, Artist, PlaylistItem, SavedTrack
from django_spotify_sync.models.runs import Resource

VERSION = 1
_TRACK = ("duration_ms", "explicit", "isrc", "disc_number", "track_number")
_ALBUM = (
    *("album_type", "release_date", "release_date_precision", "total_tracks"),
    *("image_url", "thumbnail_url", "upc", "label"),
)
_SHOW = ("publisher", "total_episodes", "explicit", "media_type", "image_url")
_EPISODE = ("duration_ms", "explicit", "release_date", "release_date_precision", "image_url")
_AUDIOBOOK = (
    *("authors", "narrators", "publisher", "edition", "total_chapters", "explicit"),
    "image_url",
)


def write(library: Library) -> Iterator[str]:
    """Give the file line by line, resource by resource, in the order in which Spotify lists the rows."""
    for resource in library.resources:
        for kind, row in _rows(library, resource):
            line = {"version": VERSION, "kind": kind, **row}
            yield without_breaks(json.dumps(line, ensure_ascii=False)) + "\n"


def _rows(library: Library, resource: str) -> Iterator[tuple[str, dict[str, Any]]]:
    match resource:
        case Resource.TRACKS:
            for track in library.tracks():
                yield "track", _saved_track(track)
        case Resource.PLAYLISTS:
            for link, items in library.lists():
                yield "playlist", _playlist(link)
                for place, item in enumerate(items):
                    yield "playlist_item", _item(link, place, item)
        case Resource.FOLLOWING:
            for followed in library.followed():
                yield "artist", {**_artist(followed.artist), "is_kept": followed.is_kept}
        case Resource.ALBUMS:
            for album in library.albums():
                yield "album", {**_saved(album), **_album(album.album)}
        case Resource.SHOWS:
            for show in library.shows():
                yield "show", {**_saved(show), **_of(show.show, "uri", "name", *_SHOW)}
        case Resource.EPISODES:
            for episode in library.episodes():
                about = _of(episode.episode, "uri", "name", *_EPISODE)
                of_show = episode.episode and _reference(episode.episode.show)
                yield "episode", {**_saved(episode), **about, "show": of_show}
        case Resource.AUDIOBOOKS:
            for book in library.audiobooks():
                yield (
                    "audiobook",
                    {**_saved(book), **_of(book.audiobook, "uri", "name", *_AUDIOBOOK)},
                )


def _saved_track(row: SavedTrack) -> dict[str, Any]:
    return {
        "spotify_id": row.track.spotify_id if row.track else row.spotify_id,
        "answered_id": row.spotify_id,
        "added_at": utc(row.added_at),
        "is_playable": row.is_playable,
        "is_available": bool(row.spotify_id),
        "is_kept": row.is_kept,
        **_track(row.track),
    }


def _playlist(link: AccountPlaylist) -> dict[str, Any]:
    return {
        **_of(link, "spotify_id", "uri", "name", "description"),
        "owner": {"spotify_id": link.owner_id, "display_name": link.owner_name},
        **_of(link, "collaborative", "public", "image_url", "total", "snapshot_id"),
        "can_read_items": link.may_read_items,
        "is_kept": link.is_kept,
    }


def _item(link: AccountPlaylist, place: int, item: PlaylistItem) -> dict[str, Any]:
    track = item.track and {"spotify_id": item.track.spotify_id, **_track(item.track)}
    return {
        "playlist": link.spotify_id,
        "position": place,
        "type": item.kind,
        "uri": item.uri or (item.track.uri if item.track else ""),
        **_of(item, "title", "subtitle", "duration_ms"),
        "added_at": utc(item.added_at),
        "added_by": item.added_by,
        "is_playable": getattr(item, "is_playable_here", None),
        "track": track,
    }


def _saved(row: Any) -> dict[str, Any]:
    return {
        "spotify_id": row.spotify_id,
        "added_at": utc(row.added_at),
        "is_available": row.is_available,
        "is_kept": row.is_kept,
    }


def _track(track: Any) -> dict[str, Any]:
    album = track.album if track else None
    return {
        **_of(track, "uri", "name"),
        "artists": [_reference(one) for one in artists_of(track)] if track else [],
        "album": album and {"spotify_id": album.spotify_id, **_album(album)},
        **_of(track, *_TRACK),
    }


def _album(album: Any) -> dict[str, Any]:
    return {
        **_of(album, "uri", "name"),
        "artists": [_reference(one) for one in artists_of(album)] if album else [],
        **_of(album, *_ALBUM),
    }


def _artist(artist: Artist) -> dict[str, Any]:
    return _of(artist, "spotify_id", "uri", "name", "image_url", "genres")


def _reference(row: Any) -> dict[str, Any] | None:
    return row and _of(row, "spotify_id", "name")


def _of(row: Any, *names: str) -> dict[str, Any]:
    """Return these fields of a row; null for all of them where nothing is known."""
    return {name: getattr(row, name, None) for name in names}

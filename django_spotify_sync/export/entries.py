"""Rows of any list → entries that lists of songs are written of, whatever stands there.

What has no URI is no entry: Spotify shows nothing there any more, and nothing could be found again by it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote_plus

from django_spotify_sync.export.library import Library, artists_of
from django_spotify_sync.models import Artist, PlaylistItem, SavedTrack, Track
from django_spotify_sync.models.playlists import ItemKind
from django_spotify_sync.models.runs import Resource


@dataclass(frozen=True, slots=True, kw_only=True)
class Credit:
    """A name that something is credited to. Local files and episodes have names without a URI."""

    name: str
    spotify_id: str = ""

    @property
    def uri(self) -> str:
        return f"spotify:artist:{self.spotify_id}" if self.spotify_id else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """The album of an entry; the show of an episode, as Spotify has it where an episode is among tracks."""

    name: str = ""
    spotify_id: str = ""
    artists: tuple[Credit, ...] = ()
    album_type: str = ""
    release_date: str = ""
    release_date_precision: str = ""
    total_tracks: int | None = None
    image_url: str = ""
    label: str = ""

    @property
    def uri(self) -> str:
        return f"spotify:album:{self.spotify_id}" if self.spotify_id else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One place of a list. What is not known is empty, or None; ``spotify_id`` is empty for local files."""

    uri: str
    kind: str = ItemKind.TRACK
    spotify_id: str = ""
    name: str = ""
    artists: tuple[Credit, ...] = ()
    genres: tuple[str, ...] = ()
    album: Record = Record()
    disc_number: int | None = None
    track_number: int | None = None
    duration_ms: int | None = None
    explicit: bool | None = None
    isrc: str = ""
    added_by: str = ""
    added_at: datetime | None = None

    @property
    def added_at_text(self) -> str:
        """When it was added, as Spotify writes times: ``2025-01-02T03:04:05Z``; empty where that is not known."""
        return utc(self.added_at) or ""


def utc(moment: datetime | None) -> str | None:
    """Return a time as Spotify writes it, to the second."""
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def entries_of(library: Library, resource: str) -> Iterator[Entry]:
    """Give a resource as entries. Of what is no music they have the URI, the name and the time."""
    match resource:
        case Resource.TRACKS:
            yield from filter(None, map(saved_track, library.tracks()))
        case Resource.FOLLOWING:
            for followed in library.followed():
                yield Entry(uri=followed.artist.uri, name=followed.artist.name)
        case Resource.ALBUMS:
            for row in library.albums():
                yield _saved(row, "album", row.album)
        case Resource.SHOWS:
            for show in library.shows():
                yield _saved(show, "show", show.show)
        case Resource.EPISODES:
            for episode in library.episodes():
                yield _saved(episode, "episode", episode.episode)
        case Resource.AUDIOBOOKS:
            for audiobook in library.audiobooks():
                yield _saved(audiobook, "show", audiobook.audiobook)


def saved_track(row: SavedTrack) -> Entry | None:
    return _track(row.track, row.track.uri, row) if row.track else None


def items(rows: Iterable[PlaylistItem]) -> Iterator[Entry]:
    """Give what stands in a playlist."""
    return filter(None, map(item, rows))


def item(row: PlaylistItem) -> Entry | None:
    """Return what stands in one place of a playlist, None if Spotify shows nothing there any more."""
    if row.track:
        return _track(row.track, row.uri or row.track.uri, row)
    if not row.uri:
        return None
    is_local = row.kind == ItemKind.LOCAL
    by = (Credit(name=row.subtitle),) if row.subtitle else ()
    return Entry(
        uri=row.uri,
        kind=row.kind,
        spotify_id="" if is_local else row.uri.rpartition(":")[2],
        name=row.title,
        artists=by,
        album=Record(name=_album_of_local(row.uri) if is_local else row.subtitle),
        duration_ms=row.duration_ms,
        added_by=row.added_by,
        added_at=row.added_at,
    )


def _track(track: Track, uri: str, row: Any) -> Entry:
    artists = artists_of(track)
    genres = dict.fromkeys(genre for artist in artists for genre in artist.genres)
    return Entry(
        uri=uri,
        spotify_id=track.spotify_id,
        name=track.name,
        artists=_credited(artists),
        genres=tuple(genres),
        album=record(track.album),
        disc_number=track.disc_number,
        track_number=track.track_number,
        duration_ms=track.duration_ms,
        explicit=track.explicit,
        isrc=track.isrc,
        added_by=getattr(row, "added_by", ""),
        added_at=row.added_at,
    )


def record(album: Any) -> Record:
    """Return an album as entries have it."""
    if album is None:
        return Record()
    return Record(
        name=album.name,
        spotify_id=album.spotify_id,
        artists=_credited(artists_of(album)),
        album_type=album.album_type,
        release_date=album.release_date,
        release_date_precision=album.release_date_precision,
        total_tracks=album.total_tracks,
        image_url=album.image_url,
        label=album.label,
    )


def _credited(artists: Iterable[Artist]) -> tuple[Credit, ...]:
    return tuple(Credit(name=one.name, spotify_id=one.spotify_id) for one in artists)


def _saved(row: Any, kind: str, content: Any) -> Entry:
    show = getattr(content, "show", None)
    return Entry(
        uri=f"spotify:{kind}:{row.spotify_id}",
        kind=kind,
        spotify_id=row.spotify_id,
        name=content.name if content else "",
        artists=(Credit(name=show.name),) if show else (),
        duration_ms=getattr(content, "duration_ms", None),
        added_at=row.added_at,
    )


def _album_of_local(uri: str) -> str:
    """Return the album out of ``spotify:local:artist:album:title:seconds``, whose parts are encoded."""
    parts = uri.split(":")
    return unquote_plus(parts[3]) if len(parts) > 3 else ""

"""Which formats there are, and what each can hold: one entry a format."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from django_spotify_sync.export import (
    exportify,
    exportify_net,
    jsonl,
    m3u8,
    names,
    spotify_backup,
    uris,
)
from django_spotify_sync.export.entries import Entry
from django_spotify_sync.export.library import Library
from django_spotify_sync.models.library import LIBRARY
from django_spotify_sync.models.runs import Resource


class WriteEntries(Protocol):
    def __call__(self, entries: Iterable[Entry], *, safe: bool) -> Iterator[str]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """A format: what its files are, which resources they can hold, and what they are called, without ending."""

    content_type: str
    ending: str
    holds: tuple[str, ...]
    #: A file of the saved tracks.
    liked: str = "liked"
    #: A file of what has this name, and one more of the same name.
    named: Callable[[str], str] = names.exportify
    again: Callable[[str, int], str] = names.numbered


@dataclass(frozen=True, slots=True, kw_only=True)
class ListFormat(Format):
    """A file holds one list; of many lists a zip is made."""

    write: WriteEntries
    #: Stands before a file that is in no zip.
    mark: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LibraryFormat(Format):
    """A file holds any number of lists, and without a resource everything; it is called ``whole`` then."""

    write: Callable[[Library], Iterator[str]]
    whole: str


_MUSIC = (Resource.TRACKS, Resource.PLAYLISTS)

#: By the name that ``?as=`` and ``--as`` have for it.
FORMATS: dict[str, ListFormat | LibraryFormat] = {
    "jsonl": LibraryFormat(
        content_type="application/x-ndjson",
        ending=".jsonl",
        holds=tuple(LIBRARY),
        write=jsonl.write,
        whole="spotify_library",
    ),
    "exportify": ListFormat(
        content_type="text/csv",
        ending=".csv",
        holds=_MUSIC,
        write=exportify.write,
    ),
    "exportify-net": ListFormat(
        content_type="text/csv",
        ending=".csv",
        holds=_MUSIC,
        write=exportify_net.write,
        liked="Liked_Songs",
        mark=exportify_net.BOM,
        named=names.exportify_net,
        again=names.underscored,
    ),
    "spotify-backup": LibraryFormat(
        content_type="application/json",
        ending=".json",
        holds=(*_MUSIC, Resource.ALBUMS),
        write=spotify_backup.write,
        whole="spotify_backup",
    ),
    "uris": ListFormat(
        content_type="text/plain",
        ending=".txt",
        holds=tuple(LIBRARY),
        write=uris.write,
    ),
    "m3u8": ListFormat(
        content_type="audio/x-mpegurl",
        ending=".m3u8",
        holds=(*_MUSIC, Resource.EPISODES),
        write=m3u8.write,
    ),
}
#: The one that loses nothing.
DEFAULT = "jsonl"

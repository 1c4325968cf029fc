"""A user's library as files that other programs read, written while they are read from the database."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import batched, chain

from django.db.models import QuerySet

from django_spotify_sync.export.entries import Entry, entries_of, items
from django_spotify_sync.export.formats import DEFAULT, FORMATS, Format, LibraryFormat, ListFormat
from django_spotify_sync.export.library import Library, Watch, playlist_of
from django_spotify_sync.export.names import Names
from django_spotify_sync.export.zipping import zipped
from django_spotify_sync.models import AccountPlaylist, SavedTrack, SpotifyAccount
from django_spotify_sync.models.runs import Resource

__all__ = ["DEFAULT", "FORMATS", "File", "begin_export", "makes_file", "playlist_of"]

logger = logging.getLogger(__name__)

_TOGETHER = 500  # pieces of text that are encoded, and handed on, at once


@dataclass(frozen=True, slots=True)
class File:
    """A file that is not written yet: ``parts`` gives its content, once, and reads the database meanwhile."""

    name: str
    content_type: str
    parts: Iterator[bytes]
    library: Library


def makes_file(name: str, resource: str | None) -> bool:
    """Tell whether the format of this name makes a file of a resource or, without one, of all it can hold."""
    made = FORMATS[name]
    return resource in made.holds if resource else isinstance(made, LibraryFormat)


def begin_export(
    account: SpotifyAccount,
    name: str = DEFAULT,
    *,
    resource: str | None = None,
    playlist: AccountPlaylist | None = None,
    saved: QuerySet[SavedTrack] | None = None,
    safe: bool = False,
    watch: Watch = lambda rows: None,
) -> File:
    """Return a file of an account's library in the format of this name, and log that it was asked for.

    It is of one ``resource``, of one ``playlist``, of ``saved``, which are some of the saved tracks, or of all that the
    format can hold. ``safe`` defuses cells that a spreadsheet would run. ``watch`` is told how many rows a chunk had.

    :raises ValueError: if the format makes no such file.
    """
    made = FORMATS[name]
    if playlist:
        resource = Resource.PLAYLISTS
    elif saved is not None:
        resource = Resource.TRACKS
    if not makes_file(name, resource):
        raise ValueError(f"There is no {name} of {resource or 'everything'}.")
    resources = (resource,) if resource else made.holds
    library = Library(account, resources, playlist, watch, saved=saved)
    what = f"playlist {playlist.spotify_id}" if playlist else resource or "everything"
    logger.info("account %s: exports %s as %s", account.pk, what, name)

    if resource == Resource.PLAYLISTS and not playlist:
        parts = zipped(_files(library, made, safe=safe))
        return File("spotify_playlists.zip", "application/zip", parts, library)
    if isinstance(made, LibraryFormat):
        stem = _stem(made, resource, playlist) if resource else made.whole
        return _file(library, made, stem, made.write(library))
    entries: Iterable[Entry]
    if playlist:
        entries = chain.from_iterable(items(rows) for _, rows in library.lists())
    else:
        entries = entries_of(library, str(resource))
    text = chain([made.mark], made.write(entries, safe=safe))
    return _file(library, made, _stem(made, resource, playlist), text)


def _file(library: Library, made: Format, stem: str, text: Iterable[str]) -> File:
    content_type = f"{made.content_type}; charset=utf-8"
    return File(stem + made.ending, content_type, _encoded(text), library)


def _files(
    library: Library, made: ListFormat | LibraryFormat, *, safe: bool
) -> Iterator[tuple[str, Iterator[bytes]]]:
    """Give a file a playlist, those that are empty too."""
    names = Names(made.named, made.again)
    for link, rows in library.lists():
        stem = names.of(link.name, link.spotify_id)
        if isinstance(made, LibraryFormat):
            text = made.write(replace(library, under_way=(link, rows)))
        else:
            text = made.write(items(rows), safe=safe)
        yield stem + made.ending, _encoded(text)


def _stem(made: Format, resource: str | None, playlist: AccountPlaylist | None) -> str:
    if playlist:
        return Names(made.named, made.again).of(playlist.name, playlist.spotify_id)
    return made.liked if resource == Resource.TRACKS else str(resource)


def _encoded(text: Iterable[str]) -> Iterator[bytes]:
    for pieces in batched(text, _TOGETHER):
        if any(pieces):  # an empty part would be the end of the answer for some servers
            yield "".join(pieces).encode()

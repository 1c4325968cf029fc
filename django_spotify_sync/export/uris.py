"""A plain list of Spotify URIs, one a line: what can be pasted into a playlist."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from django_spotify_sync.export.entries import Entry
from django_spotify_sync.export.text import one_line


def write(entries: Iterable[Entry], *, safe: bool = False) -> Iterator[str]:
    """Give the file line by line. No cell is there to be defused."""
    for entry in entries:
        yield f"{one_line(entry.uri)}\n"

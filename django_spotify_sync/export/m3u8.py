"""Extended M3U in UTF-8: seconds, artists and title, then the Spotify URI, which few players can play."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from django_spotify_sync.export.entries import Entry
from django_spotify_sync.export.text import one_line

_UNKNOWN = -1  # what players take for a length that is not known


def write(entries: Iterable[Entry], *, safe: bool = False) -> Iterator[str]:
    """Give the file line by line. No cell is there to be defused."""
    yield "#EXTM3U\n"
    for entry in entries:
        seconds = _UNKNOWN if entry.duration_ms is None else (entry.duration_ms + 500) // 1000
        artists = ", ".join(artist.name for artist in entry.artists)
        title = f"{artists} - {entry.name}" if artists else entry.name
        yield f"#EXTINF:{seconds},{one_line(title)}\n{one_line(entry.uri)}\n"

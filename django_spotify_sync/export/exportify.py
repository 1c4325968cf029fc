"""CSV as watsonbox/exportify writes it: 19 columns, every cell in quotes, lines end in LF.

Several artists are joined by a comma and a space, with commas in their names written ``\\,``. What stands nowhere any
more is left out. A preview and a popularity are given to no app any more: these cells are there, and empty.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from django_spotify_sync.export.cells import as_is, defused, flag, number, quoted
from django_spotify_sync.export.entries import Credit, Entry

HEADER = (
    "Track URI",
    "Track Name",
    "Artist URI(s)",
    "Artist Name(s)",
    "Album URI",
    "Album Name",
    "Album Artist URI(s)",
    "Album Artist Name(s)",
    "Album Release Date",
    "Album Image URL",
    "Disc Number",
    "Track Number",
    "Track Duration (ms)",
    "Track Preview URL",
    "Explicit",
    "Popularity",
    "ISRC",
    "Added By",
    "Added At",
)


def write(entries: Iterable[Entry], *, safe: bool = False) -> Iterator[str]:
    """Give the file line by line; ``safe`` defuses what a spreadsheet would take for a formula."""
    mend = defused if safe else as_is
    for row in _rows(entries):
        yield ",".join(quoted(mend(cell)) for cell in row) + "\n"


def _rows(entries: Iterable[Entry]) -> Iterator[tuple[str, ...]]:
    yield HEADER
    for entry in entries:
        album = entry.album
        yield (
            entry.uri,
            entry.name,
            _uris(entry.artists),
            _names(entry.artists),
            album.uri,
            album.name,
            _uris(album.artists),
            _names(album.artists),
            album.release_date,
            album.image_url,
            number(entry.disc_number),
            number(entry.track_number),
            number(entry.duration_ms),
            "",
            flag(entry.explicit),
            "",
            entry.isrc,
            f"spotify:user:{entry.added_by}" if entry.added_by else "",
            entry.added_at_text,
        )


def _uris(artists: Iterable[Credit]) -> str:
    return ", ".join(artist.uri for artist in artists if artist.uri)


def _names(artists: Iterable[Credit]) -> str:
    return ", ".join(artist.name.replace(",", "\\,") for artist in artists)

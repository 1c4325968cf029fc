"""CSV as pavelkomarov/exportify writes it, at exportify.net: 24 columns, names in quotes, lines end in LF.

Several artists are joined by a semicolon, and semicolons in their names are left out. What Spotify tells no app any
more (popularity, audio features) is there, and empty.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from django_spotify_sync.export.cells import as_is, bare, defused, flag, number, quoted
from django_spotify_sync.export.entries import Entry

#: Before a file that is by itself; the files of a zip do without.
BOM = "\ufeff"
HEADER = (
    "Track URI,Track Name,Album Name,Artist Name(s),Release Date,Duration (ms),Popularity,Explicit,Added By,Added At,"
    "Genres,Record Label,Danceability,Energy,Key,Loudness,Mode,Speechiness,Acousticness,Instrumentalness,Liveness,"
    "Valence,Tempo,Time Signature\n"
)
_FEATURES = [""] * 12


def write(entries: Iterable[Entry], *, safe: bool = False) -> Iterator[str]:
    """Give the file line by line; ``safe`` defuses what a spreadsheet would take for a formula."""
    mend = defused if safe else as_is
    yield HEADER
    for entry in entries:
        artists = ";".join(artist.name.replace(";", "") for artist in entry.artists)
        cells = [
            bare(mend(entry.uri)),
            quoted(mend(entry.name)),
            quoted(mend(entry.album.name)),
            quoted(mend(artists)),
            bare(mend(entry.album.release_date)),
            number(entry.duration_ms),
            "",
            flag(entry.explicit),
            bare(mend(entry.added_by)),
            entry.added_at_text,
            quoted(mend(",".join(entry.genres))),
            quoted(mend(entry.album.label)),
            *_FEATURES,
        ]
        yield ",".join(cells) + "\n"

"""Exportify's CSV: byte for byte, and as its readers read it."""

from __future__ import annotations

import csv
import io
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_spotify_sync.export import exportify
from django_spotify_sync.export.entries import Credit, Entry, Record
from django_spotify_sync.models import SpotifyAccount
from tests.kit.exports import exported

#: What readers look for, whatever the version that wrote the file.
ALIASES = {
    "uri": {"Track URI", "Spotify URI", "Spotify ID", "Track ID"},
    "title": {"Track Name"},
    "artists": {"Artist Name(s)", "Artist Name"},
    "album": {"Album Name"},
    "isrc": {"ISRC"},
    "added_at": {"Added At"},
}


def read(file: bytes) -> list[dict[str, Any]]:
    """Read as importers do: by RFC 4180, columns by any of their names, artists apart at commas without a backslash."""
    header, *rows = csv.reader(io.StringIO(file.decode("utf-8"), newline=""), strict=True)
    columns = {
        key: next(index for index, name in enumerate(header) if name in names)
        for key, names in ALIASES.items()
    }
    found = []
    for row in rows:
        assert len(row) == len(header) == 19
        values: dict[str, Any] = {key: row[index] for key, index in columns.items()}
        names = re.split(r"(?<!\\), ", values["artists"]) if values["artists"] else []
        values["artists"] = [name.replace("\\,", ",") for name in names]
        found.append(values)
    return found


@pytest.mark.django_db
def test_saved_tracks(filled: SpotifyAccount, golden: Any) -> None:
    file = exported(filled, "exportify", resource="tracks")

    assert file == golden("exportify-liked.csv")
    assert [one["artists"] for one in read(file)] == [["One", "Two, Three; Four"], ["One"]]


@pytest.mark.django_db
def test_a_playlist(filled: SpotifyAccount, golden: Any) -> None:
    assert exported(filled, "exportify", playlist="L1") == golden("exportify-mix.csv")


@pytest.mark.django_db
def test_a_list_of_nothing_has_its_header(filled: SpotifyAccount, golden: Any) -> None:
    assert exported(filled, "exportify", playlist="L2") == golden("exportify-empty.csv")


@pytest.mark.django_db
def test_a_formula_is_defused_where_that_is_asked_for(filled: SpotifyAccount) -> None:
    safe = exported(filled, "exportify", resource="tracks", safe=True)

    assert [one["title"] for one in read(safe)] == ["Song", '\'=Say "hi"\nשלום 🎈']


# A backslash at the end of a name is ambiguous to every reader; so is a surrogate, which no database holds.
NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\\"))


@given(
    name=NAMES,
    album=NAMES,
    artists=st.lists(NAMES.filter(lambda one: one and not one.startswith(" ")), max_size=3),
)
def test_nasty_names_come_back_as_they_were(name: str, album: str, artists: list[str]) -> None:
    credited = tuple(Credit(name=one) for one in artists)
    entry = Entry(uri="spotify:track:T", name=name, artists=credited, album=Record(name=album))

    [found] = read("".join(exportify.write([entry], safe=False)).encode())

    assert (found["title"], found["album"]) == (name, album)
    assert found["artists"] == artists

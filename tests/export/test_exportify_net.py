"""The CSV of exportify.net: byte for byte, and as its readers read it."""

from __future__ import annotations

import csv
import io
import zipfile
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_spotify_sync.export import exportify_net
from django_spotify_sync.export.entries import Credit, Entry, Record
from django_spotify_sync.models import SpotifyAccount
from tests.kit.exports import exported

BOM = b"\xef\xbb\xbf"
NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


def read(file: bytes) -> list[dict[str, str]]:
    """Read as importers do: a mark of UTF-8 may be there or not, and each row has every column."""
    text = io.StringIO(file.decode("utf-8-sig"), newline="")
    header, *rows = csv.reader(text, strict=True)
    assert len(header) == 24
    return [dict(zip(header, row, strict=True)) for row in rows]


@pytest.mark.django_db
def test_saved_tracks_begin_with_a_mark_of_utf_8(filled: SpotifyAccount, golden: Any) -> None:
    file = exported(filled, "exportify-net", resource="tracks")

    assert file == golden("exportify-net-liked.csv")
    assert read(file)[0]["Artist Name(s)"].split(";") == ["One", "Two, Three Four"]


@pytest.mark.django_db
def test_files_of_a_zip_have_no_mark(filled: SpotifyAccount, golden: Any) -> None:
    archive = zipfile.ZipFile(io.BytesIO(exported(filled, "exportify-net", resource="playlists")))

    in_zip = golden("exportify-net-mix-in-zip.csv")
    assert archive.namelist() == ["Mix_тест.csv", "mix_тест_.csv"]
    assert archive.read("Mix_тест.csv") == in_zip
    assert archive.read("mix_тест_.csv") == in_zip.splitlines(keepends=True)[0]
    assert exported(filled, "exportify-net", playlist="L1") == BOM + in_zip


@pytest.mark.django_db
def test_a_formula_is_defused_where_that_is_asked_for(filled: SpotifyAccount) -> None:
    safe = exported(filled, "exportify-net", resource="tracks", safe=True)

    assert [one["Track Name"][:5] for one in read(safe)] == ["Song", "'=Say"]


@given(
    name=NAMES, album=NAMES, uri=NAMES.filter(bool), by=NAMES, artists=st.lists(NAMES, max_size=3)
)
def test_nasty_names_come_back_as_they_were(
    name: str, album: str, uri: str, by: str, artists: list[str]
) -> None:
    credited = tuple(Credit(name=one) for one in artists)
    entry = Entry(uri=uri, name=name, artists=credited, album=Record(name=album), added_by=by)

    [found] = read("".join(exportify_net.write([entry], safe=False)).encode())

    assert (found["Track URI"], found["Track Name"], found["Album Name"]) == (uri, name, album)
    assert found["Added By"] == by
    assert found["Artist Name(s)"] == ";".join(one.replace(";", "") for one in artists)

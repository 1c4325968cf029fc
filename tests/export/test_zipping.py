"""A zip that is written while it is read."""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Iterator

import pytest

from django_spotify_sync.export.zipping import zipped


def test_a_zip_holds_its_files() -> None:
    files = {"a.csv": [b"one\n", b"two\n"], "тест 🎈.csv": [], "b.csv": [os.urandom(10**6)]}

    archive = zipfile.ZipFile(io.BytesIO(b"".join(zipped(files.items()))))

    assert archive.testzip() is None
    assert {name: archive.read(name) for name in archive.namelist()} == {
        name: b"".join(parts) for name, parts in files.items()
    }
    assert {entry.create_system for entry in archive.infolist()} == {3}
    assert {entry.external_attr >> 16 for entry in archive.infolist()} == {0o600}


def test_it_is_handed_on_as_it_is_written() -> None:
    asked: list[int] = []

    def parts() -> Iterator[bytes]:
        for number in range(50):
            asked.append(number)
            yield os.urandom(100_000)

    zip_parts = zipped([("a", parts())])
    size = len(next(zip_parts))

    assert len(asked) == 1
    assert size < 200_000


def test_no_part_is_empty_where_a_compressor_holds_something_back() -> None:
    assert b"" not in list(zipped([("a", [b"x" * 10] * 50), ("b", [])]))


def test_cut_short_it_is_no_zip() -> None:
    def parts() -> Iterator[bytes]:
        yield os.urandom(100_000)
        raise OSError("the database is away")

    zip_parts = zipped([("a", parts())])
    written = next(zip_parts)

    with pytest.raises(OSError, match="away"):
        next(zip_parts)
    assert list(zip_parts) == []
    assert not zipfile.is_zipfile(io.BytesIO(written))

"""JSON Lines of our own."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import UTC, datetime
from typing import Any

import pytest

from django_spotify_sync.models import AccountPlaylist, Playlist, SpotifyAccount, Track
from django_spotify_sync.models.library import LIBRARY
from tests.kit.exports import exported

pytestmark = pytest.mark.django_db


def read(file: bytes) -> list[dict[str, Any]]:
    """Read line by line, with a reader that takes every break that Unicode knows for the end of one."""
    lines = [json.loads(line) for line in file.decode().splitlines()]
    assert {line["version"] for line in lines} == {1}
    return lines


def test_a_whole_library(filled: SpotifyAccount, golden: Any) -> None:
    assert exported(filled, "jsonl") == golden("library.jsonl")


def test_a_line_is_one_for_every_reader(filled: SpotifyAccount) -> None:
    name = "a\u2028b\x85c\u2029d\x0be\x1cf"
    Track.objects.update(name=name)

    assert read(exported(filled, "jsonl", resource="tracks"))[0]["name"] == name


@pytest.mark.parametrize("resource", [one for one in LIBRARY if one != "playlists"])
def test_one_resource_is_its_part_of_the_whole(filled: SpotifyAccount, resource: str) -> None:
    whole = exported(filled, "jsonl").splitlines()

    part = exported(filled, "jsonl", resource=resource).splitlines()

    assert part
    assert [line for line in whole if line in part] == part


@pytest.mark.parametrize("name", ["jsonl", "spotify-backup"])
def test_playlists_are_a_file_each(filled: SpotifyAccount, name: str) -> None:
    archive = zipfile.ZipFile(io.BytesIO(exported(filled, name, resource="playlists")))

    files = [archive.read(one) for one in archive.namelist()]

    assert files == [exported(filled, name, playlist=one) for one in ("L1", "L2")]


def test_one_playlist(filled: SpotifyAccount) -> None:
    lines = read(exported(filled, "jsonl", playlist="L1"))

    assert [line["kind"] for line in lines] == ["playlist", *["playlist_item"] * 4]


def test_what_others_have_read_since_is_not_told(filled: SpotifyAccount) -> None:
    Playlist.objects.filter(spotify_id="L1").update(details_version=5, contents_version=5)

    [first] = read(exported(filled, "jsonl", playlist="L1"))
    [second] = read(exported(filled, "jsonl", playlist="L2"))

    assert (first["name"], first["total"], first["can_read_items"]) == ("", None, None)
    assert second["name"] == "mix  тест"


def test_items_that_may_not_be_read_are_left_out(filled: SpotifyAccount) -> None:
    AccountPlaylist.objects.update(can_read_items=False)

    [line] = read(exported(filled, "jsonl", playlist="L1"))

    assert (line["kind"], line["can_read_items"]) == ("playlist", False)


@pytest.mark.parametrize("resource", [one for one in LIBRARY if one != "playlists"])
def test_what_was_kept_is_there_and_says_so(filled: SpotifyAccount, resource: str) -> None:
    LIBRARY[resource].of(filled.pk).update(is_kept=True)

    lines = read(exported(filled, "jsonl", resource=resource))

    assert {line["is_kept"] for line in lines} == {True}


def test_times_are_utc_to_the_second_in_any_year(filled: SpotifyAccount) -> None:
    filled.saved_tracks.update(added_at=datetime(1, 2, 3, 4, 5, 6, 7, tzinfo=UTC))

    first, *_ = read(exported(filled, "jsonl", resource="tracks"))

    assert first["added_at"] == "0001-02-03T04:05:06Z"

"""Which formats there are, which files they make, and what those are called."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from django_spotify_sync.export import FORMATS, begin_export, makes_file, playlist_of
from django_spotify_sync.models import SavedTrack, SpotifyAccount
from django_spotify_sync.models.library import LIBRARY
from tests.kit.exports import exported
from tests.kit.libraries import account_of, save

#: What each makes of all, and of each resource, by the file's name.
FILES: dict[str, dict[str | None, str]] = {
    "exportify": {"tracks": "liked.csv", "playlists": "spotify_playlists.zip"},
    "exportify-net": {"tracks": "Liked_Songs.csv", "playlists": "spotify_playlists.zip"},
    "spotify-backup": {
        None: "spotify_backup.json",
        "tracks": "liked.json",
        "playlists": "spotify_playlists.zip",
        "albums": "albums.json",
    },
    "uris": {
        "tracks": "liked.txt",
        "playlists": "spotify_playlists.zip",
        **{name: f"{name}.txt" for name in LIBRARY if name not in ("tracks", "playlists")},
    },
    "m3u8": {
        "tracks": "liked.m3u8",
        "playlists": "spotify_playlists.zip",
        "episodes": "episodes.m3u8",
    },
    "jsonl": {
        None: "spotify_library.jsonl",
        "tracks": "liked.jsonl",
        "playlists": "spotify_playlists.zip",
        **{name: f"{name}.jsonl" for name in LIBRARY if name not in ("tracks", "playlists")},
    },
}
TYPES = {
    ".csv": "text/csv; charset=utf-8",
    ".json": "application/json; charset=utf-8",
    ".jsonl": "application/x-ndjson; charset=utf-8",
    ".m3u8": "audio/x-mpegurl; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
    ".zip": "application/zip",
}
EACH = [(name, resource) for name in FILES for resource in (None, *LIBRARY)]

pytestmark = pytest.mark.django_db


def test_every_format_is_in_the_table() -> None:
    assert set(FORMATS) == set(FILES)


@pytest.mark.parametrize(("name", "resource"), EACH)
def test_a_format_makes_these_files_and_no_others(
    name: str, resource: str | None, filled: SpotifyAccount
) -> None:
    wanted = FILES[name].get(resource)

    assert makes_file(name, resource) == bool(wanted)
    if wanted is None:
        with pytest.raises(ValueError, match="There is no"):
            begin_export(filled, name, resource=resource)
        return
    file = begin_export(filled, name, resource=resource)
    assert file.name == wanted
    assert file.content_type == TYPES[wanted[wanted.index(".") :]]
    assert exported(filled, name, resource=resource)


@pytest.mark.parametrize("name", FORMATS)
def test_one_playlist_is_called_as_it_is(name: str, filled: SpotifyAccount) -> None:
    stem = "Mix_тест" if name == "exportify-net" else "mix_тест"

    file = begin_export(filled, name, playlist=playlist_of(filled, "L1"))

    assert file.name == stem + FORMATS[name].ending
    assert file.content_type == TYPES[FORMATS[name].ending]


def test_some_of_the_saved_tracks_are_a_file_too_and_nobody_elses(
    filled: SpotifyAccount, other_user: Any
) -> None:
    theirs = save(account_of(other_user))
    one = filled.saved_tracks.filter(track__isnull=False).earliest("pk")
    wanted = SavedTrack.objects.filter(pk__in=[one.pk, theirs.pk])

    assert exported(filled, "uris", saved=wanted).decode().split() == [one.track.uri]
    assert exported(filled, "jsonl", saved=wanted).count(b"\n") == 1
    assert exported(filled, "uris", saved=wanted.none()) == b""


def test_no_part_of_a_file_is_empty(filled: SpotifyAccount) -> None:
    for name, resource in EACH:
        if makes_file(name, resource):
            assert b"" not in list(begin_export(filled, name, resource=resource).parts)
    nothing = begin_export(filled, "uris", playlist=playlist_of(filled, "L2"))
    assert list(nothing.parts) == []


def test_an_export_is_logged_without_what_is_in_it(
    filled: SpotifyAccount, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "django_spotify_sync")
    mix = playlist_of(filled, "L1")
    asked: list[dict[str, Any]] = [
        {},
        {"name": "uris", "resource": "albums"},
        {"name": "m3u8", "playlist": mix},
    ]

    for options in asked:
        list(begin_export(filled, **options).parts)

    assert {record.name for record in caplog.records} == {"django_spotify_sync.export"}
    assert [record.getMessage() for record in caplog.records] == [
        f"account {filled.pk}: exports everything as jsonl",
        f"account {filled.pk}: exports albums as uris",
        f"account {filled.pk}: exports playlist L1 as m3u8",
    ]

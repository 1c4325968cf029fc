"""The JSON of spotify-backup: byte for byte, and as its readers read it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from django_spotify_sync.models import SpotifyAccount
from tests.kit.exports import exported

pytestmark = pytest.mark.django_db


def as_text(backup: dict[str, Any]) -> list[str]:
    """Read as spotify-backup writes its own text of it: the keys of each track that is there, then the albums."""
    lines = []
    for playlist in backup["playlists"]:
        lines.append(playlist["name"])
        for place in playlist["tracks"]:
            track = place["track"]
            if track is None:
                continue
            artists = ", ".join(artist["name"] for artist in track["artists"])
            album = track["album"]
            lines.append(f"{artists} - {track['name']} ({album['name']}) {album['release_date']}")
            lines.append(track["uri"])
    return lines


def test_a_whole_library(filled: SpotifyAccount, golden: Any) -> None:
    file = exported(filled, "spotify-backup")

    assert file == golden("spotify-backup.json")
    backup = json.loads(file)
    assert json.dumps(backup).encode() == file
    assert as_text(backup) == [
        "Liked Songs",
        "One, Two, Three; Four - Song (An album) 1981-12",
        "spotify:track:T1",
        'One - =Say "hi"\nשלום 🎈 () ',
        "spotify:track:T2",
        "Mix / тест",
        "One, Two, Three; Four - Song (An album) 1981-12",
        "spotify:track:T1",
        "Me - Home (My Tape, 1) ",
        "spotify:local:Me:My+Tape%2C+1:Home:61",
        "Radio - Talk (Radio) ",
        "spotify:episode:E9",
        "mix  тест",
    ]


@pytest.mark.parametrize(
    ("options", "names", "albums"),
    [
        ({"resource": "tracks"}, ["Liked Songs"], 0),
        ({"resource": "albums"}, [], 2),
        ({"playlist": "L2"}, ["mix  тест"], 0),
    ],
)
def test_a_part_of_it(
    filled: SpotifyAccount, options: dict[str, str], names: list[str], albums: int
) -> None:
    backup = json.loads(exported(filled, "spotify-backup", **options))

    assert [one["name"] for one in backup["playlists"]] == names
    assert len(backup["albums"]) == albums


def test_a_library_of_nothing(account: SpotifyAccount) -> None:
    assert json.loads(exported(account, "spotify-backup")) == {
        "playlists": [{"name": "Liked Songs", "tracks": []}],
        "albums": [],
    }

"""Where Spotify shows what we have, whatever its id is made of."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

import pytest

from django_spotify_sync.models import Album, Artist, Playlist, SavedTrack, SpotifyAccount, Track

ROWS = {
    "user": SpotifyAccount,
    "artist": Artist,
    "album": Album,
    "track": Track,
    "playlist": Playlist,
}


@pytest.mark.parametrize("spotify_id", ["a#b", "a?b=c", "a/b", "ü é", "a%23", "per.son_1-2~"])
@pytest.mark.parametrize("kind", [*ROWS, "saved track"])
def test_an_id_stays_one_part_of_the_path(kind: str, spotify_id: str) -> None:
    row = SavedTrack if kind == "saved track" else ROWS[kind]

    parts = urlsplit(row(spotify_id=spotify_id).get_absolute_url())

    assert parts.netloc == "open.spotify.com"
    assert not parts.query + parts.fragment
    assert [unquote(part) for part in parts.path.split("/")] == ["", kind.split()[-1], spotify_id]


def test_usual_ids_are_written_as_they_are() -> None:
    assert Track(spotify_id="4uLU6hMCjMI75M1A2tKUQC").get_absolute_url() == (
        "https://open.spotify.com/track/4uLU6hMCjMI75M1A2tKUQC"
    )

"""Rows of any list as entries."""

from __future__ import annotations

from django_spotify_sync.export.entries import Record, item, saved_track
from django_spotify_sync.models import PlaylistItem, SavedTrack, Track


def test_the_album_of_a_local_file_is_in_its_address() -> None:
    def album(uri: str) -> Record:
        return item(PlaylistItem(kind="local", uri=uri, title="t")).album

    assert album("spotify:local:A:B%20%26+C:t:1").name == "B & C"
    assert album("spotify:local").name == ""


def test_a_local_file_has_no_id_and_what_spotify_knows_has_one() -> None:
    local = item(PlaylistItem(kind="local", uri="spotify:local:a:b:c:1"))
    chapter = item(PlaylistItem(kind="episode", uri="spotify:chapter:C1"))

    assert (local.spotify_id, chapter.spotify_id) == ("", "C1")
    assert (local.artists, local.duration_ms) == ((), None)


def test_what_stands_nowhere_is_no_entry() -> None:
    assert item(PlaylistItem(kind="unavailable", title="Gone")) is None
    assert saved_track(SavedTrack()) is None


def test_a_track_that_is_gone_from_its_place_is_still_what_it_was() -> None:
    track = Track(spotify_id="T", name="Song")
    track.links = []

    assert item(PlaylistItem(kind="unavailable", track=track)).uri == "spotify:track:T"
    assert item(PlaylistItem(kind="track", track=track, uri="spotify:track:O")).uri.endswith("O")

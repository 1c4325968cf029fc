"""Tracks as JSON, key by key as the public contract has them; of the other shapes see test_library."""

from __future__ import annotations

from typing import Any

import pytest

from django_spotify_sync.models import SavedTrack, SpotifyAccount, Track
from django_spotify_sync.rest.tracks import SavedTrackSerializer
from tests.kit.libraries import account_of, save
from tests.rest.test_account import NOON, NOON_JSON

pytestmark = pytest.mark.django_db


@pytest.fixture
def account(user: Any) -> SpotifyAccount:
    return account_of(user)


def test_a_track(account: SpotifyAccount) -> None:
    saved = save(account, NOON)
    track = saved.track
    assert track
    assert track.album
    Track.objects.filter(pk=track.pk).update(explicit=True, isrc="USX9P0000001")
    first, second = (link.artist for link in track.track_artists.order_by("position"))

    assert SavedTrackSerializer(SavedTrack.objects.get()).data == {
        "spotify_id": track.spotify_id,
        "uri": f"spotify:track:{track.spotify_id}",
        "name": track.name,
        "artists": [
            {"spotify_id": first.spotify_id, "name": "Artist 2"},
            {"spotify_id": second.spotify_id, "name": "Artist 1"},
        ],
        "album": {
            "spotify_id": track.album.spotify_id,
            "name": "Album",
            "image_url": "https://i.example/album",
            "release_date": "1981-12",
        },
        "duration_ms": 1000,
        "explicit": True,
        "isrc": "USX9P0000001",
        "is_playable": True,
        "added_at": NOON_JSON,
        "url": f"https://open.spotify.com/track/{track.spotify_id}",
    }


@pytest.mark.parametrize(
    ("spotify_id", "is_playable", "shown"),
    [("t", True, True), ("t", False, False), ("t", None, None), (None, True, False)],
)
def test_whether_a_track_plays(
    account: SpotifyAccount, spotify_id: str | None, is_playable: bool | None, shown: bool | None
) -> None:
    saved = save(account, spotify_id=spotify_id, is_playable=is_playable)

    assert SavedTrackSerializer(saved).data["is_playable"] is shown


def test_a_track_without_album_or_date(account: SpotifyAccount) -> None:
    saved = save(account, None)
    Track.objects.update(album=None)
    saved.refresh_from_db()

    answer = SavedTrackSerializer(saved).data

    assert (answer["album"], answer["added_at"]) == (None, None)


def test_an_entry_without_a_track_is_none(account: SpotifyAccount) -> None:
    with pytest.raises(TypeError):
        SavedTrackSerializer(SavedTrack(account=account, rank=1)).data  # noqa: B018

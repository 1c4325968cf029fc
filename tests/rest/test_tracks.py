"""The REST door to saved tracks: how one is shown, which there are, in which order, found by what."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from django_spotify_sync.models import Artist, SavedTrack, SpotifyAccount, Track
from django_spotify_sync.rest.tracks import SavedTrackSerializer
from tests.kit.api import NOON, NOON_JSON, TRACKS, names
from tests.kit.libraries import EPOCH, account_of, save, track_of

pytestmark = pytest.mark.django_db


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


# The list


def test_entries_without_a_track_are_left_out(ada: Client, account: SpotifyAccount) -> None:
    saved = save(account)
    SavedTrack.objects.create(account=account, rank=10**9)

    [track] = ada.get("/spotify/tracks/").json()["results"]

    assert track["spotify_id"] == saved.spotify_id


def test_entries_without_a_track_are_left_out_and_not_counted(
    ada: Client, account: SpotifyAccount
) -> None:
    saved = save(account)
    SavedTrack.objects.create(account=account, rank=10**9)

    [track] = ada.get(TRACKS).json()["results"]

    assert track["spotify_id"] == saved.spotify_id
    assert ada.get("/spotify/account/").json()["resources"]["tracks"]["count"] == 1


@pytest.fixture
def shelf(account: SpotifyAccount) -> SpotifyAccount:
    """Give a library of four tracks that differ in everything."""
    for age, track in enumerate(
        [
            track_of("Blue", artists=["Zoe", "Bob"], album="Late Nights", duration_ms=300),
            track_of("alpha blue", artists=["Ann"], album="Colors", duration_ms=100),
            track_of("100% Rain", artists=["bea"], album="Blue Hours", duration_ms=200),
            track_of("Delta", artists=["ann"], album="Colors", duration_ms=200),
        ]
    ):
        save(account, EPOCH - timedelta(days=age), track=track)
    return account


@pytest.mark.parametrize(
    ("ordering", "order"),
    [
        ("", ["Blue", "alpha blue", "100% Rain", "Delta"]),
        ("-added_at", ["Blue", "alpha blue", "100% Rain", "Delta"]),
        ("added_at", ["Delta", "100% Rain", "alpha blue", "Blue"]),
        ("name", ["100% Rain", "alpha blue", "Blue", "Delta"]),
        ("-name", ["Delta", "Blue", "alpha blue", "100% Rain"]),
        ("artist", ["alpha blue", "Delta", "100% Rain", "Blue"]),
        ("-artist", ["Blue", "100% Rain", "Delta", "alpha blue"]),
        ("duration", ["alpha blue", "100% Rain", "Delta", "Blue"]),
        ("-duration", ["Blue", "Delta", "100% Rain", "alpha blue"]),
    ],
)
def test_orders_of_tracks(
    ada: Client, shelf: SpotifyAccount, ordering: str, order: list[str]
) -> None:
    assert names(ada, TRACKS, ordering=ordering) == order


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("blue", ["Blue", "alpha blue", "100% Rain"]),
        ("BLUE", ["Blue", "alpha blue", "100% Rain"]),
        ("ann", ["alpha blue", "Delta"]),
        ("bob", ["Blue"]),
        ("blue colors", ["alpha blue"]),
        ("  colors   ANN  ", ["alpha blue", "Delta"]),
        ("blue ann rain", []),
        ("%", ["100% Rain"]),
        ("_", []),
        ("' OR 1=1 --", []),
        ("", ["Blue", "alpha blue", "100% Rain", "Delta"]),
        ("   ", ["Blue", "alpha blue", "100% Rain", "Delta"]),
    ],
)
def test_search_in_tracks(ada: Client, shelf: SpotifyAccount, words: str, found: list[str]) -> None:
    assert names(ada, TRACKS, search=words) == found


def test_search_knows_all_capitals(ada: Client, account: SpotifyAccount) -> None:
    save(account, track=track_of("Édith"))

    assert names(ada, TRACKS, search="éDITH") == ["Édith"]


def test_a_track_of_many_matching_artists_comes_once(ada: Client, account: SpotifyAccount) -> None:
    save(account, track=track_of("Trio", artists=["Ann A", "Ann B", "Ann C"]))

    assert names(ada, TRACKS, search="ann") == ["Trio"]


def test_filters(ada: Client, shelf: SpotifyAccount) -> None:
    bob = Artist.objects.get(name="Bob").spotify_id
    delta = Track.objects.select_related("album").get(name="Delta")
    assert delta.album
    yesterday = (EPOCH - timedelta(days=1)).isoformat()

    assert names(ada, TRACKS, artist=bob) == ["Blue"]
    assert names(ada, TRACKS, artist="nobody") == []
    assert names(ada, TRACKS, album=delta.album.spotify_id) == ["Delta"]
    assert names(ada, TRACKS, added_since=yesterday) == ["Blue", "alpha blue"]
    assert names(ada, TRACKS, added_since="2024-05-01T12:00:00") == ["Blue"]
    assert names(ada, TRACKS, added_since="2024-05-01T14:00:00+02:00") == ["Blue"]
    assert names(ada, TRACKS, added_since=yesterday, search="colors", ordering="name") == [
        "alpha blue"
    ]


@pytest.mark.parametrize(
    "query",
    [
        {"ordering": "rank"},
        {"ordering": "--name"},
        {"ordering": "-"},
        {"ordering": "name,artist"},
        {"ordering": "track__name"},
        {"added_since": "yesterday"},
        {"added_since": "2024-13-01T00:00:00Z"},
        {"added_since": "9999-12-31T23:59:59-23:00"},
        {"artist": "\0"},
        {"album": "\0"},
        {"album": "x" * 256},
        {"search": "a\0b"},
        {"search": "x" * 256},
        {"search": "a " * 11},
    ],
)
def test_a_query_that_cannot_be_read(
    ada: Client, account: SpotifyAccount, query: dict[str, str]
) -> None:
    save(account)

    response = ada.get(TRACKS, query)

    assert response.status_code == 400
    assert response.json()["code"] == "invalid"
    assert list(response.json()["detail"]) == list(query)


# tracks/contains/


def test_contains(ada: Client, account: SpotifyAccount, other_user: Any) -> None:
    mine, theirs = save(account), save(account_of(other_user))
    ids = [mine.spotify_id, theirs.spotify_id, "nobody"]

    response = ada.get(f"{TRACKS}contains/", {"ids": ",".join([*ids, "", " nobody "])})

    assert response.json() == {
        mine.spotify_id: True,
        theirs.spotify_id: False,
        "nobody": False,
    }


@pytest.mark.parametrize("count", [0, 51])
def test_contains_takes_from_one_to_fifty(ada: Client, account: SpotifyAccount, count: int) -> None:
    ids = [f"id{number}" for number in range(count)]

    response = ada.get(f"{TRACKS}contains/", {"ids": ",".join(ids)})

    assert response.status_code == 400
    assert list(response.json()["detail"]) == ["ids"]
    assert ada.get(f"{TRACKS}contains/", {"ids": ",".join(ids[1:]) or "x"}).status_code == 200


def test_contains_takes_no_null(ada: Client, account: SpotifyAccount) -> None:
    assert ada.get(f"{TRACKS}contains/", {"ids": "a,\0"}).status_code == 400

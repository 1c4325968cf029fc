"""The REST door to saved albums, and to one of them with its tracks."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from django_spotify_sync.models import AlbumTrack, SavedAlbum, SpotifyAccount, Track
from django_spotify_sync.sync import sync
from django_spotify_sync.testing import FakeSpotify
from tests.kit.api import ALBUMS, NOON, NOON_JSON, names
from tests.kit.connecting import connect
from tests.kit.libraries import EPOCH, account_of, save
from tests.kit.shelves import album_of, save_album

pytestmark = pytest.mark.django_db


def album_at(spotify_id: str) -> str:
    return f"{ALBUMS}{spotify_id}/"


def test_saved_albums(ada: Client, account: SpotifyAccount) -> None:
    album = album_of("Blue", tracks=3, release_date="1981-12", image_url="https://i.example/album")
    first, second = (link.artist for link in album.album_artists.order_by("position"))
    save_album(account, album, NOON)
    save(account, track=album.album_tracks.get(position=1).track)

    assert ada.get(ALBUMS).json()["results"] == [
        {
            "spotify_id": album.spotify_id,
            "uri": f"spotify:album:{album.spotify_id}",
            "name": "Blue",
            "artists": [
                {"spotify_id": first.spotify_id, "name": "Band 2"},
                {"spotify_id": second.spotify_id, "name": "Band 1"},
            ],
            "release_date": "1981-12",
            "total_tracks": 3,
            "saved_tracks": 1,
            "image_url": "https://i.example/album",
            "added_at": NOON_JSON,
            "is_available": True,
            "url": f"https://open.spotify.com/album/{album.spotify_id}",
        }
    ]


def test_what_spotify_does_not_say_is_null(ada: Client, account: SpotifyAccount) -> None:
    save_album(account, album_of(artists=[], total_tracks=None), None)

    [album] = ada.get(ALBUMS).json()["results"]

    assert (album["total_tracks"], album["added_at"], album["artists"]) == (None, None, [])


def test_an_album_that_comes_as_null_stays(ada: Client, account: SpotifyAccount) -> None:
    saved = save_album(account, is_available=False)

    [listed] = ada.get(ALBUMS).json()["results"]

    assert (listed["spotify_id"], listed["is_available"]) == (saved.spotify_id, False)
    assert ada.get(album_at(saved.spotify_id)).json()["is_available"] is False


def test_an_album_that_was_never_known_is_left_out(ada: Client, account: SpotifyAccount) -> None:
    save_album(account, album_of("Known"))
    SavedAlbum.objects.create(account=account, spotify_id="unknown")

    assert names(ada, ALBUMS) == ["Known"]
    assert ada.get("/spotify/account/").json()["resources"]["albums"]["count"] == 1
    assert ada.get(album_at("unknown")).status_code == 404


def test_the_saved_tracks_of_others_are_not_counted(
    ada: Client, grace: Client, account: SpotifyAccount, other_user: Any
) -> None:
    hers = account_of(other_user, "grace")
    shared, other = album_of("Shared", tracks=4), album_of("Other", tracks=2)
    for owner in (account, hers):
        save_album(owner, shared)
    save_album(account, other)
    first, second, third, _ = (link.track for link in shared.album_tracks.order_by("position"))
    for owner, track in ((account, first), (account, second), (hers, second), (hers, third)):
        save(owner, track=track)
    save(hers, track=first)

    def counts(client: Client) -> dict[str, int]:
        rows = client.get(ALBUMS).json()["results"]
        return {row["name"]: row["saved_tracks"] for row in rows}

    assert counts(ada) == {"Shared": 2, "Other": 0}
    assert counts(grace) == {"Shared": 3}


@pytest.mark.parametrize(
    ("ordering", "order"),
    [
        ("", ["Blue", "alpha", "Rain", "Delta"]),
        ("-added_at", ["Blue", "alpha", "Rain", "Delta"]),
        ("added_at", ["Delta", "Rain", "alpha", "Blue"]),
        ("name", ["alpha", "Blue", "Delta", "Rain"]),
        ("-name", ["Rain", "Delta", "Blue", "alpha"]),
        ("artist", ["Delta", "alpha", "Rain", "Blue"]),
        ("-artist", ["Blue", "Rain", "alpha", "Delta"]),
        ("release_date", ["Rain", "Blue", "alpha", "Delta"]),
        ("-release_date", ["alpha", "Blue", "Rain", "Delta"]),
    ],
)
def test_orders_of_albums(
    ada: Client,
    account: SpotifyAccount,
    ordering: str,
    order: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Read in pages of three, so that each order passes an edge."""
    monkeypatch.setattr("django_spotify_sync.rest.cursors.CursorPages.page_size", 3)
    for age, (name, artists, released) in enumerate(
        [
            ("Blue", ["Zoe", "Ann"], "1981-12"),
            ("alpha", ["Ann"], "1981-12-15"),
            ("Rain", ["bea"], "1981"),
            ("Delta", [], ""),
        ]
    ):
        album = album_of(name, artists=artists, release_date=released)
        save_album(account, album, EPOCH - timedelta(days=age))

    assert names(ada, ALBUMS, ordering=ordering) == order


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("blue", ["Blue", "Rain"]),
        ("BLÜE", ["Blue", "Rain"]),
        ("ann", ["Blue"]),
        ("bob blue", ["Rain"]),
        ("zoe ann", ["Blue"]),
        ("T0", []),
        ("", ["Blue", "Rain"]),
    ],
)
def test_search_in_albums(
    ada: Client, account: SpotifyAccount, words: str, found: list[str]
) -> None:
    save_album(account, album_of("Blue", artists=["Zoe", "Ann A", "Ann B"], tracks=1))
    save_album(account, album_of("Rain", artists=["Blue Bob"]), EPOCH - timedelta(days=1))

    assert names(ada, ALBUMS, search=words) == found


# albums/<spotify_id>/


def test_an_album_with_its_tracks(ada: Client, account: SpotifyAccount) -> None:
    album = album_of("Blue", tracks=3)
    save_album(account, album, NOON)
    tracks = [link.track for link in album.album_tracks.order_by("position")]
    for number, track in enumerate(tracks):
        Track.objects.filter(pk=track.pk).update(disc_number=number // 2 + 1, track_number=number)
    save(account, track=tracks[1], spotify_id=None)  # saved still, though Spotify has it no more
    [listed] = ada.get(ALBUMS).json()["results"]

    answer = ada.get(album_at(album.spotify_id)).json()

    assert answer == {
        **listed,
        "tracks": [
            {
                "spotify_id": track.spotify_id,
                "name": track.name,
                "artists": [
                    {"spotify_id": link.artist.spotify_id, "name": link.artist.name}
                    for link in track.track_artists.order_by("position")
                ],
                "disc_number": number // 2 + 1,
                "track_number": number,
                "duration_ms": 1000,
                "is_saved": number == 1,
            }
            for number, track in enumerate(tracks)
        ],
    }
    assert answer["saved_tracks"] == 1


def test_a_track_without_numbers(ada: Client, account: SpotifyAccount) -> None:
    saved = save_album(account, album_of(tracks=1))

    [track] = ada.get(album_at(saved.spotify_id)).json()["tracks"]

    assert (track["disc_number"], track["track_number"]) == (None, None)


def test_all_tracks_come_in_one_answer(ada: Client, account: SpotifyAccount) -> None:
    saved = save_album(account, album_of(tracks=120))

    tracks = ada.get(album_at(saved.spotify_id)).json()["tracks"]

    assert [track["name"] for track in tracks] == [f"T{number}" for number in range(120)]


@pytest.mark.django_db(transaction=True)
def test_an_album_that_was_synced(user: Any, ada: Client, spotify: FakeSpotify) -> None:
    """Ids are those that Spotify answers, also for a track that is listed under another id."""
    account = connect(user, spotify)
    spotify.user.albums.save(tracks=60)
    spotify.user.albums.relink(0)
    shown = spotify.user.albums.tracks(0)
    for track in (shown[3], shown[55]):
        spotify.user.like(track=track)
    for resource in ("albums", "tracks"):
        assert sync(account, resource).status == "succeeded"

    answer = ada.get(album_at(spotify.user.albums.ids()[0])).json()

    tracks = answer["tracks"]
    assert [track["spotify_id"] for track in tracks] == [track.id for track in shown]
    assert [number for number, track in enumerate(tracks) if track["is_saved"]] == [3, 55]
    assert (answer["saved_tracks"], answer["total_tracks"]) == (2, 60)
    in_order = [(track["disc_number"], track["track_number"]) for track in tracks]
    assert in_order == sorted(in_order)


def test_who_saved_what_is_told_to_nobody_else(
    ada: Client, grace: Client, account: SpotifyAccount, other_user: Any
) -> None:
    hers = account_of(other_user, "grace")
    album = album_of(tracks=2)
    save_album(hers, album)
    for link in AlbumTrack.objects.all():
        save(hers, track=link.track)

    assert ada.get(ALBUMS).json()["results"] == []
    assert ada.get(album_at(album.spotify_id)).status_code == 404
    assert grace.get(album_at(album.spotify_id)).json()["saved_tracks"] == 2

    save_album(account, album)

    mine = ada.get(album_at(album.spotify_id)).json()
    assert mine["saved_tracks"] == 0
    assert [track["is_saved"] for track in mine["tracks"]] == [False, False]


@pytest.mark.parametrize("spotify_id", ["nobody", "%00", "a%00b", "ü", "x" * 300])
def test_an_album_that_is_not_there(ada: Client, account: SpotifyAccount, spotify_id: str) -> None:
    save_album(account)

    answer = ada.get(album_at(spotify_id))

    assert answer.status_code == 404
    assert answer.json() == {"code": "not_found", "detail": "Not found."}

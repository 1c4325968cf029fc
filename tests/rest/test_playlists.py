"""The REST doors to playlists and their items."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from django_spotify_sync.models import AccountPlaylist, PlaylistItem, SpotifyAccount
from tests.kit.api import PLAYLISTS, items_of, names
from tests.kit.browsing import browser_of
from tests.kit.libraries import EPOCH, account_of, own, put, track_of

pytestmark = pytest.mark.django_db


# playlists/


def test_playlists(ada: Client, account: SpotifyAccount) -> None:
    second = own(account, position=1, can_read_items=None)
    first = own(account, position=0)

    answer = ada.get(PLAYLISTS).json()["results"]

    assert answer[0] == {
        "spotify_id": first.spotify_id,
        "uri": f"spotify:playlist:{first.spotify_id}",
        "name": first.name,
        "description": "",
        "owner": {"spotify_id": "ada", "display_name": "Owner"},
        "collaborative": False,
        "public": None,
        "image_url": "",
        "total": 1,
        "can_read_items": True,
        "url": f"https://open.spotify.com/playlist/{first.spotify_id}",
    }
    assert (answer[1]["name"], answer[1]["can_read_items"]) == (second.name, None)


def test_orders_of_playlists_and_search(ada: Client, account: SpotifyAccount) -> None:
    for position, name in enumerate(["beta", "Alpha", "gamma"]):
        playlist = own(account, position=position)
        playlist.name, playlist.owner_name = name, f"Owner of {name}"
        playlist.save()

    assert names(ada, PLAYLISTS) == ["beta", "Alpha", "gamma"]
    assert names(ada, PLAYLISTS, ordering="-position") == ["gamma", "Alpha", "beta"]
    assert names(ada, PLAYLISTS, ordering="name") == ["Alpha", "beta", "gamma"]
    assert names(ada, PLAYLISTS, ordering="-name") == ["gamma", "beta", "Alpha"]
    assert names(ada, PLAYLISTS, search="ALPH") == ["Alpha"]
    assert names(ada, PLAYLISTS, search="owner gam") == ["gamma"]


# playlists/<spotify_id>/items/


def test_items(ada: Client, account: SpotifyAccount) -> None:
    playlist = own(account)
    track = track_of("A song", artists=["Ann", "Bob"])
    put(playlist, track=track, added_by="grace", is_playable=False)
    put(
        playlist,
        kind="episode",
        uri="spotify:episode:e",
        title="An episode",
        subtitle="A show",
        duration_ms=7,
        added_at=None,
        is_playable=None,
    )
    put(playlist, kind="unavailable", added_at=None)

    song, episode, nothing = ada.get(items_of(playlist.spotify_id)).json()["results"]

    assert {key: song[key] for key in song if key != "track"} == {
        "position": 0,
        "kind": "track",
        "uri": track.uri,
        "title": "A song",
        "subtitle": "Ann, Bob",
        "duration_ms": 1000,
        "added_at": "2024-05-01T12:00:00Z",
        "added_by": "grace",
        "is_playable": False,
    }
    assert song["track"]["spotify_id"] == track.spotify_id
    assert song["track"]["added_at"] == song["added_at"]
    assert song["track"]["is_playable"] is False
    assert episode == {
        "position": 1,
        "kind": "episode",
        "uri": "spotify:episode:e",
        "title": "An episode",
        "subtitle": "A show",
        "track": None,
        "duration_ms": 7,
        "added_at": None,
        "added_by": "",
        "is_playable": None,
    }
    assert (nothing["kind"], nothing["title"], nothing["track"]) == ("unavailable", "", None)


def test_orders_of_items_and_search(ada: Client, account: SpotifyAccount) -> None:
    playlist = own(account)
    put(playlist, track=track_of("Blue", artists=["Ann"]), added_at=EPOCH)
    put(playlist, kind="local", title="Tape", subtitle="Ann", added_at=None)
    put(playlist, track=track_of("Red", album="Blue"), added_at=EPOCH - timedelta(days=1))
    url = items_of(playlist.spotify_id)

    assert names(ada, url) == ["Blue", "Tape", "Red"]
    assert names(ada, url, ordering="-position") == ["Red", "Tape", "Blue"]
    assert names(ada, url, ordering="added_at") == ["Red", "Blue", "Tape"]
    assert names(ada, url, ordering="-added_at") == ["Blue", "Red", "Tape"]
    assert names(ada, url, search="ann") == ["Blue", "Tape"]
    assert names(ada, url, search="blue") == ["Blue", "Red"]
    assert names(ada, url, search="tape ann") == ["Tape"]


def positions(client: Client, url: str, **query: str) -> list[int]:
    """Return the positions in a list of items, page by page."""
    page = client.get(url, query).json()
    found = [row["position"] for row in page["results"]]
    while page["next"]:
        page = client.get(page["next"]).json()
        found += [row["position"] for row in page["results"]]
    return found


def test_positions_are_counted_in_the_whole_list(
    ada: Client, account: SpotifyAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("django_spotify_sync.rest.cursors.CursorPages.page_size", 3)
    playlist, other = own(account), own(account)
    for number in range(8):
        put(other, kind="local", title="Odd", position=number)
        put(
            playlist,
            kind="local",
            title="Odd" if number % 2 else "Even",
            added_at=None if number == 4 else EPOCH - timedelta(days=number),
            position=2**30 + number**5,
        )
    url = items_of(playlist.spotify_id)

    assert positions(ada, url) == [0, 1, 2, 3, 4, 5, 6, 7]
    assert positions(ada, url, ordering="position") == [0, 1, 2, 3, 4, 5, 6, 7]
    assert positions(ada, url, ordering="-position") == [7, 6, 5, 4, 3, 2, 1, 0]
    assert positions(ada, url, ordering="added_at") == [7, 6, 5, 3, 2, 1, 0, 4]
    assert positions(ada, url, ordering="-added_at") == [0, 1, 2, 3, 5, 6, 7, 4]
    assert positions(ada, url, search="odd") == [1, 3, 5, 7]
    assert positions(ada, url, search="odd", ordering="-position") == [7, 5, 3, 1]
    assert positions(ada, url, search="odd", ordering="-added_at") == [1, 3, 5, 7]
    assert positions(ada, url, search="nothing") == []


def test_a_page_before_has_its_positions_too(
    ada: Client, account: SpotifyAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("django_spotify_sync.rest.cursors.CursorPages.page_size", 3)
    playlist = own(account)
    for number in range(7):
        put(playlist, position=number * 1000)
    page = ada.get(items_of(playlist.spotify_id)).json()
    for _ in range(2):
        page = ada.get(page["next"]).json()

    page = ada.get(page["previous"]).json()

    assert [row["position"] for row in page["results"]] == [3, 4, 5]


@pytest.mark.parametrize("can_read_items", [False, None])
def test_items_that_another_user_s_token_fetched_are_not_shown(
    ada: Client, account: SpotifyAccount, other_user: Any, can_read_items: bool | None
) -> None:
    playlist = own(account_of(other_user))
    own(account, playlist, can_read_items=can_read_items)
    put(playlist)

    mine = ada.get(items_of(playlist.spotify_id))
    theirs = browser_of(other_user).get(items_of(playlist.spotify_id))

    assert mine.json() == {"next": None, "previous": None, "results": []}
    assert len(theirs.json()["results"]) == 1
    AccountPlaylist.objects.update(can_read_items=True)
    assert len(ada.get(items_of(playlist.spotify_id)).json()["results"]) == 1


def test_a_list_of_another_user_is_not_found(
    ada: Client, account: SpotifyAccount, other_user: Any
) -> None:
    playlist = own(account_of(other_user))
    put(playlist)

    for spotify_id in (playlist.spotify_id, "nobody's", "%00", "%FF"):
        response = ada.get(items_of(spotify_id))
        assert (response.status_code, response.json()["code"]) == (404, "not_found")


def test_no_item_is_left_of_a_list_that_is_gone(ada: Client, account: SpotifyAccount) -> None:
    playlist = own(account)
    put(playlist)
    AccountPlaylist.objects.all().delete()

    assert PlaylistItem.objects.exists()
    assert ada.get(items_of(playlist.spotify_id)).status_code == 404

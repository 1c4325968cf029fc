"""The REST doors to the library: which rows, in which order, found by what, at what cost."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from django_spotify_sync.models import (
    AccountPlaylist,
    Artist,
    PlaylistItem,
    SavedTrack,
    SpotifyAccount,
    Track,
)
from tests.kit.browsing import browser_of
from tests.kit.libraries import EPOCH, account_of, follow, own, put, save, track_of

pytestmark = pytest.mark.django_db

TRACKS, PLAYLISTS, FOLLOWING = "/spotify/tracks/", "/spotify/playlists/", "/spotify/following/"


@pytest.fixture
def account(user: Any) -> SpotifyAccount:
    return account_of(user, "ada")


@pytest.fixture
def ada(user: Any) -> Client:
    return browser_of(user)


def items_of(spotify_id: str) -> str:
    return f"/spotify/playlists/{spotify_id}/items/"


def names(client: Client, url: str, **query: str) -> list[str]:
    """Return the names of a list in its order, page by page."""
    found: list[str] = []
    page = client.get(url, query).json()
    while True:
        found += [row.get("name") or row.get("title") for row in page["results"]]
        if page["next"] is None:
            return found
        page = client.get(page["next"]).json()


# tracks/


def test_entries_without_a_track_are_left_out_and_not_counted(
    ada: Client, account: SpotifyAccount
) -> None:
    saved = save(account)
    SavedTrack.objects.create(account=account, rank=10**9)

    [track] = ada.get(TRACKS).json()["results"]

    assert track["spotify_id"] == saved.spotify_id
    assert ada.get("/spotify/account/").json()["resources"]["tracks"]["count"] == 1


def test_a_page_holds_fifty(ada: Client, account: SpotifyAccount) -> None:
    for _ in range(51):
        save(account)

    page = ada.get(TRACKS, {"page_size": "1000", "limit": "1000"}).json()

    assert len(page["results"]) == 50
    assert len(ada.get(page["next"]).json()["results"]) == 1


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


def test_parameters_that_mean_nothing_are_left_alone(ada: Client, shelf: SpotifyAccount) -> None:
    assert len(names(ada, TRACKS, offset="2", account="7", track__name="Blue")) == 4


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


# following/


def test_followed_artists(ada: Client, account: SpotifyAccount) -> None:
    followed = follow(account, "Ann", position=0)

    assert ada.get(FOLLOWING).json()["results"] == [
        {
            "spotify_id": followed.artist.spotify_id,
            "uri": f"spotify:artist:{followed.artist.spotify_id}",
            "name": "Ann",
            "image_url": "",
            "url": f"https://open.spotify.com/artist/{followed.artist.spotify_id}",
        }
    ]


def test_orders_of_followed_artists_and_search(ada: Client, account: SpotifyAccount) -> None:
    for position, name in enumerate(["bea", "Ann", "Cleo"]):
        follow(account, name, position=position)

    assert names(ada, FOLLOWING) == ["bea", "Ann", "Cleo"]
    assert names(ada, FOLLOWING, ordering="-position") == ["Cleo", "Ann", "bea"]
    assert names(ada, FOLLOWING, ordering="name") == ["Ann", "bea", "Cleo"]
    assert names(ada, FOLLOWING, search="AN") == ["Ann"]


# All of them


def fill(account: SpotifyAccount, rows: int) -> str:
    """Put so many rows into every list; return the id of a playlist."""
    playlist = own(account)
    for _ in range(rows):
        save(account)
        own(account)
        put(playlist)
        follow(account)
    return playlist.spotify_id


#: Session, user, account, rows with and without a value in the order where there may be none; artists, the list's link.
QUERIES = {
    TRACKS: 6,
    f"{TRACKS}?ordering=name": 5,
    f"{TRACKS}?ordering=artist&search=a": 5,
    f"{TRACKS}contains/?ids=a": 4,
    PLAYLISTS: 4,
    items_of("{}"): 6,
    f"{items_of('{}')}?ordering=added_at": 7,
    FOLLOWING: 4,
}


@pytest.mark.parametrize("rows", [1, 9])
@pytest.mark.parametrize("url", QUERIES)
def test_ten_rows_cost_as_many_queries_as_one(
    ada: Client, account: SpotifyAccount, url: str, rows: int
) -> None:
    url = url.format(playlist := fill(account, rows))

    with CaptureQueriesContext(connection) as captured:
        assert ada.get(url).status_code == 200

    assert len(captured) == QUERIES[url.replace(playlist, "{}")]


@pytest.mark.parametrize("url", [TRACKS, PLAYLISTS, items_of("{}"), FOLLOWING])
@pytest.mark.parametrize("status", ["suspect", "reauthorization_required", "disconnected"])
def test_what_is_left_of_a_library_is_read_whatever_became_of_the_account(
    ada: Client, account: SpotifyAccount, url: str, status: str
) -> None:
    url = url.format(fill(account, 1))
    SpotifyAccount.objects.update(status=status)

    response = ada.get(url)

    assert response.status_code == 200
    assert response.json()["results"]


@pytest.mark.parametrize(
    ("ordering", "values"),
    [
        ("name", ["b", "a", "A", "", "", "x" * 150 + "b", "x" * 150 + "a", "ü", "Ü", "𝄞", "1"]),
        ("-name", ["b", "a", "A", "", "", "x" * 150 + "b", "x" * 150 + "a", "ü", "Ü", "𝄞", "1"]),
    ],
)
def test_pages_of_names_lose_none_and_double_none(
    ada: Client,
    account: SpotifyAccount,
    ordering: str,
    values: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("django_spotify_sync.rest.cursors.CursorPages.page_size", 2)
    for name in values:
        save(account, track=track_of(name or " "))

    found: list[list[str]] = []
    back: list[list[str]] = []
    url = f"{TRACKS}?ordering={ordering}"
    while url:
        page = ada.get(url).json()
        found.append([row["name"] for row in page["results"]])
        assert len(url) < 900
        last, url = url, page["next"]
    url = last
    while url:
        page = ada.get(url).json()
        back.insert(0, [row["name"] for row in page["results"]])
        url = page["previous"]

    assert sorted(name.strip() for page in found for name in page) == sorted(values)
    assert [name for page in found for name in page] == [name for page in back for name in page]


def test_no_item_is_left_of_a_list_that_is_gone(ada: Client, account: SpotifyAccount) -> None:
    playlist = own(account)
    put(playlist)
    AccountPlaylist.objects.all().delete()

    assert PlaylistItem.objects.exists()
    assert ada.get(items_of(playlist.spotify_id)).status_code == 404

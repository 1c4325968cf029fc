"""What holds for each list of the library: where it is, whose rows, at what cost, page by page."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from django_spotify_sync.models import SpotifyAccount
from tests.kit.api import (
    ALBUMS,
    AUDIOBOOKS,
    EPISODES,
    FOLLOWING,
    PLAYLISTS,
    SHOWS,
    TRACKS,
    items_of,
    run_of,
)
from tests.kit.browsing import JSON
from tests.kit.libraries import account_of, follow, own, put, save, track_of
from tests.kit.shelves import album_of, save_album, save_audiobook, save_episode, save_show

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("all_resources")]

WHOLE = f"{ALBUMS}whole/"
#: By the resource that each shows.
LISTS = {
    TRACKS: "tracks",
    f"{TRACKS}contains/?ids=a": "tracks",
    PLAYLISTS: "playlists",
    items_of("{}"): "playlists",
    FOLLOWING: "following",
    ALBUMS: "albums",
    WHOLE: "albums",
    SHOWS: "shows",
    EPISODES: "episodes",
    AUDIOBOOKS: "audiobooks",
}
each_list = pytest.mark.parametrize("url", LISTS)


def test_a_page_holds_fifty(ada: Client, account: SpotifyAccount) -> None:
    for _ in range(51):
        save(account)

    page = ada.get(TRACKS).json()

    assert len(page["results"]) == 50
    assert len(ada.get(page["next"]).json()["results"]) == 1


def fill(account: SpotifyAccount, rows: int) -> str:
    """Put so many rows into every list, and so many tracks into an album; return the id of a playlist."""
    playlist = own(account)
    save_album(account, album_of(spotify_id="whole", tracks=rows))
    for _ in range(rows):
        save(account)
        own(account)
        put(playlist)
        follow(account)
        save_album(account, album_of(tracks=1))
        save_show(account)
        save_episode(account)
        save_audiobook(account)
    return playlist.spotify_id


#: Session, user, account, rows with and without a value in the order where there may be none; artists, the list's link,
#: the places in it. In an order of names: whether the rows keep their keys, and the keys of the page. For a word:
#: whether it is rare. For albums: how many of their tracks are saved, and the tracks of one with their artists.
QUERIES = {
    TRACKS: 6,
    f"{TRACKS}?ordering=name": 7,
    f"{TRACKS}?ordering=artist&search=a": 8 if connection.vendor == "postgresql" else 7,
    f"{TRACKS}contains/?ids=a": 4,
    PLAYLISTS: 4,
    items_of("{}"): 7,
    f"{items_of('{}')}?ordering=added_at": 8,
    f"{items_of('{}')}?search=a": 8 if connection.vendor == "postgresql" else 7,
    FOLLOWING: 4,
    ALBUMS: 7,
    f"{ALBUMS}?ordering=artist&search=a": 6,
    f"{ALBUMS}?ordering=release_date": 7,
    WHOLE: 8,
    SHOWS: 5,
    f"{SHOWS}?ordering=publisher&search=a": 4,
    EPISODES: 5,
    f"{EPISODES}?ordering=duration&search=a": 4,
    AUDIOBOOKS: 5,
    f"{AUDIOBOOKS}?ordering=author&search=a": 4,
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


@each_list
@pytest.mark.parametrize("status", ["suspect", "reauthorization_required", "disconnected"])
def test_what_is_left_of_a_library_is_read_whatever_became_of_the_account(
    ada: Client, account: SpotifyAccount, url: str, status: str
) -> None:
    url = url.format(fill(account, 1))
    SpotifyAccount.objects.update(status=status)

    response = ada.get(url)

    assert response.status_code == 200
    assert response.json().get("results", True)


# Where it is


@each_list
def test_what_the_site_does_not_sync_is_not_there(
    ada: Client, account: SpotifyAccount, url: str, settings: Any
) -> None:
    resource, url = LISTS[url], url.format(fill(account, 1))
    assert ada.get(url).status_code == 200

    settings.SPOTIFY_SYNC_RESOURCES = sorted({*LISTS.values()} - {resource})
    answer = ada.get(url)

    assert answer.status_code == 404
    assert answer.json() == {"code": "not_found", "detail": "Not found."}
    settings.SPOTIFY_SYNC_RESOURCES = [resource]
    assert ada.get(url).status_code == 200


@each_list
def test_nobody_is_told_what_the_site_syncs(client: Client, url: str, settings: Any) -> None:
    settings.SPOTIFY_SYNC_RESOURCES = []

    assert client.get(url, headers=JSON).status_code == 403


@each_list
def test_who_never_connected_is_told_so(ada: Client, url: str) -> None:
    answer = ada.get(url)

    assert (answer.status_code, answer.json()["code"]) == (409, "not_connected")


# Whose rows


@pytest.mark.parametrize("url", [TRACKS, PLAYLISTS, FOLLOWING, ALBUMS, SHOWS, EPISODES, AUDIOBOOKS])
def test_a_list_holds_nobody_else_s_rows(
    ada: Client, grace: Client, account: SpotifyAccount, other_user: Any, url: str
) -> None:
    account_of(other_user)
    fill(account, 2)

    assert ada.get(url).json()["results"]
    assert grace.get(url).json()["results"] == []


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


def test_rows_of_others_are_not_found(
    ada: Client, grace: Client, account: SpotifyAccount, other_user: Any
) -> None:
    run = run_of(account)
    save(account)

    account_of(other_user)

    assert ada.get(f"/spotify/syncs/{run.pk}/").status_code == 200
    assert grace.get(f"/spotify/syncs/{run.pk}/").status_code == 404
    assert grace.get("/spotify/syncs/").json()["results"] == []
    assert grace.get("/spotify/tracks/").json()["results"] == []
    for name in ("account", "user", "account_id", "user_id"):
        query = {name: str(account.pk)}
        assert grace.get("/spotify/tracks/", query).json()["code"] == "unknown_parameter"


def test_two_users_each_see_their_own(
    ada: Client, grace: Client, account: SpotifyAccount, other_user: Any
) -> None:
    mine, theirs = save(account), save(account_of(other_user, "grace"))

    for client, saved in ((ada, mine), (grace, theirs)):
        [track] = client.get("/spotify/tracks/").json()["results"]
        assert track["spotify_id"] == saved.spotify_id
    assert grace.get("/spotify/account/").json()["spotify_id"] == "grace"

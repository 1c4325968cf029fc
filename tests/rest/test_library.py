"""What holds for each list of the library: whose rows, at what cost, page by page."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from django_spotify_sync.models import SpotifyAccount
from tests.kit.api import FOLLOWING, PLAYLISTS, TRACKS, items_of, run_of
from tests.kit.libraries import account_of, follow, own, put, save, track_of

pytestmark = pytest.mark.django_db


def test_a_page_holds_fifty(ada: Client, account: SpotifyAccount) -> None:
    for _ in range(51):
        save(account)

    page = ada.get(TRACKS).json()

    assert len(page["results"]) == 50
    assert len(ada.get(page["next"]).json()["results"]) == 1


def fill(account: SpotifyAccount, rows: int) -> str:
    """Put so many rows into every list; return the id of a playlist."""
    playlist = own(account)
    for _ in range(rows):
        save(account)
        own(account)
        put(playlist)
        follow(account)
    return playlist.spotify_id


#: Session, user, account, rows with and without a value in the order where there may be none; artists, the list's link,
#: the places in it. In an order of names: whether the rows keep their keys, and the keys of the page. For a word:
#: whether it is rare.
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

"""What the query of a list may hold: what is misspelt is said, and does not pass for a list that was narrowed."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from django_spotify_sync.models import SpotifyAccount
from tests.kit.browsing import browser_of
from tests.kit.libraries import account_of, follow, own, put, save

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("all_resources")]

PAGES = ["cursor", "ordering"]
KNOWN = {
    "/spotify/tracks/": [*PAGES, "search", "artist", "album", "added_since"],
    "/spotify/tracks/contains/": ["ids"],
    "/spotify/playlists/": [*PAGES, "search"],
    "/spotify/playlists/{}/items/": [*PAGES, "search"],
    "/spotify/following/": [*PAGES, "search"],
    "/spotify/albums/": [*PAGES, "search"],
    "/spotify/shows/": [*PAGES, "search"],
    "/spotify/episodes/": [*PAGES, "search"],
    "/spotify/audiobooks/": [*PAGES, "search"],
    "/spotify/syncs/": PAGES,
    "/spotify/changes/": [*PAGES, "resource", "kind", "since"],
}
GOOD = {
    "cursor": "",
    "ordering": "",
    "search": "x",
    "artist": "x",
    "album": "x",
    "added_since": "2026-01-01T00:00:00Z",
    "ids": "a",
    "resource": "tracks",
    "kind": "added",
    "since": "2026-01-01T00:00:00Z",
}
each_list = pytest.mark.parametrize("address", KNOWN)


@pytest.fixture
def account(user: Any) -> SpotifyAccount:
    account = account_of(user, "ada")
    save(account)
    follow(account)
    return account


@pytest.fixture
def ada(user: Any) -> Client:
    return browser_of(user)


def whole(address: str, account: SpotifyAccount) -> str:
    return address.format(put(own(account)).playlist.spotify_id) if "{}" in address else address


@each_list
@pytest.mark.parametrize("name", ["serch", "limit", "page", "account", "SEARCH", "", "ids[]", "\0"])
def test_what_there_is_not_is_answered_with_what_there_is(
    ada: Client, account: SpotifyAccount, address: str, name: str
) -> None:
    answer = ada.get(
        whole(address, account), {"ids": "a", name: "x"} if "ids" in KNOWN[address] else {name: "x"}
    )

    assert answer.status_code == 400
    known = ", ".join(KNOWN[address])
    assert answer.json() == {
        "code": "unknown_parameter",
        "detail": f"There is no parameter {name} here; there are: {known}.",
    }


@each_list
def test_what_there_is_may_be_asked(ada: Client, account: SpotifyAccount, address: str) -> None:
    for name in KNOWN[address]:
        answer = ada.get(whole(address, account), {name: GOOD[name]})
        assert answer.status_code == 200, (name, answer.content)


@each_list
def test_rest_framework_s_format_is_put_up_with(
    ada: Client, account: SpotifyAccount, address: str
) -> None:
    query = {"format": "json", **({"ids": "a"} if "ids" in KNOWN[address] else {})}

    assert ada.get(whole(address, account), query).status_code == 200


def test_a_name_without_end_is_cut(ada: Client, account: SpotifyAccount) -> None:
    answer = ada.get("/spotify/tracks/", {"x" * 3000: "1"})

    assert answer.status_code == 400
    assert len(answer.json()["detail"]) < 300


def test_links_of_pages_are_known(ada: Client, account: SpotifyAccount) -> None:
    for _ in range(60):
        save(account)

    page = ada.get("/spotify/tracks/", {"ordering": "name", "search": "track"}).json()

    assert ada.get(page["next"]).status_code == 200

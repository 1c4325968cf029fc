"""Who may call the fake's Web API."""

from __future__ import annotations

import pytest
import requests

from django_spotify_sync.testing import FakeSpotify
from tests.testing.conftest import Get


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ({}, "No token provided"),
        ({"Authorization": "Basic abc"}, "No token provided"),
        ({"Authorization": "Bearer FAKE_ACCESS_other"}, "Invalid access token"),
    ],
)
def test_calls_need_a_token(
    fake: FakeSpotify, session: requests.Session, header: dict[str, str], message: str
) -> None:
    answer = session.get(f"{fake.api_url}/me", headers=header, timeout=10)

    assert answer.status_code == 401
    assert answer.json() == {"error": {"status": 401, "message": message}}


@pytest.mark.parametrize(
    ("path", "scope"),
    [
        ("/me/tracks", "user-library-read"),
        ("/me/playlists", "playlist-read-private"),
        ("/me/following?type=artist", "user-follow-read"),
    ],
)
def test_each_list_has_its_scope(fake: FakeSpotify, get: Get, path: str, scope: str) -> None:
    without = fake.grant(scope="user-top-read")["access_token"]
    with_it = fake.grant(scope=scope)["access_token"]

    answer = get(path, token=without)
    assert answer.status_code == 403
    assert answer.json() == {"error": {"status": 403, "message": "Insufficient client scope"}}
    assert get(path, token=with_it).status_code == 200
    assert get("/me", token=without).status_code == 200


def test_who_is_not_on_the_allow_list_is_told_in_bare_text(fake: FakeSpotify, get: Get) -> None:
    fake.allowlist = {"somebody-else"}

    answer = get("/me")
    assert answer.status_code == 403
    assert answer.text == "User not registered in the Developer Dashboard"
    assert answer.headers["Content-Type"].startswith("text/plain")
    fake.allowlist.add(fake.user.id)
    assert get("/me").status_code == 200


def test_without_the_owners_premium_everything_is_403_in_bare_text(
    fake: FakeSpotify, get: Get
) -> None:
    fake.owner_premium = False

    answer = get("/me/tracks")
    assert answer.status_code == 403
    assert answer.text.startswith("Active premium subscription required for the owner of the app.")

"""OPTIONS says what an address takes, to everybody, however often."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from tests.kit.browsing import HOST, JSON, browser_of
from tests.whole.test_contract import ENDPOINTS

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("headers", [{}, JSON], ids=["browser", "API client"])
@pytest.mark.parametrize("signed_in", [True, False])
@pytest.mark.parametrize("path", ENDPOINTS)
def test_every_address_says_what_it_takes(
    user: Any, settings: Any, path: str, signed_in: bool, headers: dict[str, str]
) -> None:
    settings.SPOTIFY_SYNC_LOGIN_ENABLED = True
    client = browser_of(user if signed_in else None)

    answer = client.options(f"/spotify/{path.format('any')}", headers=headers)

    assert answer.status_code == 204
    assert answer.content == b""
    allowed = set(answer["Allow"].split(", "))
    assert allowed - {"HEAD", "OPTIONS"} == ENDPOINTS[path]
    assert "OPTIONS" in allowed
    assert not answer.cookies


@pytest.mark.parametrize("path", ["auth/", "callback/", "refresh/", "sync/", "sync/tracks/"])
def test_it_is_no_matter_of_throttles(user: Any, settings: Any, path: str) -> None:
    settings.SPOTIFY_SYNC_THROTTLE_RATES = dict.fromkeys(("oauth", "sync", "full_sync"), "1/day")
    client = browser_of(user)
    client.generic("POST" if "POST" in ENDPOINTS[path] else "GET", f"/spotify/{path}", headers=JSON)

    statuses = {client.options(f"/spotify/{path}").status_code for _ in range(3)}

    assert statuses == {204}


def test_nor_does_it_use_a_throttle_up(user: Any, settings: Any) -> None:
    settings.SPOTIFY_SYNC_THROTTLE_RATES = {"oauth": "1/day"}
    client = browser_of(user)
    for _ in range(3):
        client.options("/spotify/auth/", headers=JSON)

    assert client.get("/spotify/auth/", headers=JSON).status_code == 200


@pytest.mark.parametrize("headers", [{}, JSON])
def test_where_nobody_signs_in_there_is_nothing_to_say(headers: dict[str, str]) -> None:
    answer = Client(HTTP_HOST=HOST).options("/spotify/login/", headers=headers)

    assert answer.status_code == 404


def test_a_method_that_is_not_there_is_told_which_are(user: Any) -> None:
    client = browser_of(user)

    assert client.delete("/spotify/callback/")["Allow"] == "GET, POST, OPTIONS"
    assert client.delete("/spotify/callback/", headers=JSON)["Allow"] == "GET, POST, OPTIONS"
    assert client.delete("/spotify/tracks/")["Allow"] == "GET, HEAD, OPTIONS"

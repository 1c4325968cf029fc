"""The way to Spotify for who signs in: whether there is one, and who is sent on it."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from django_spotify_sync.models import SpotifyAccount
from django_spotify_sync.testing import FakeSpotify
from tests.kit.browsing import JSON, begin, browser_of, by_browser, consent, query_of
from tests.kit.signing_in import agreed, login, who

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("login_enabled")]


def test_an_api_client_begins_by_json(
    nobody: Client, account: SpotifyAccount, user: Any, spotify: FakeSpotify
) -> None:
    address = nobody.get("/spotify/login/", headers=JSON).json()["authorize_url"]

    answer = nobody.post("/spotify/callback/", consent(address), "application/json", headers=JSON)

    assert (answer.status_code, answer.json()["spotify_id"]) == (200, spotify.user.id)
    assert who(nobody) == str(user.pk)


def test_who_is_signed_in_is_asked_for_no_less_than_was_granted(
    account: SpotifyAccount, user: Any, settings: Any
) -> None:
    granted = account.scopes
    settings.SPOTIFY_SYNC_SCOPES = ["user-top-read"]

    asked = query_of(login(browser_of(user)))["scope"].split()

    assert asked[0] == "user-top-read"
    assert sorted(asked[1:]) == granted
    assert query_of(login(browser_of()))["scope"] == "user-top-read"
    assert query_of(begin(browser_of(user)))["scope"] == "user-top-read", (
        "connecting asks for what the site wants"
    )


# Off, away, too often


@pytest.mark.parametrize("off", [False, None])
def test_there_is_nothing_unless_the_site_wants_it(
    nobody: Client, settings: Any, off: bool | None
) -> None:
    if off is None:
        del settings.SPOTIFY_SYNC_LOGIN_ENABLED
    else:
        settings.SPOTIFY_SYNC_LOGIN_ENABLED = off

    page, answer = nobody.get("/spotify/login/"), nobody.get("/spotify/login/", headers=JSON)

    assert (page.status_code, answer.status_code) == (404, 404)
    assert answer.json()["code"] == "not_found"
    assert "spotify_sync_browser" not in str(page.cookies) + str(answer.cookies)


def test_nobody_is_sent_away_who_could_not_come_back(
    nobody: Client, take_the_cache_away: Any
) -> None:
    take_the_cache_away()

    page, answer = nobody.get("/spotify/login/"), nobody.get("/spotify/login/", headers=JSON)

    assert page["Location"] == "/?spotify_error=cache_unavailable"
    assert (answer.status_code, answer.json()["code"]) == (503, "cache_unavailable")


def test_asking_too_often(nobody: Client, settings: Any) -> None:
    settings.SPOTIFY_SYNC_THROTTLE_RATES = {"oauth": "2/min"}
    for _ in range(2):
        login(nobody)

    page, answer = nobody.get("/spotify/login/"), nobody.get("/spotify/login/", headers=JSON)

    assert page["Location"] == "/?spotify_error=throttled"
    assert (answer.status_code, answer.json()["code"]) == (429, "throttled")
    assert browser_of().get("/spotify/login/", REMOTE_ADDR="10.0.0.9").status_code == 302


@pytest.mark.parametrize("headers", [{}, JSON])
@pytest.mark.parametrize("method", ["head", "post", "put", "delete"])
def test_other_methods_do_nothing(nobody: Client, method: str, headers: dict[str, str]) -> None:
    answer = getattr(nobody, method)("/spotify/login/", headers=headers)

    assert answer.status_code == 405
    assert answer["Allow"] == "GET, OPTIONS"
    assert "spotify_sync_browser" not in str(answer.cookies)


@pytest.mark.parametrize("headers", [{}, JSON])
def test_answers_are_kept_by_nobody_and_refer_to_nothing(
    nobody: Client, headers: dict[str, str]
) -> None:
    answer = nobody.get("/spotify/login/", headers=headers)

    assert "no-store" in answer["Cache-Control"]
    assert answer["Referrer-Policy"] == "no-referrer"
    [cookie] = [morsel for name, morsel in answer.cookies.items() if "spotify" in name]
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")


def test_a_host_that_wants_a_login_everywhere(
    nobody: Client, account: SpotifyAccount, user: Any, settings: Any
) -> None:
    settings.MIDDLEWARE = [
        *settings.MIDDLEWARE,
        "django.contrib.auth.middleware.LoginRequiredMiddleware",
    ]

    assert by_browser(nobody, agreed(nobody)) == (200, "")
    assert who(nobody) == str(user.pk)

"""The way to Spotify for who signs in: whether there is one, and who is sent on it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.test import Client
from django_redis import get_redis_connection
from pytest_django.asserts import assertContains, assertTemplateUsed

from django_spotify_sync.models import SpotifyAccount
from django_spotify_sync.testing import FakeSpotify
from tests.kit.browsing import HOST, JSON, begin, browser_of, by_browser, consent, query_of
from tests.kit.signing_in import agreed, login, who

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("login_enabled")]


@pytest.mark.parametrize("method", ["get", "post"])
def test_an_api_client_begins_by_json(
    nobody: Client, account: SpotifyAccount, user: Any, spotify: FakeSpotify, method: str
) -> None:
    begun = getattr(nobody, method)("/spotify/login/", headers=JSON)
    address = begun.json()["authorize_url"]

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


# By a POST


def states_begun() -> int:
    """Return how many attempts were begun that nobody has finished."""
    redis = get_redis_connection()
    return len(list(redis.scan_iter(django_settings.REDIS_PREFIX + "*spotify_sync:state:*")))


@pytest.mark.parametrize("site", [None, "cross-site", "same-site", "same-origin", "none"])
def test_a_get_shows_a_page_and_begins_nothing(
    nobody: Client, account: SpotifyAccount, spotify: FakeSpotify, site: str | None
) -> None:
    headers = {"Sec-Fetch-Site": site} if site else {}

    page = nobody.get("/spotify/login/?next=/library/", headers=headers)

    assert page.status_code == 200
    assertTemplateUsed(page, "spotify_sync/begin.html")
    assertContains(page, '<form method="post" action="/spotify/login/?next=/library/">')
    assert states_begun() == 0
    assert "spotify_sync_browser" not in str(page.cookies)
    assert who(nobody) is None
    assert spotify.count("/authorize") == 0


def test_the_page_s_button_begins_where_it_was_asked_for(
    account: SpotifyAccount, user: Any
) -> None:
    """With Django's own check of CSRF, as browsers meet it: they name the origin of a form, by the page's policy."""
    browser = browser_of(enforce_csrf_checks=True)
    page = browser.get("/spotify/login/?next=/library/")
    [token] = re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', page.content.decode())

    assert page["Referrer-Policy"] == "same-origin"
    assert page["X-Frame-Options"] == "DENY"
    begun = browser.post(
        "/spotify/login/",
        {"csrfmiddlewaretoken": token},
        query_params={"next": "/library/"},
        HTTP_ORIGIN=f"http://{HOST}",
    )
    back = browser.get("/spotify/callback/", consent(begun["Location"]))

    assert back["Location"] == "/library/"
    assert who(browser) == str(user.pk)


@pytest.mark.parametrize("headers", [{}, {"Origin": "https://evil.example"}, {"Origin": "null"}])
@pytest.mark.parametrize("has_middleware", [True, False])
def test_another_site_s_form_begins_nothing(
    account: SpotifyAccount, settings: Any, headers: dict[str, str], has_middleware: bool
) -> None:
    if not has_middleware:
        settings.MIDDLEWARE = [one for one in settings.MIDDLEWARE if "csrf" not in one]
    browser = browser_of(enforce_csrf_checks=True)

    answer = browser.post("/spotify/login/", headers=headers)

    assert answer.status_code == 403
    assert states_begun() == 0
    assert "spotify_sync_browser" not in str(answer.cookies)


# Off, away, too often


@pytest.mark.parametrize("off", [False, None])
def test_there_is_nothing_unless_the_site_wants_it(
    nobody: Client, settings: Any, off: bool | None
) -> None:
    if off is None:
        del settings.SPOTIFY_SYNC_LOGIN_ENABLED
    else:
        settings.SPOTIFY_SYNC_LOGIN_ENABLED = off

    page, answer = nobody.post("/spotify/login/"), nobody.post("/spotify/login/", headers=JSON)

    assert (page.status_code, answer.status_code) == (404, 404)
    assert answer.json()["code"] == "not_found"
    assert "spotify_sync_browser" not in str(page.cookies) + str(answer.cookies)


def test_nobody_is_sent_away_who_could_not_come_back(
    nobody: Client, take_the_cache_away: Any
) -> None:
    take_the_cache_away()

    page, answer = nobody.post("/spotify/login/"), nobody.post("/spotify/login/", headers=JSON)

    assert page["Location"] == "/spotify/?spotify_error=cache_unavailable"
    assert (answer.status_code, answer.json()["code"]) == (503, "cache_unavailable")


def test_asking_too_often(nobody: Client, settings: Any) -> None:
    settings.SPOTIFY_SYNC_THROTTLE_RATES = {"oauth": "2/min"}
    for _ in range(2):
        login(nobody)

    page, answer = nobody.post("/spotify/login/"), nobody.post("/spotify/login/", headers=JSON)

    assert page["Location"] == "/spotify/?spotify_error=throttled"
    assert (answer.status_code, answer.json()["code"]) == (429, "throttled")
    assert browser_of().post("/spotify/login/", REMOTE_ADDR="10.0.0.9").status_code == 302


@pytest.mark.parametrize("headers", [{}, JSON])
@pytest.mark.parametrize("method", ["head", "put", "patch", "delete"])
def test_other_methods_do_nothing(nobody: Client, method: str, headers: dict[str, str]) -> None:
    answer = getattr(nobody, method)("/spotify/login/", headers=headers)

    assert answer.status_code == 405
    assert answer["Allow"] == "GET, POST, OPTIONS"
    assert "spotify_sync_browser" not in str(answer.cookies)


@pytest.mark.parametrize("headers", [{}, JSON])
def test_answers_are_kept_by_nobody_and_refer_to_nothing(
    nobody: Client, headers: dict[str, str]
) -> None:
    answer = nobody.post("/spotify/login/", headers=headers)

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

"""Hosts that keep neither users nor sessions on a request: sites of API clients alone."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from django_spotify_sync.models import SpotifyAccount
from django_spotify_sync.rest.pinned import PinnedAPIView
from django_spotify_sync.testing import FakeSpotify
from django_spotify_sync.views.cookie import BROWSER_COOKIE
from tests.kit.browsing import HOST, JSON, SIGN_IN_FIRST, ByName, by_browser, consent, query_of

pytestmark = pytest.mark.django_db

BACKENDS = ["django_spotify_sync.backends.SpotifyBackend"]
ADA = {**JSON, "Authorization": "Name ada"}


@pytest.fixture(params=["neither", "no users"])
def api_only(request: pytest.FixtureRequest, settings: Any, monkeypatch: Any) -> None:
    """Leave out what makes users of sessions, or sessions too; API clients bring their name."""
    gone = ["auth.middleware.AuthenticationMiddleware", "messages.middleware.MessageMiddleware"]
    if request.param == "neither":
        gone.append("sessions.middleware.SessionMiddleware")
    settings.MIDDLEWARE = [one for one in settings.MIDDLEWARE if not one.endswith(tuple(gone))]
    monkeypatch.setattr(PinnedAPIView, "authentication_classes", [ByName])


@pytest.fixture
def nobody(api_only: None, spotify: FakeSpotify) -> Client:
    return Client(HTTP_HOST=HOST)


def test_a_browser_is_nobody(nobody: Client, caplog: pytest.LogCaptureFixture) -> None:
    begun, back = nobody.get("/spotify/auth/"), nobody.get("/spotify/callback/?state=x&code=y")

    assert begun["Location"] == "/accounts/login/?next=/spotify/auth/"
    assert query_of(back["Location"]) == {"spotify_error": "state_expired"}
    assert "cache is away" not in caplog.text


def test_an_api_client_connects(nobody: Client, user: Any) -> None:
    address = nobody.get("/spotify/auth/", headers=ADA).json()["authorize_url"]

    answer = nobody.post("/spotify/callback/", consent(address), "application/json", headers=ADA)

    assert answer.status_code == 200
    assert SpotifyAccount.objects.get().user_id == user.pk


def test_an_api_client_s_browser_connects_nobody_by_its_cookie_alone(
    nobody: Client, user: Any
) -> None:
    brought = consent(nobody.get("/spotify/auth/", headers=ADA).json()["authorize_url"])
    assert nobody.cookies[BROWSER_COOKIE].value

    assert by_browser(nobody, brought) == (302, SIGN_IN_FIRST)
    assert not SpotifyAccount.objects.exists()
    assert nobody.get("/spotify/callback/", brought, headers=ADA).status_code == 200


@pytest.mark.parametrize("headers", [{}, JSON])
def test_nobody_signs_in_where_there_are_no_sessions(
    nobody: Client, settings: Any, headers: dict[str, str]
) -> None:
    settings.SPOTIFY_SYNC_LOGIN_ENABLED = True
    settings.AUTHENTICATION_BACKENDS = BACKENDS
    keeps_sessions = any(one.endswith("SessionMiddleware") for one in settings.MIDDLEWARE)

    answer = nobody.post("/spotify/login/", headers=headers)

    began = 200 if headers else 302
    assert answer.status_code == (began if keeps_sessions else 404)


def test_a_sign_in_that_was_begun_elsewhere_ends_as_nobody_s(
    user: Any, spotify: FakeSpotify, settings: Any
) -> None:
    settings.SPOTIFY_SYNC_LOGIN_ENABLED = True
    settings.AUTHENTICATION_BACKENDS = BACKENDS
    browser = Client(HTTP_HOST=HOST)
    brought = consent(browser.post("/spotify/login/")["Location"])
    settings.MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
    elsewhere = Client(HTTP_HOST=HOST)
    elsewhere.cookies[BROWSER_COOKIE] = browser.cookies[BROWSER_COOKIE].value

    assert (
        elsewhere.get("/spotify/callback/", brought)["Location"]
        == "/spotify/?spotify_error=no_user"
    )
    assert not SpotifyAccount.objects.exists()

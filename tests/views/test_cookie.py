"""The cookie that tells the browser that began."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from django_spotify_sync.views.cookie import BROWSER_COOKIE
from tests.kit.browsing import HOST, begun, browser_of, by_browser, consent

pytestmark = pytest.mark.django_db


def test_cookie_of_the_browser(ada: Client, settings: Any) -> None:
    settings.SPOTIFY_SYNC_STATE_TTL = timedelta(minutes=3)

    ada.cookies[BROWSER_COOKIE] = "no value of ours \xff"

    cookie = ada.get("/spotify/auth/").cookies[BROWSER_COOKIE]

    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert (cookie["path"], cookie["domain"], cookie["secure"]) == ("/", "", "")
    assert cookie["max-age"] == 180
    assert len(cookie.value) >= 43


def test_cookie_over_https_can_be_set_by_no_other_host(ada: Client) -> None:
    cookies = ada.get("/spotify/auth/", secure=True).cookies

    cookie = cookies[f"__Host-{BROWSER_COOKIE}"]
    assert cookie["secure"]
    assert (cookie["path"], cookie["domain"]) == ("/", "")
    assert BROWSER_COOKIE not in cookies


def test_cookie_over_https_tells_the_browser(ada: Client, user: Any) -> None:
    brought = consent(str(ada.get("/spotify/auth/", secure=True)["Location"]))
    name = f"__Host-{BROWSER_COOKIE}"
    same, planted = browser_of(user), browser_of(user)
    same.cookies[name] = ada.cookies[name].value
    planted.cookies[BROWSER_COOKIE] = ada.cookies[name].value

    refused = planted.get("/spotify/callback/", brought, secure=True)
    accepted = same.get("/spotify/callback/", brought, secure=True)

    assert refused["Location"] == "/spotify/?spotify_error=state_other_browser"
    assert accepted["Location"] == "/spotify/"


def test_cookie_behind_a_proxy_that_ends_https_and_says_nothing(
    ada: Client, user: Any, settings: Any
) -> None:
    settings.SPOTIFY_SYNC_REDIRECT_URI = f"https://{HOST}/spotify/callback/"
    brought = begun(ada)
    name = f"__Host-{BROWSER_COOKIE}"
    same, planted = browser_of(user), browser_of(user)
    same.cookies[name] = planted.cookies[BROWSER_COOKIE] = ada.cookies[name].value

    assert ada.cookies[name]["secure"]
    assert BROWSER_COOKIE not in ada.cookies
    assert by_browser(planted, brought) == (302, "state_other_browser")
    assert by_browser(same, brought) == (200, "")


def test_two_tabs_connect_one_after_the_other(ada: Client) -> None:
    """The cookie goes with the end of the first; the session is what the second is known by."""
    first, second = begun(ada), begun(ada)

    assert by_browser(ada, second) == (200, "")
    assert by_browser(ada, first) == (200, "")

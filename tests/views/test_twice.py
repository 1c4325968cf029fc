"""Browsers that ask twice, or before anybody goes there; people who reload."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.test import Client
from django_redis import get_redis_connection

from django_spotify_sync import accounts
from django_spotify_sync.accounts import states
from django_spotify_sync.models import SpotifyAccount, SpotifyToken
from django_spotify_sync.testing import FakeSpotify
from django_spotify_sync.views.cookie import BROWSER_COOKIE
from tests.kit.browsing import JSON, begun, browser_of, by_browser, by_post, consent, query_of
from tests.kit.concurrency import at_once
from tests.kit.connecting import connect

pytestmark = pytest.mark.django_db

commits = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ada(user: Any, spotify: FakeSpotify) -> Client:
    return browser_of(user)


def same_browser(browser: Client, user: Any = None) -> Client:
    """Open another tab: the same browser by its cookie, signed in as whom it is now."""
    tab = browser_of(user)
    tab.cookies[BROWSER_COOKIE] = browser.cookies[BROWSER_COOKIE].value
    return tab


# Again, after all went well


def test_a_reload_goes_on_to_where_the_first_one_did(ada: Client, spotify: FakeSpotify) -> None:
    brought = begun(ada, next="/library/")
    first = ada.get("/spotify/callback/", brought)
    asked = len(spotify.requests)

    again = [ada.get("/spotify/callback/", brought) for _ in range(2)]

    assert {answer["Location"] for answer in (first, *again)} == {"/library/"}
    assert len(spotify.requests) == asked, "the code is good once"
    assert SpotifyToken.objects.get().version == 1


def test_a_reload_goes_on_to_the_connected_url(ada: Client, settings: Any) -> None:
    settings.SPOTIFY_SYNC_CONNECTED_URL = "/connected/"
    brought = begun(ada)
    ada.get("/spotify/callback/", brought)

    assert ada.get("/spotify/callback/", brought)["Location"] == "/connected/"


def test_a_reload_by_who_lost_the_session_on_the_way(ada: Client, user: Any) -> None:
    brought = begun(ada)
    signed_in_again = same_browser(ada, user)

    assert by_browser(signed_in_again, brought) == (200, "")
    assert by_browser(signed_in_again, brought) == (200, "")


def test_it_is_known_for_as_long_as_an_attempt_may_take(ada: Client, settings: Any) -> None:
    settings.SPOTIFY_SYNC_STATE_TTL = timedelta(minutes=3)
    by_browser(ada, begun(ada))
    redis = get_redis_connection()

    [key] = redis.scan_iter(django_settings.REDIS_PREFIX + "*spotify_sync:used:*")

    assert 170 < redis.ttl(key) <= 180


# Again, and it is another's or was nothing


def test_another_browser_is_told_nothing(ada: Client, user: Any) -> None:
    brought = begun(ada)
    by_browser(ada, brought)

    assert by_browser(browser_of(user), brought) == (302, "state_replayed")
    assert by_browser(browser_of(), brought) == (302, "state_replayed")


def test_somebody_else_in_the_same_browser_is_told_nothing(ada: Client, other_user: Any) -> None:
    brought = begun(ada, next="/hers/")
    tab = same_browser(ada, other_user)
    by_browser(ada, brought)

    assert by_browser(tab, brought) == (302, "state_replayed")


def test_what_failed_is_no_success_the_second_time(ada: Client, spotify: FakeSpotify) -> None:
    spotify.consent = "deny"
    brought = begun(ada)
    assert by_browser(ada, brought) == (302, "access_denied")

    assert by_browser(ada, brought) == (302, "state_replayed")


def test_what_was_another_s_spotify_account_is_no_success_the_second_time(
    ada: Client, other_user: Any, spotify: FakeSpotify
) -> None:
    connect(other_user, spotify)
    brought = begun(ada)
    assert by_browser(ada, brought) == (302, "linked_elsewhere")

    assert by_browser(ada, brought) == (302, "state_replayed")


def test_an_api_client_is_told(ada: Client) -> None:
    brought = begun(ada)
    assert by_post(ada, brought) == (200, "")

    assert by_post(ada, brought) == (400, "state_replayed")


def test_a_note_that_an_older_version_left(ada: Client) -> None:
    brought = begun(ada)
    by_browser(ada, brought)
    redis = get_redis_connection()
    [key] = redis.scan_iter(django_settings.REDIS_PREFIX + "*spotify_sync:used:*")
    redis.set(key, b"1")

    assert by_browser(ada, brought) == (302, "state_replayed")


# Twice at once


@commits
@pytest.mark.parametrize("went", ["well", "badly"])
def test_who_comes_meanwhile_waits_for_the_first(
    ada: Client, user: Any, spotify: FakeSpotify, went: str
) -> None:
    if went == "badly":
        spotify.allowlist = set()
    brought = begun(ada, next="/library/")
    tab = same_browser(ada, user)
    spotify.faults.add("/me", delay=1.0)

    ends = at_once(lambda: by_browser(ada, brought), lambda: by_browser(tab, brought))

    failed = {(302, "not_allowlisted"), (302, "state_replayed")}
    assert set(ends) == ({(200, "")} if went == "well" else failed)
    assert SpotifyAccount.objects.count() == (went == "well")


@commits
def test_a_sign_in_that_comes_twice_at_once(user: Any, spotify: FakeSpotify, settings: Any) -> None:
    settings.SPOTIFY_SYNC_LOGIN_ENABLED = True
    settings.AUTHENTICATION_BACKENDS = ["django_spotify_sync.backends.SpotifyBackend"]
    connect(user, spotify)
    nobody = browser_of()
    brought = consent(nobody.post("/spotify/login/")["Location"])
    tab = same_browser(nobody)
    spotify.faults.add("/me", delay=1.0)

    ends = at_once(lambda: by_browser(nobody, brought), lambda: by_browser(tab, brought))

    assert ends == [(200, ""), (200, "")]
    signed_in = [one for one in (nobody, tab) if "_auth_user_id" in one.session]
    assert len(signed_in) == 1, "the second one began no session"
    assert by_browser(signed_in[0], brought) == (200, "")
    signed_in[0].cookies.pop("sessionid")
    assert by_browser(signed_in[0], brought) == (302, "state_replayed")


@commits
def test_who_never_ends_is_not_waited_for_for_ever(
    ada: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(states, "PATIENCE", 0.3)
    monkeypatch.setattr(accounts, "note_end", lambda *args: None)  # its process died
    brought = begun(ada)
    by_browser(ada, brought)

    assert by_browser(ada, brought) == (302, "state_replayed")


# Before anybody goes there

AHEAD = [
    {"Sec-Purpose": "prefetch"},
    {"Sec-Purpose": "prefetch;prerender"},
    {"Purpose": "prefetch"},
    {"X-Purpose": "preview"},
    {"X-Moz": "prefetch"},
]


@pytest.mark.parametrize("headers", AHEAD, ids=str)
def test_a_callback_ahead_of_time_uses_nothing_up(
    ada: Client, spotify: FakeSpotify, headers: dict[str, str]
) -> None:
    brought = begun(ada)
    asked = len(spotify.requests)

    ahead = ada.get("/spotify/callback/", brought, headers=headers)

    assert ahead.status_code == 403, "which a browser neither keeps nor shows"
    assert "no-store" in ahead["Cache-Control"]
    assert len(spotify.requests) == asked
    assert by_browser(ada, brought) == (200, "")


@pytest.mark.parametrize("headers", AHEAD, ids=str)
@pytest.mark.parametrize("also", [{}, JSON], ids=["browser", "API client"])
@pytest.mark.parametrize("door", ["auth", "login"])
def test_nothing_is_begun_ahead_of_time(
    ada: Client, settings: Any, door: str, headers: dict[str, str], also: dict[str, str]
) -> None:
    settings.SPOTIFY_SYNC_LOGIN_ENABLED = True
    settings.SPOTIFY_SYNC_THROTTLE_RATES = {"oauth": "1/min"}

    ahead = ada.get(f"/spotify/{door}/", headers={**headers, **also})

    assert ahead.status_code == 403
    assert not ahead.cookies
    redis = get_redis_connection()
    assert not list(redis.scan_iter(django_settings.REDIS_PREFIX + "*spotify_sync:*"))
    begun_by = ada.get("/spotify/auth/") if door == "auth" else ada.post("/spotify/login/")
    assert "state" in query_of(begun_by["Location"]), "nor was it counted by the throttle"

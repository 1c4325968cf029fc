"""How often may be asked."""

from __future__ import annotations

import logging
from collections import Counter
from functools import partial
from typing import Any

import pytest
from django.test import Client, RequestFactory

from django_spotify_sync import shared_cache
from django_spotify_sync.conf import Conf
from django_spotify_sync.exceptions import CacheUnavailable
from django_spotify_sync.models import SpotifyAccount
from django_spotify_sync.rest.throttles import ListsThrottle
from django_spotify_sync.testing import FakeSpotify
from tests.kit.api import SYNC
from tests.kit.browsing import JSON, browser_of
from tests.kit.concurrency import at_once
from tests.kit.libraries import account_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("nothing_is_sent")]


def test_six_syncs_a_minute(ada: Client, account: SpotifyAccount) -> None:
    statuses = [ada.post(SYNC).status_code for _ in range(6)]
    response = ada.post(SYNC)

    assert statuses == [202] * 6
    assert response.status_code == 429
    assert set(response.json()) == {"code", "detail"}
    assert response.json()["code"] == "throttled"
    assert 0 < int(response["Retry-After"]) <= 60


@pytest.mark.parametrize("again", [True, "true", "True", "YES", "on", "1", 1])
def test_two_full_passes_an_hour(ada: Client, account: SpotifyAccount, again: object) -> None:
    def ask(full: object) -> Any:
        return ada.post(SYNC, {"full": full}, "application/json")

    statuses = [ask(full).status_code for full in (False, "false", True, again)]
    response = ask(again)

    assert statuses == [202] * 4
    assert (response.status_code, response.json()["code"]) == (429, "throttled")
    assert 60 < int(response["Retry-After"]) <= 3600


def test_wishes_that_are_no_full_pass_are_not_counted_as_one(
    ada: Client, account: SpotifyAccount
) -> None:
    wishes: list[object] = ["false", "perhaps", [1], {}, None]
    for full in wishes:
        ada.post(SYNC, {"full": full}, "application/json")

    assert ada.post(SYNC, {"full": True}, "application/json").status_code == 202


def test_twenty_steps_of_oauth_a_minute(ada: Client, spotify: FakeSpotify) -> None:
    statuses = {ada.get("/spotify/auth/", headers=JSON).status_code for _ in range(20)}
    response = ada.get("/spotify/auth/", headers=JSON)

    assert statuses == {200}
    assert (response.status_code, response.json()["code"]) == (429, "throttled")
    assert 0 < int(response["Retry-After"]) <= 60


def test_each_user_has_a_rate_of_their_own(
    ada: Client, account: SpotifyAccount, other_user: Any, settings: Any
) -> None:
    settings.SPOTIFY_SYNC_THROTTLE_RATES = {"sync": "1/min"}
    account_of(other_user, "grace")
    grace = browser_of(other_user)

    assert [client.post(SYNC).status_code for client in (ada, grace, ada, grace)] == [
        202,
        202,
        429,
        429,
    ]


def anybody(settings: Any, **request: Any) -> Client:
    """Return a browser in which nobody is signed in, as a proxy or a liar may hand it on; one sign-in a minute."""
    settings.SPOTIFY_SYNC_LOGIN_ENABLED = True
    settings.SPOTIFY_SYNC_THROTTLE_RATES = {"oauth": "1/min", "sync": "1/min"}
    return browser_of(**request)


def asks(client: Client) -> int:
    return client.post("/spotify/login/", headers=JSON).status_code


def test_an_address_that_looks_like_a_user_locks_that_user_out_of_nothing(
    ada: Client, user: Any, spotify: FakeSpotify, settings: Any
) -> None:
    settings.REST_FRAMEWORK = {"NUM_PROXIES": 1}
    liar = anybody(settings, HTTP_X_FORWARDED_FOR=str(user.pk))

    assert [asks(liar), asks(liar)] == [200, 429]
    assert ada.get("/spotify/auth/", headers=JSON).status_code == 200


def test_x_forwarded_for_counts_for_nothing_unless_the_site_says_so(
    spotify: FakeSpotify, settings: Any
) -> None:
    liars = [anybody(settings, HTTP_X_FORWARDED_FOR=f"10.0.0.{n}") for n in range(3)]

    assert [asks(liar) for liar in liars] == [200, 429, 429]
    assert asks(anybody(settings, REMOTE_ADDR="10.1.1.1")) == 200


@pytest.mark.parametrize("number", [1, 2])
def test_behind_proxies_the_address_that_they_saw_counts(
    spotify: FakeSpotify, settings: Any, number: int
) -> None:
    settings.REST_FRAMEWORK = {"NUM_PROXIES": number}
    seen = ", ".join(["10.0.0.1", "10.9.9.9"][:number])
    liars = [anybody(settings, HTTP_X_FORWARDED_FOR=f"{word}, {seen}") for word in ("a", "b")]

    assert [asks(liar) for liar in liars] == [200, 429]


def test_an_address_longer_than_a_cache_s_key_is_counted_too(
    spotify: FakeSpotify, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Memcached refuses keys of more than 250 characters, which must not pass for a cache that is away."""
    put = shared_cache.put

    def as_memcached_does(key: str, *args: Any) -> None:
        if len(key) > 200:  # the rest is the prefix
            raise CacheUnavailable
        put(key, *args)

    monkeypatch.setattr(shared_cache, "put", as_memcached_does)
    settings.REST_FRAMEWORK = {"NUM_PROXIES": 1}
    liar = anybody(settings, HTTP_X_FORWARDED_FOR="9" * 251)

    assert [asks(liar), asks(liar)] == [200, 429]


def test_a_rate_that_was_lowered_still_names_a_time(
    ada: Client, account: SpotifyAccount, settings: Any
) -> None:
    for _ in range(5):
        ada.post(SYNC)
    settings.SPOTIFY_SYNC_THROTTLE_RATES = {"sync": "1/min"}

    assert 0 < int(ada.post(SYNC)["Retry-After"]) <= 60


@pytest.mark.django_db(transaction=True)
def test_requests_at_once_do_not_pass_it(user: Any, account: SpotifyAccount) -> None:
    browsers = [browser_of(user) for _ in range(16)]

    answers = at_once(*[partial(browser.post, SYNC) for browser in browsers])

    assert Counter(answer.status_code for answer in answers) == {202: 6, 429: 10}


@pytest.mark.usefixtures("all_resources")
def test_lists_have_a_rate_of_their_own(
    ada: Client, account: SpotifyAccount, settings: Any
) -> None:
    settings.SPOTIFY_SYNC_THROTTLE_RATES = {"read": "11/min", "sync": "1/min"}
    lists = ["tracks/", "playlists/", "following/", "syncs/", "tracks/contains/?ids=a"]
    lists += ["albums/", "albums/x/", "shows/", "episodes/", "audiobooks/", "changes/"]

    statuses = [ada.get(f"/spotify/{path}").status_code for path in lists]
    refused = [ada.get(f"/spotify/{path}") for path in lists]

    assert statuses == [200] * 6 + [404] + [200] * 4
    assert {(one.status_code, one.json()["code"]) for one in refused} == {(429, "throttled")}
    assert all(0 < int(one["Retry-After"]) <= 60 for one in refused)
    assert ada.post(SYNC).status_code == 202
    assert ada.get("/spotify/account/").status_code == 200


def test_six_hundred_pages_of_lists_a_minute_are_read(ada: Client, account: SpotifyAccount) -> None:
    """A library of 30,000 tracks, in pages of fifty."""
    assert Conf.THROTTLE_RATES.default["read"] == "600/min"
    for _ in range(600):
        assert ListsThrottle().allow_request(as_of(account.user), None)

    assert ada.get("/spotify/tracks/").status_code == 429


def as_of(user: Any) -> Any:
    request = RequestFactory().get("/")
    request.user = user
    return request


def test_a_rate_that_is_left_out_is_no_rate(
    ada: Client, account: SpotifyAccount, settings: Any
) -> None:
    settings.SPOTIFY_SYNC_THROTTLE_RATES = {}

    assert {ada.post(SYNC).status_code for _ in range(9)} == {202}


@pytest.mark.parametrize("hides_it", [False, True])
def test_with_the_cache_away_nobody_is_held_back(
    ada: Client,
    account: SpotifyAccount,
    settings: Any,
    hides_it: bool,
    caplog: pytest.LogCaptureFixture,
) -> None:
    settings.CACHES = {
        "default": {
            "BACKEND": "django_redis.cache.RedisCache",
            "LOCATION": "redis://127.0.0.1:1/0",
            "OPTIONS": {"IGNORE_EXCEPTIONS": hides_it},
        }
    }

    with caplog.at_level(logging.WARNING, logger="django_spotify_sync"):
        assert {ada.post(SYNC).status_code for _ in range(8)} == {202}
    assert hides_it or "nobody is held back" in caplog.text

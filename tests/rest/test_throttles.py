"""How often may be asked."""

from __future__ import annotations

import logging
from collections import Counter
from functools import partial
from typing import Any

import pytest
from django.test import Client, RequestFactory

from django_spotify_sync.conf import Conf
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


def test_lists_have_a_rate_of_their_own(
    ada: Client, account: SpotifyAccount, settings: Any
) -> None:
    settings.SPOTIFY_SYNC_THROTTLE_RATES = {"lists": "5/min", "sync": "1/min"}
    lists = ["tracks/", "playlists/", "following/", "syncs/", "tracks/contains/?ids=a"]

    statuses = [ada.get(f"/spotify/{path}").status_code for path in lists]
    refused = [ada.get(f"/spotify/{path}") for path in lists]

    assert statuses == [200] * 5
    assert {(one.status_code, one.json()["code"]) for one in refused} == {(429, "throttled")}
    assert all(0 < int(one["Retry-After"]) <= 60 for one in refused)
    assert ada.post(SYNC).status_code == 202
    assert ada.get("/spotify/account/").status_code == 200


def test_six_hundred_pages_of_lists_a_minute_are_read(ada: Client, account: SpotifyAccount) -> None:
    """A library of 30,000 tracks, in pages of fifty."""
    assert Conf.THROTTLE_RATES.default["lists"] == "600/min"
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

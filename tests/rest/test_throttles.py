"""How often may be asked."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from django.test import Client

from django_spotify_sync.models import SpotifyAccount
from django_spotify_sync.testing import FakeSpotify
from tests.kit.api import SYNC
from tests.kit.browsing import JSON, browser_of
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

    assert ada.post(SYNC)["Retry-After"] == "60"


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

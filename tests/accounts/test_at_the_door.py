"""The person at the door, who went to Spotify, agreed and came back: asked after, whatever the schedule has used up."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.test import Client
from django_redis import get_redis_connection

from django_spotify_sync import pace
from django_spotify_sync.exceptions import NoSealingKey, QuotaExceeded, RateLimited
from django_spotify_sync.models import SpotifyAccount
from django_spotify_sync.pace import governor
from django_spotify_sync.spotify import client as spotify_client
from django_spotify_sync.testing import FakeSpotify
from tests.kit.browsing import (
    JSON,
    begin,
    begun,
    browser_of,
    by_browser,
    by_post,
    consent,
    query_of,
)

pytestmark = pytest.mark.django_db

TWENTY_HOURS = 72_000.0
PAUSES = [QuotaExceeded(retry_after=TWENTY_HOURS), RateLimited(retry_after=TWENTY_HOURS)]
each_pause = pytest.mark.parametrize("pause", PAUSES, ids=lambda pause: pause.code)
both_doors = pytest.mark.parametrize("finish", [by_browser, by_post])


@pytest.fixture
def ada(user: Any, spotify: FakeSpotify) -> Client:
    return browser_of(user)


@both_doors
@each_pause
def test_a_pause_of_the_schedule_keeps_nobody_out(
    ada: Client, user: Any, spotify: FakeSpotify, pause: RateLimited, finish: Any
) -> None:
    pace.shared_pace(scheduled=True).refused(pause)

    assert finish(ada, begun(ada)) == (200, "")

    assert spotify.count("/v1/me") == 1
    assert pace.blocked() is not None, "for everybody else it goes on"


def test_who_signs_in_is_let_in_too(user: Any, spotify: FakeSpotify, settings: Any) -> None:
    settings.SPOTIFY_SYNC_LOGIN_ENABLED = True
    settings.AUTHENTICATION_BACKENDS = ["django_spotify_sync.backends.SpotifyBackend"]
    ada, nobody = browser_of(user), browser_of()
    assert by_browser(ada, begun(ada)) == (200, "")
    pace.shared_pace(scheduled=True).refused(PAUSES[0])

    brought = consent(nobody.post("/spotify/login/")["Location"])

    assert by_browser(nobody, brought) == (200, "")
    assert "_auth_user_id" in nobody.session


@both_doors
@each_pause
def test_spotify_s_answer_decides(
    ada: Client, spotify: FakeSpotify, pause: RateLimited, finish: Any
) -> None:
    pace.shared_pace(scheduled=True).refused(pause)
    reason = {"reason": "QUOTA_EXCEEDED"} if pause.code == "quota_exceeded" else {}
    spotify.faults.add("/me", status=429, retry_after=int(TWENTY_HOURS), times=None, **reason)

    status, code = finish(ada, begun(ada))

    assert (status, code) == (302 if finish is by_browser else 429, pause.code)
    assert spotify.count("/v1/me") == 1
    assert not SpotifyAccount.objects.exists()


def test_one_request_is_sent_in_a_pause_and_no_second(
    ada: Client, spotify: FakeSpotify, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spotify_client, "BACKOFF", 0)
    pace.shared_pace(scheduled=True).refused(PAUSES[0])
    spotify.faults.add("/me", status=503, times=None)

    assert by_browser(ada, begun(ada)) == (302, "quota_exceeded")

    assert spotify.count("/v1/me") == 1


def test_who_finds_no_leave_is_asked_after_all_the_same(
    ada: Client, spotify: FakeSpotify, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(governor, "AT_THE_DOOR", 0.3)
    settings.SPOTIFY_SYNC_REQUESTS_PER_WINDOW, settings.SPOTIFY_SYNC_WINDOW = 1, timedelta(hours=1)
    while pace.shared_pace().grant(1).requests:
        pass

    assert by_browser(ada, begun(ada)) == (200, "")


# Beforehand


@pytest.fixture
def turned_away(ada: Client, spotify: FakeSpotify) -> Any:
    """Let Spotify refuse somebody at the door, for 20 hours."""
    fault = spotify.faults.add(
        "/me", status=429, retry_after=int(TWENTY_HOURS), reason="QUOTA_EXCEEDED", times=None
    )
    assert by_browser(ada, begun(ada)) == (302, "quota_exceeded")
    return fault


def test_who_could_not_be_let_in_is_not_sent_away(
    ada: Client, other_user: Any, turned_away: Any, settings: Any
) -> None:
    settings.SPOTIFY_SYNC_LOGIN_ENABLED = True

    for browser in (ada, browser_of(other_user)):
        page = browser.get("/spotify/auth/")
        answer = browser.get("/spotify/auth/", headers=JSON)
        assert query_of(page["Location"]) == {"spotify_error": "quota_exceeded"}
        assert (answer.status_code, answer.json()["code"]) == (429, "quota_exceeded")
        assert TWENTY_HOURS - 60 < int(answer["Retry-After"]) < TWENTY_HOURS + 60
    page = browser_of().post("/spotify/login/")
    assert query_of(page["Location"]) == {"spotify_error": "quota_exceeded"}


def test_it_is_known_to_every_process(ada: Client, turned_away: Any) -> None:
    pace.forget()

    assert query_of(ada.get("/spotify/auth/")["Location"]) == {"spotify_error": "quota_exceeded"}


def test_who_was_on_the_way_is_asked_after_once(
    ada: Client, other_user: Any, spotify: FakeSpotify
) -> None:
    grace = browser_of(other_user)
    brought = begun(grace)
    spotify.faults.add("/me", status=429, retry_after=int(TWENTY_HOURS), times=1)
    assert by_browser(ada, begun(ada)) == (302, "rate_limited")

    assert by_browser(grace, brought) == (200, "")


def test_a_pause_that_is_over_when_they_come_back_stops_nobody(
    ada: Client, spotify: FakeSpotify
) -> None:
    spotify.faults.add("/me", status=429, retry_after=7)
    assert by_browser(ada, begun(ada)) == (302, "rate_limited")

    assert "state" in query_of(begin(ada))


def test_a_pause_that_was_lifted_stops_nobody(ada: Client, turned_away: Any) -> None:
    redis = get_redis_connection()
    [told] = redis.scan_iter(django_settings.REDIS_PREFIX + "*spotify_sync:pace:*:quota_exceeded")
    redis.delete(told)
    pace.forget()

    assert "state" in query_of(begin(ada))


@pytest.mark.parametrize("keys", [[], ["YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE="]])
def test_without_a_key_nobody_is_sent_away(ada: Client, settings: Any, keys: list[str]) -> None:
    settings.SPOTIFY_SYNC_FERNET_KEYS = keys

    with pytest.raises(NoSealingKey):
        ada.get("/spotify/auth/")
    assert not list(
        get_redis_connection().scan_iter(django_settings.REDIS_PREFIX + "*spotify_sync:state:*")
    )

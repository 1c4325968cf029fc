"""What REST says in words, in the language of who asks; and what the log says to those who run the site."""

from __future__ import annotations

import logging
import pickle
import re
from typing import Any

import pytest
from django.test import Client
from django.utils import translation

from django_spotify_sync.errors import message_for
from django_spotify_sync.exceptions import CacheUnavailable, UnknownResource, Words
from django_spotify_sync.rest.errors import words_of
from django_spotify_sync.testing import FakeSpotify
from tests.kit.browsing import JSON, begin, browser_of, by_browser, by_post, consent, query_of
from tests.kit.connecting import connect

pytestmark = pytest.mark.django_db

RUSSIAN = {**JSON, "Accept-Language": "ru"}


@pytest.fixture
def ada(user: Any, spotify: FakeSpotify) -> Client:
    return browser_of(user)


@pytest.fixture
def warned(caplog: pytest.LogCaptureFixture) -> Any:
    """Return what a developer sees who has not configured any logging."""

    def lines() -> str:
        ours = [one for one in caplog.records if one.name.startswith("django_spotify_sync")]
        return "\n".join(one.getMessage() for one in ours if one.levelno >= logging.WARNING)

    return lines


def said(client: Client, address: str, **query: str) -> tuple[str, str]:
    """Return the code and the detail that are answered to who asks in Russian."""
    answer = client.get(address, query, headers=RUSSIAN).json()
    return answer["code"], answer["detail"]


def in_russian(code: str) -> str:
    with translation.override("ru"):
        return message_for(code)


def is_russian(detail: str, *values: str) -> bool:
    """Tell whether it is Russian, with these values in it as they are."""
    return bool(re.search("[а-яё]", detail)) and all(value in detail for value in values)


def test_unknown_resource(ada: Client, user: Any, spotify: FakeSpotify) -> None:
    connect(user, spotify)

    answer = ada.post("/spotify/sync/podcasts/", headers=RUSSIAN).json()

    assert answer["code"] == "unknown_resource"
    assert is_russian(answer["detail"], "'podcasts'", "tracks, ")
    english = ada.post("/spotify/sync/podcasts/", headers=JSON).json()["detail"]
    assert english.startswith("There is no resource 'podcasts'; this site syncs tracks, ")


def test_a_redirect_uri_that_is_not_on_the_list(ada: Client, warned: Any) -> None:
    code, detail = said(ada, "/spotify/auth/", redirect_uri="https://evil.example/")

    assert (code, detail) == ("invalid_redirect_uri", in_russian("invalid_redirect_uri"))
    assert "SPOTIFY_SYNC_REDIRECT_URIS" in warned()


@pytest.mark.parametrize(
    ("uri", "why"),
    [
        ("http://localhost/spotify/callback/", "names localhost"),
        ("http://testserver/spotify/callback/", "is http, which is for 127.0.0.1 and [::1] alone"),
        ("https://testserver/#here", "has a fragment"),
        ("https:///spotify/callback/", "names no host"),
        ("http://[::1", "is no address"),
    ],
)
def test_a_redirect_uri_that_spotify_refuses(
    ada: Client, settings: Any, warned: Any, uri: str, why: str
) -> None:
    settings.SPOTIFY_SYNC_REDIRECT_URI = uri

    code, detail = said(ada, "/spotify/auth/")

    assert (code, detail) == ("invalid_redirect_uri", in_russian("invalid_redirect_uri"))
    assert f"{uri}: it {why}." in warned()


def test_an_error_keeps_its_values_from_process_to_process() -> None:
    error = UnknownResource(
        Words("There is no resource %(resource)r; this site syncs %(synced)s."),
        resource="podcasts",
        synced="tracks",
    )

    assert str(error) == "There is no resource 'podcasts'; this site syncs tracks."
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.values) == (str(error), error.values)


def test_refusals_of_the_callback(ada: Client, spotify: FakeSpotify, warned: Any) -> None:
    def brought(**changed: str) -> dict[str, str]:
        return consent(begin(ada)) | changed

    code, detail = said(ada, "/spotify/callback/", **brought(code="made-up"))
    assert (code, detail) == ("state_expired", in_russian("state_expired"))
    assert "too old" in warned()
    for error, words in (("invalid_scope", "'invalid_scope'"), ("<nonsense>", "with an error")):
        code, detail = said(ada, "/spotify/callback/", **brought(code="", error=error))
        assert (code, detail) == ("connect_failed", in_russian("connect_failed"))
        assert f"Spotify answered {words} instead of a code" in warned()
    assert "nonsense" not in warned()


def test_a_cache_that_is_away_names_the_backend_s_error_to_the_site_alone(
    ada: Client, settings: Any, warned: Any
) -> None:
    away = {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": "redis://[::1]:1"}
    settings.CACHES = {"default": away}

    code, detail = said(ada, "/spotify/auth/")

    assert (code, detail) == ("cache_unavailable", in_russian("cache_unavailable"))
    assert "(ConnectionError)" in warned()


def test_a_text_without_values_may_hold_a_percent_sign() -> None:
    assert words_of(CacheUnavailable("100% away")) == "100% away"


# The log, which by default shows what is a warning or worse


def test_an_auth_that_is_refused_is_told_the_developer(
    user: Any, spotify: FakeSpotify, settings: Any, warned: Any
) -> None:
    settings.SPOTIFY_SYNC_REDIRECT_URI = "http://127.0.0.1:8000/spotify/callback/"

    answer = browser_of(user).get("/spotify/auth/", HTTP_HOST="localhost:8000")

    assert query_of(answer["Location"]) == {"spotify_error": "invalid_redirect_uri"}
    assert "invalid_redirect_uri" in warned()
    assert "open the site on 127.0.0.1" in warned()


@pytest.mark.parametrize("finish", [by_browser, by_post])
def test_a_consent_that_was_cancelled_is_told_the_developer(
    ada: Client, spotify: FakeSpotify, finish: Any, warned: Any
) -> None:
    spotify.consent = "deny"

    finish(ada, consent(begin(ada)))

    assert "access_denied" in warned()
    assert "begin again" in warned()


def test_a_callback_that_nobody_began_is_told_the_developer(ada: Client, warned: Any) -> None:
    by_browser(ada, {"state": "made-up", "code": "secret-code"})

    assert "state_expired" in warned()
    assert "secret-code" not in warned()


def test_an_auth_that_comes_too_often_is_told_the_developer(
    ada: Client, settings: Any, warned: Any
) -> None:
    settings.SPOTIFY_SYNC_THROTTLE_RATES = {"oauth": "1/min"}
    for _ in range(2):
        ada.get("/spotify/auth/")

    assert "SPOTIFY_SYNC_THROTTLE_RATES" in warned()


def test_what_is_nothing_to_mend_is_not_told(ada: Client, warned: Any) -> None:
    ada.get("/spotify/account/", headers=JSON)
    ada.post("/spotify/sync/podcasts/", headers=JSON)

    assert warned() == ""

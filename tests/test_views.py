"""The way of a user, or an API client, to Spotify and back."""

from __future__ import annotations

import logging
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
import requests
from django.conf import settings as django_settings
from django.db import connection
from django.test import Client, RequestFactory
from django.urls import include, path
from django_redis import get_redis_connection

from django_spotify_sync.models import SpotifyAccount, SpotifyToken
from django_spotify_sync.rest.pinned import PinnedAPIView
from django_spotify_sync.signals import account_connected
from django_spotify_sync.spotify import client as spotify_client
from django_spotify_sync.testing import FakeSpotify
from django_spotify_sync.views.cookie import BROWSER_COOKIE
from django_spotify_sync.views.finish import from_query
from tests.kit.browsing import (
    HOST,
    JSON,
    ByName,
    begin,
    begun,
    browser_of,
    by_browser,
    by_post,
    connect_by_browser,
    consent,
    query_of,
)
from tests.kit.concurrency import at_once, wait_until
from tests.kit.connecting import connect

pytestmark = pytest.mark.django_db

commits = pytest.mark.django_db(transaction=True)

both_doors = pytest.mark.parametrize("finish", [by_browser, by_post])


@pytest.fixture
def ada(user: Any, spotify: FakeSpotify) -> Client:
    """Give Ada's browser, signed in."""
    return browser_of(user)


@pytest.fixture
def by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let this host sign API clients in by a header."""
    monkeypatch.setattr(PinnedAPIView, "authentication_classes", [ByName])


def nothing_is_stored() -> bool:
    return not SpotifyAccount.objects.exists() and not SpotifyToken.objects.exists()


# The whole way


def test_a_browser_connects(ada: Client, user: Any, spotify: FakeSpotify) -> None:
    response = connect_by_browser(ada)

    assert (response.status_code, response["Location"]) == (302, "/")
    account = user.spotify_account
    assert account.status == "connected"
    assert (account.spotify_id, account.spotify_account_id) == (
        spotify.user.id,
        spotify.user.account_id,
    )
    assert account.token.unseal().access.reveal().startswith("FAKE_ACCESS_")
    assert account.token.unseal().refresh.reveal().startswith("FAKE_REFRESH_")


def test_spotify_is_asked_who_it_is_before_anything_is_stored(
    ada: Client, spotify: FakeSpotify
) -> None:
    spotify.faults.add("/me", status=400)

    assert by_browser(ada, begun(ada)) == (302, "spotify_unavailable")

    asked = [line.path for line in spotify.requests]
    assert asked == ["/authorize", "/api/token", "/v1/me"]
    assert nothing_is_stored()


def test_an_api_client_connects_by_its_token_alone(
    by_name: None, user: Any, spotify: FakeSpotify
) -> None:
    ada = {**JSON, "Authorization": "Name ada"}

    begun_at = Client(HTTP_HOST=HOST).get("/spotify/auth/", headers=ada)
    brought = consent(begun_at.json()["authorize_url"])
    client = Client(HTTP_HOST=HOST, enforce_csrf_checks=True)  # no cookie of the first answer
    response = client.post("/spotify/callback/", brought, "application/json", headers=ada)

    assert response.status_code == 200
    assert response.json()["spotify_id"] == spotify.user.id
    assert response.json()["status"] == "connected"
    assert user.spotify_account.spotify_id == spotify.user.id


def test_a_bearer_of_credentials_is_an_api_client_whatever_it_accepts(
    by_name: None, user: Any, spotify: FakeSpotify
) -> None:
    response = Client(HTTP_HOST=HOST).get(
        "/spotify/auth/", headers={"Accept": "*/*", "Authorization": "Name ada"}
    )

    assert response.status_code == 200
    assert response.json()["authorize_url"].startswith(spotify.accounts_url)


def test_an_api_client_connects_by_session(ada: Client, spotify: FakeSpotify) -> None:
    address = ada.get("/spotify/auth/", headers=JSON).json()["authorize_url"]

    assert by_post(ada, consent(address)) == (200, "")


def test_an_api_client_may_let_the_browser_come_back(ada: Client, spotify: FakeSpotify) -> None:
    response = ada.get("/spotify/callback/", begun(ada), headers=JSON)

    assert response.status_code == 200
    assert response.json()["spotify_id"] == spotify.user.id


def test_an_api_client_may_name_a_redirect_uri_of_the_list(
    ada: Client, spotify: FakeSpotify, settings: Any
) -> None:
    settings.SPOTIFY_SYNC_REDIRECT_URIS = ["com.example.app://back"]

    response = ada.get("/spotify/auth/", {"redirect_uri": "com.example.app://back"}, headers=JSON)
    address = response.json()["authorize_url"]

    assert query_of(address)["redirect_uri"] == "com.example.app://back"
    assert by_post(ada, consent(address)) == (200, "")


def test_pkce_is_sent_and_checked(ada: Client) -> None:
    mine, other = begun(ada), begun(ada)

    code = by_browser(ada, {"state": mine["state"], "code": other["code"]})

    assert code == (302, "state_expired"), "the code belongs to another verifier"
    assert nothing_is_stored()


def test_pkce_can_be_switched_off(ada: Client, settings: Any) -> None:
    settings.SPOTIFY_SYNC_USE_PKCE = False

    address = begin(ada)

    assert "code_challenge" not in query_of(address)
    assert by_browser(ada, consent(address)) == (200, "")


def test_a_public_client_connects_without_a_secret(
    ada: Client, spotify: FakeSpotify, settings: Any
) -> None:
    spotify.client_secret = settings.SPOTIFY_SYNC_CLIENT_SECRET = ""

    assert by_browser(ada, begun(ada)) == (200, "")


def test_what_is_asked_of_spotify(ada: Client, settings: Any) -> None:
    settings.SPOTIFY_SYNC_RESOURCES = ["tracks"]

    query = query_of(begin(ada))

    assert query.pop("state") != query.pop("code_challenge")
    assert query == {
        "client_id": settings.SPOTIFY_SYNC_CLIENT_ID,
        "response_type": "code",
        "redirect_uri": f"http://{HOST}/spotify/callback/",
        "scope": "user-library-read",
        "code_challenge_method": "S256",
        "show_dialog": "true",
    }


@commits
def test_connecting_is_signalled(ada: Client, user: Any) -> None:
    heard = []

    def listen(sender: Any, account: Any, created: bool, **kwargs: Any) -> None:
        heard.append((account.user_id, created))

    account_connected.connect(listen)
    try:
        connect_by_browser(ada)
        connect_by_browser(ada)
    finally:
        account_connected.disconnect(listen)

    assert heard == [(user.pk, True), (user.pk, False)]


def test_signed_out_goes_to_the_login_page_and_comes_back(spotify: FakeSpotify) -> None:
    response = browser_of().get("/spotify/auth/", {"next": "/here/"})

    assert response.status_code == 302
    assert response["Location"] == "/accounts/login/?next=/spotify/auth/%3Fnext%3D%252Fhere%252F"


def test_signed_out_api_client_is_refused(spotify: FakeSpotify) -> None:
    response = browser_of().get("/spotify/auth/", headers=JSON)

    assert response.status_code == 403
    assert response.json()["code"] == "not_authenticated"


# Each way to be wrong


@both_doors
@pytest.mark.parametrize("without", [["state"], ["code"], ["state", "code"]])
def test_half_an_answer(ada: Client, finish: Any, without: list[str]) -> None:
    whole = begun(ada)

    half = {name: value for name, value in whole.items() if name not in without}
    status, code = finish(ada, half)

    assert (status, code) == (302 if finish is by_browser else 400, "state_missing")
    assert nothing_is_stored()
    assert finish(ada, whole) == (200, ""), "half an answer must not use the state up"


@both_doors
def test_unknown_state(ada: Client, finish: Any) -> None:
    status, code = finish(ada, begun(ada) | {"state": "made-up"})

    assert (status, code) == (302 if finish is by_browser else 400, "state_expired")
    assert nothing_is_stored()


@both_doors
def test_state_that_took_too_long(ada: Client, finish: Any, settings: Any) -> None:
    settings.SPOTIFY_SYNC_STATE_TTL = timedelta(seconds=1)
    brought = begun(ada)
    redis = get_redis_connection()
    wait_until(
        lambda: not list(redis.scan_iter(django_settings.REDIS_PREFIX + "*spotify_sync:state:*"))
    )

    status, code = finish(ada, brought)

    assert (status, code) == (302 if finish is by_browser else 400, "state_expired")


def test_state_lives_as_long_as_it_is_set_to(ada: Client, settings: Any) -> None:
    settings.SPOTIFY_SYNC_STATE_TTL = timedelta(minutes=3)
    begin(ada)
    redis = get_redis_connection()

    [key] = redis.scan_iter(django_settings.REDIS_PREFIX + "*spotify_sync:state:*")

    assert 170 < redis.ttl(key) <= 180


@both_doors
def test_replayed_state(ada: Client, finish: Any) -> None:
    brought = begun(ada)
    finish(ada, brought)
    ada.cookies.pop(BROWSER_COOKIE)

    status, code = finish(ada, brought)

    assert (status, code) == (302 if finish is by_browser else 400, "state_replayed")


@both_doors
def test_state_of_another_user_stays_good_for_its_own(
    ada: Client, other_user: Any, finish: Any
) -> None:
    brought = begun(ada)

    status, code = finish(browser_of(other_user), brought)

    assert (status, code) == (302 if finish is by_browser else 400, "state_other_browser")
    assert nothing_is_stored()
    assert finish(ada, brought) == (200, "")


@pytest.mark.parametrize("cookie", [None, "", "another-ada"])
def test_nobody_signed_in_and_not_the_browser(ada: Client, cookie: str | None) -> None:
    brought = begun(ada)
    stranger = browser_of()
    if cookie is not None:
        stranger.cookies[BROWSER_COOKIE] = cookie

    assert by_browser(stranger, brought) == (302, "state_other_browser")
    assert nothing_is_stored()
    assert by_browser(ada, brought) == (200, "")


def test_another_user_signed_in_meanwhile_in_the_same_browser(ada: Client, other_user: Any) -> None:
    brought = begun(ada)
    cookie = ada.cookies[BROWSER_COOKIE].value
    ada.force_login(other_user)
    ada.cookies[BROWSER_COOKIE] = cookie

    assert by_browser(ada, brought) == (302, "state_other_browser")
    assert nothing_is_stored()


def test_signed_out_meanwhile_but_the_same_browser(ada: Client, user: Any) -> None:
    brought = begun(ada)
    same = browser_of()
    same.cookies[BROWSER_COOKIE] = ada.cookies[BROWSER_COOKIE].value

    assert by_browser(same, brought) == (200, "")
    assert SpotifyAccount.objects.get().user_id == user.pk


def test_a_post_wants_somebody_signed_in_even_from_the_browser_that_began(ada: Client) -> None:
    brought = begun(ada)
    same = browser_of()
    same.cookies[BROWSER_COOKIE] = ada.cookies[BROWSER_COOKIE].value

    assert by_post(same, brought) == (403, "not_authenticated")
    assert nothing_is_stored()


def test_user_who_was_shut_out_meanwhile(ada: Client, user: Any) -> None:
    brought = begun(ada)
    same = browser_of()
    same.cookies[BROWSER_COOKIE] = ada.cookies[BROWSER_COOKIE].value
    user.is_active = False
    user.save()

    assert by_browser(same, brought) == (302, "state_expired")
    assert nothing_is_stored()


@both_doors
@commits
def test_user_who_is_deleted_while_spotify_is_asked(
    ada: Client, user: Any, spotify: FakeSpotify, finish: Any
) -> None:
    def leave(_: object) -> None:
        user.delete()
        connection.close()

    spotify.faults.add("/me", before=leave)

    assert finish(ada, begun(ada))[1] == "no_user"
    assert nothing_is_stored()


@both_doors
def test_consent_was_not_given(ada: Client, spotify: FakeSpotify, finish: Any) -> None:
    spotify.consent = "deny"

    status, code = finish(ada, begun(ada))

    assert (status, code) == (302 if finish is by_browser else 400, "access_denied")
    assert spotify.count("/api/token") == 0
    assert nothing_is_stored()


@both_doors
@pytest.mark.parametrize(
    ("error", "wanted"),
    [("server_error", "spotify_unavailable"), ("invalid_scope", "connect_failed")],
)
def test_another_error_than_a_refusal(ada: Client, finish: Any, error: str, wanted: str) -> None:
    state = query_of(begin(ada))["state"]

    status, code = finish(ada, {"state": state, "error": error})

    api_status = 502 if wanted == "spotify_unavailable" else 400
    assert (status, code) == (302 if finish is by_browser else api_status, wanted)


@both_doors
def test_user_not_on_the_allow_list(ada: Client, spotify: FakeSpotify, finish: Any) -> None:
    spotify.allowlist = set()

    status, code = finish(ada, begun(ada))

    assert (status, code) == (302 if finish is by_browser else 403, "not_allowlisted")
    assert nothing_is_stored()


@both_doors
def test_spotify_account_of_another_user(
    ada: Client, other_user: Any, spotify: FakeSpotify, finish: Any
) -> None:
    connect(other_user, spotify)

    status, code = finish(ada, begun(ada))

    assert (status, code) == (302 if finish is by_browser else 409, "linked_elsewhere")
    assert SpotifyAccount.objects.get().user_id == other_user.pk


@both_doors
def test_code_that_spotify_does_not_accept(ada: Client, finish: Any) -> None:
    status, code = finish(ada, begun(ada) | {"code": "FAKE_CODE_made_up"})

    assert (status, code) == (302 if finish is by_browser else 400, "state_expired")
    assert nothing_is_stored()


@both_doors
@pytest.mark.parametrize(
    ("path", "fault"),
    [
        ("/api/token", {"status": 503}),
        ("/api/token", {"reset": True}),
        ("/api/token", {"html": True}),
        ("/api/token", {"status": 400, "reason": "invalid_client"}),
        ("/me", {"status": 503}),
        ("/me", {"cut": "json"}),
    ],
)
def test_spotify_is_away(
    ada: Client,
    spotify: FakeSpotify,
    monkeypatch: pytest.MonkeyPatch,
    finish: Any,
    path: str,
    fault: dict[str, Any],
) -> None:
    monkeypatch.setattr(spotify_client, "BACKOFF", 0)
    spotify.faults.add(path, times=None, **fault)

    status, code = finish(ada, begun(ada))

    assert (status, code) == (302 if finish is by_browser else 502, "spotify_unavailable")
    assert nothing_is_stored()


def test_spotify_asks_for_patience(ada: Client, spotify: FakeSpotify) -> None:
    spotify.faults.add("/me", status=429, retry_after=7)

    response = ada.post("/spotify/callback/", begun(ada), "application/json", headers=JSON)

    assert (response.status_code, response.json()["code"]) == (429, "rate_limited")
    assert response["Retry-After"] == "7"
    assert nothing_is_stored()


def test_fresh_token_that_is_rejected_for_a_moment(ada: Client, spotify: FakeSpotify) -> None:
    spotify.faults.add("/me", status=401)

    assert by_browser(ada, begun(ada)) == (200, "")


def test_failures_are_logged_for_the_site(
    ada: Client, spotify: FakeSpotify, caplog: pytest.LogCaptureFixture
) -> None:
    spotify.faults.add("/api/token", status=400, reason="invalid_client")

    with caplog.at_level(logging.INFO, logger="django_spotify_sync"):
        by_browser(ada, begun(ada))

    [record] = [record for record in caplog.records if record.name.endswith(".views.destinations")]
    assert record.levelno == logging.WARNING
    assert "invalid_client" in record.getMessage()


# The cache is away

NOBODY = "redis://127.0.0.1:1/0"
CACHES_AWAY = {
    "django-redis": {"BACKEND": "django_redis.cache.RedisCache", "LOCATION": NOBODY},
    "django-redis that hides it": {
        "BACKEND": "django_redis.cache.RedisCache",
        "LOCATION": NOBODY,
        "OPTIONS": {"IGNORE_EXCEPTIONS": True},
    },
    "Django's own": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": NOBODY,
    },
}


@pytest.fixture(params=[*CACHES_AWAY.values()], ids=[*CACHES_AWAY])
def take_the_cache_away(request: pytest.FixtureRequest, settings: Any) -> Any:
    """Give a function that lets Redis be gone from then on."""
    settings.CACHES = {**settings.CACHES, "away": request.param}
    return lambda: setattr(settings, "SPOTIFY_SYNC_CACHE", "away")


def test_nobody_is_sent_away_who_could_not_come_back(ada: Client, take_the_cache_away: Any) -> None:
    take_the_cache_away()

    response = ada.get("/spotify/auth/")
    api_response = ada.get("/spotify/auth/", headers=JSON)

    assert response["Location"] == "/?spotify_error=cache_unavailable"
    assert (api_response.status_code, api_response.json()["code"]) == (503, "cache_unavailable")


@both_doors
def test_cache_goes_away_on_the_way(
    ada: Client, spotify: FakeSpotify, take_the_cache_away: Any, finish: Any
) -> None:
    brought = begun(ada)
    take_the_cache_away()

    status, code = finish(ada, brought)

    assert (status, code) == (302 if finish is by_browser else 503, "cache_unavailable")
    assert spotify.count("/api/token") == 0
    assert nothing_is_stored()


# The redirect URI


@pytest.mark.parametrize("headers", [{}, JSON])
@pytest.mark.parametrize(
    "named",
    [
        "https://evil.example/callback/",
        "https://good.example/callback/../evil",
        "https://good.example/callback",
        "com.example.app://back.evil",
    ],
)
def test_redirect_uri_that_is_not_on_the_list(
    ada: Client, settings: Any, named: str, headers: dict[str, str]
) -> None:
    settings.SPOTIFY_SYNC_REDIRECT_URIS = [
        "com.example.app://back",
        "https://good.example/callback/",
    ]

    response = ada.get("/spotify/auth/", {"redirect_uri": named}, headers=headers)

    if headers:
        assert (response.status_code, response.json()["code"]) == (400, "invalid_redirect_uri")
    else:
        assert response["Location"] == "/?spotify_error=invalid_redirect_uri"
    assert not list(
        get_redis_connection().scan_iter(django_settings.REDIS_PREFIX + "*spotify_sync:state:*")
    )


@pytest.mark.parametrize(
    ("configured", "host", "works"),
    [
        ("", "127.0.0.1:8000", True),
        ("", "[::1]:8000", True),
        ("", "localhost:8000", False),
        ("", "testserver", False),
        ("http://127.0.0.1:8000/spotify/callback/", "127.0.0.1:8000", True),
        ("http://127.0.0.1:8000/spotify/callback/", "localhost:8000", False),
        ("https://testserver/spotify/callback/", "testserver", True),
        ("https://localhost/spotify/callback/", "localhost", False),
        ("http://testserver/spotify/callback/", "testserver", False),
    ],
)
def test_redirect_uris_that_spotify_and_the_browser_can_follow(
    user: Any, spotify: FakeSpotify, settings: Any, configured: str, host: str, works: bool
) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    settings.SPOTIFY_SYNC_REDIRECT_URI = configured
    ada = browser_of(user)

    response = ada.get("/spotify/auth/", HTTP_HOST=host)

    if works:
        sent = query_of(response["Location"])["redirect_uri"]
        assert sent == (configured or f"http://{host}/spotify/callback/")
    else:
        assert response["Location"] == "/?spotify_error=invalid_redirect_uri"


def test_redirect_uri_is_https_behind_a_proxy_that_says_so(
    user: Any, spotify: FakeSpotify, settings: Any
) -> None:
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

    response = browser_of(user).get(
        "/spotify/auth/", HTTP_HOST="testserver", HTTP_X_FORWARDED_PROTO="https"
    )

    assert query_of(response["Location"])["redirect_uri"] == "https://testserver/spotify/callback/"


# What the callback brings


@pytest.mark.parametrize("query", ["state=s&code=secret-code", "t"])
def test_the_query_is_taken_out_of_the_request_and_nothing_else(query: str) -> None:
    address = f"http://testserver/spotify/callback/?{query}"
    request = RequestFactory().get("/spotify/callback/", QUERY_STRING=query)
    request.META |= {"HTTP_REFERER": address, "RAW_URI": f"/spotify/callback/?{query}"}

    brought = from_query(request)

    assert brought.code.reveal() == ("secret-code" if "code" in query else "")
    assert request.get_host() == "testserver"
    assert request.META["HTTP_REFERER"] == "http://testserver/spotify/callback/?"
    assert not any("secret-code" in str(value) for value in request.META.values())
    assert not request.GET


# Where the browser goes afterwards


@pytest.mark.parametrize("secure", [False, True])
@pytest.mark.parametrize(
    "wanted",
    [
        "//evil.example",
        "///evil.example",
        "https://evil.example/",
        "http:///evil.example",
        "javascript:alert(1)",
        "data:text/html,x",
        r"\\evil.example",
        r"/\evil.example",
        r"https:\\evil.example",
        "\x01//evil.example",
        "https://127.0.0.1@evil.example/",
    ],
)
def test_next_leads_to_no_other_site(ada: Client, wanted: str, secure: bool) -> None:
    brought = consent(str(ada.get("/spotify/auth/", {"next": wanted}, secure=secure)["Location"]))

    response = ada.get("/spotify/callback/", brought, secure=secure)

    assert response["Location"] == "/"


def test_next_leads_back_to_where_the_user_was(ada: Client) -> None:
    response = connect_by_browser(ada, next="/library/?page=2")

    assert response["Location"] == "/library/?page=2"


def test_next_leads_from_https_to_no_http(ada: Client) -> None:
    address = ada.get("/spotify/auth/", {"next": f"http://{HOST}/"}, secure=True)["Location"]

    response = ada.get("/spotify/callback/", consent(str(address)), secure=True)

    assert response["Location"] == "/"


def test_next_brought_to_the_callback_counts_for_nothing(ada: Client) -> None:
    response = ada.get("/spotify/callback/", begun(ada) | {"next": "https://evil.example/"})

    assert response["Location"] == "/"


@pytest.mark.parametrize(
    ("failed_url", "location"),
    [
        ("/", "/?spotify_error=state_missing"),
        ("/sorry/?from=spotify", "/sorry/?from=spotify&spotify_error=state_missing"),
        ("/app/#/connect", "/app/?spotify_error=state_missing#/connect"),
        ("login", "/accounts/login/?spotify_error=state_missing"),
        ("https://app.example/x", "https://app.example/x?spotify_error=state_missing"),
    ],
)
def test_failures_arrive_where_the_site_wants_them(
    ada: Client, settings: Any, failed_url: str, location: str
) -> None:
    settings.SPOTIFY_SYNC_FAILED_URL = failed_url

    assert ada.get("/spotify/callback/")["Location"] == location


def test_success_arrives_at_a_named_address(ada: Client, settings: Any) -> None:
    settings.SPOTIFY_SYNC_CONNECTED_URL = "login"

    assert connect_by_browser(ada)["Location"] == "/accounts/login/"


# Cookies, headers, methods, CSRF


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


def test_cookie_over_https_tells_the_browser(ada: Client) -> None:
    brought = consent(str(ada.get("/spotify/auth/", secure=True)["Location"]))
    name = f"__Host-{BROWSER_COOKIE}"
    same, planted = browser_of(), browser_of()
    same.cookies[name] = ada.cookies[name].value
    planted.cookies[BROWSER_COOKIE] = ada.cookies[name].value

    refused = planted.get("/spotify/callback/", brought, secure=True)
    accepted = same.get("/spotify/callback/", brought, secure=True)

    assert refused["Location"] == "/?spotify_error=state_other_browser"
    assert accepted["Location"] == "/"


def test_cookie_behind_a_proxy_that_ends_https_and_says_nothing(ada: Client, settings: Any) -> None:
    settings.SPOTIFY_SYNC_REDIRECT_URI = f"https://{HOST}/spotify/callback/"
    brought = begun(ada)
    name = f"__Host-{BROWSER_COOKIE}"
    same, planted = browser_of(), browser_of()
    same.cookies[name] = planted.cookies[BROWSER_COOKIE] = ada.cookies[name].value

    assert ada.cookies[name]["secure"]
    assert BROWSER_COOKIE not in ada.cookies
    assert by_browser(planted, brought) == (302, "state_other_browser")
    assert by_browser(same, brought) == (200, "")


def test_cookie_serves_two_tabs(ada: Client, user: Any) -> None:
    first, second = begun(ada), begun(ada)
    same = browser_of()
    same.cookies[BROWSER_COOKIE] = ada.cookies[BROWSER_COOKIE].value

    assert by_browser(same, second) == (200, "")
    assert by_browser(same, first) == (200, "")


@pytest.mark.parametrize("headers", [{}, JSON])
def test_answers_are_kept_by_nobody_and_refer_to_nothing(
    ada: Client, headers: dict[str, str]
) -> None:
    answers = [
        ada.get("/spotify/auth/", headers=headers),
        ada.get("/spotify/callback/", begun(ada), headers=headers),
        ada.get("/spotify/callback/", headers=headers),
        ada.post("/spotify/callback/", headers=headers),
    ]

    for answer in answers:
        assert "no-store" in answer["Cache-Control"]
        assert answer["Referrer-Policy"] == "no-referrer"


@pytest.mark.parametrize("headers", [{}, JSON])
@pytest.mark.parametrize("method", ["head", "put", "patch", "delete", "trace"])
@pytest.mark.parametrize("door", ["auth", "callback"])
def test_other_methods_do_nothing(
    ada: Client, door: str, method: str, headers: dict[str, str]
) -> None:
    brought = begun(ada)
    query = f"?state={brought['state']}&code={brought['code']}"

    response = getattr(ada, method)(f"/spotify/{door}/{query}", headers=headers)

    assert response.status_code == 405
    assert response["Allow"] == ("GET, OPTIONS" if door == "auth" else "GET, POST, OPTIONS")
    if headers and method != "head":
        assert response.json()["code"] == "method_not_allowed"
    assert nothing_is_stored()
    assert by_browser(ada, brought) == (200, "")


def test_post_by_session_needs_the_csrf_token(user: Any, spotify: FakeSpotify) -> None:
    ada = browser_of(user, enforce_csrf_checks=True)
    brought = begun(ada)

    assert by_post(ada, brought) == (403, "permission_denied")
    assert nothing_is_stored()

    ada.get("/accounts/login/")  # a page with a form sets the cookie
    token = ada.cookies["csrftoken"].value
    response = ada.post(
        "/spotify/callback/", brought, "application/json", headers={**JSON, "X-CSRFToken": token}
    )
    assert response.status_code == 200


@pytest.mark.parametrize(
    ("body", "content_type", "status", "code"),
    [
        ("{", "application/json", 400, "parse_error"),
        ("[]", "application/json", 400, "invalid"),
        ('{"state": [], "code": {}}', "application/json", 400, "invalid"),
        ('{"state": null}', "application/json", 400, "invalid"),
        ("<x/>", "application/xml", 415, "unsupported_media_type"),
        ("", "application/json", 400, "state_missing"),
    ],
)
def test_bodies_that_are_none(
    ada: Client, body: str, content_type: str, status: int, code: str
) -> None:
    response = ada.post("/spotify/callback/", body, content_type, headers=JSON)

    assert (response.status_code, response.json()["code"]) == (status, code)
    assert set(response.json()) == {"code", "detail"}


def test_form_post_does_as_well(ada: Client) -> None:
    assert ada.post("/spotify/callback/", begun(ada), headers=JSON).status_code == 200


def test_asking_too_often(ada: Client, settings: Any) -> None:
    settings.SPOTIFY_SYNC_THROTTLE_RATES = {"oauth": "2/min"}
    begin(ada)
    begin(ada)

    sent_back = ada.get("/spotify/auth/")
    refused = ada.get("/spotify/auth/", headers=JSON)

    assert sent_back["Location"] == "/?spotify_error=throttled"
    assert (refused.status_code, refused.json()["code"]) == (429, "throttled")
    assert 0 < int(refused["Retry-After"]) <= 60


# The host


@commits
def test_no_transaction_is_open_while_spotify_is_asked(
    ada: Client, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(connection.settings_dict, "ATOMIC_REQUESTS", True)
    seen = []
    post = requests.Session.request

    def request(*args: Any, **kwargs: Any) -> Any:
        seen.append(connection.in_atomic_block)
        return post(*args, **kwargs)

    monkeypatch.setattr(requests.Session, "request", request)
    brought = begun(ada)

    assert by_browser(ada, brought) == (200, "")
    assert by_post(ada, begun(ada)) == (200, "")
    assert len(seen) >= 4
    assert not any(seen)


@commits
def test_failure_under_atomic_requests(
    ada: Client, spotify: FakeSpotify, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(connection.settings_dict, "ATOMIC_REQUESTS", True)
    spotify.allowlist = set()

    assert by_post(ada, begun(ada)) == (403, "not_allowlisted")


def test_host_that_wants_a_login_everywhere(by_name: None, ada: Client, settings: Any) -> None:
    settings.MIDDLEWARE = [
        *settings.MIDDLEWARE,
        "django.contrib.auth.middleware.LoginRequiredMiddleware",
    ]
    brought = begun(ada)
    same = browser_of()
    same.cookies[BROWSER_COOKIE] = ada.cookies[BROWSER_COOKIE].value

    assert by_browser(same, brought) == (200, "")
    response = browser_of().get("/spotify/auth/", headers={**JSON, "Authorization": "Name ada"})
    assert response.status_code == 200


urlpatterns = [path("music/", include("django_spotify_sync.urls"))]


@pytest.mark.urls(__name__)
def test_host_that_mounts_it_elsewhere(ada: Client, spotify: FakeSpotify) -> None:
    address = str(ada.get("/music/auth/")["Location"])

    assert query_of(address)["redirect_uri"] == f"http://{HOST}/music/callback/"
    assert ada.get("/music/callback/", consent(address))["Location"] == "/"


# Two at once


@commits
def test_two_callbacks_at_once_make_one_account(ada: Client, user: Any) -> None:
    brought = [begun(ada), begun(ada)]
    tabs = [browser_of(user), browser_of(user)]

    results = at_once(*(partial(by_browser, *pair) for pair in zip(tabs, brought, strict=True)))

    assert results == [(200, ""), (200, "")]
    assert SpotifyAccount.objects.get().token.version == 2


@commits
def test_the_same_callback_at_once_counts_once(ada: Client, user: Any) -> None:
    brought = begun(ada)
    tabs = [browser_of(user) for _ in range(4)]

    results = at_once(*(partial(by_browser, tab, brought) for tab in tabs))

    assert sorted(results, key=str) == [(200, ""), *[(302, "state_replayed")] * 3]


@commits
def test_two_users_with_one_spotify_account_at_once(ada: Client, other_user: Any) -> None:
    other = browser_of(other_user)
    pairs = [(ada, begun(ada)), (other, begun(other))]

    results = at_once(*(partial(by_browser, *pair) for pair in pairs))

    assert sorted(results, key=str) == [(200, ""), (302, "linked_elsewhere")]
    assert SpotifyAccount.objects.count() == 1

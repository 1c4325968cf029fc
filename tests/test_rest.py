"""What all REST views share: pinned against the host, one shape of errors, throttles."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import connection
from django.test import Client, RequestFactory, override_settings

from django_spotify_sync import exceptions
from django_spotify_sync.exceptions import SpotifySyncError
from django_spotify_sync.models import SpotifyAccount, SyncRun
from django_spotify_sync.rest.errors import code_of, status_of
from django_spotify_sync.rest.pinned import PinnedAPIView, wants_json
from django_spotify_sync.sync import request_sync
from django_spotify_sync.testing import FakeSpotify
from tests.kit.browsing import JSON, ByName, browser_of
from tests.kit.concurrency import in_processes
from tests.kit.libraries import account_of, save

pytestmark = pytest.mark.django_db

SYNC = "/spotify/sync/tracks/"


@pytest.fixture(autouse=True)
def nothing_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("django_spotify_sync.tasks.sync_account.apply_async", lambda **task: None)


@pytest.fixture
def account(user: Any) -> SpotifyAccount:
    return account_of(user, "ada")


@pytest.fixture
def ada(user: Any) -> Client:
    return browser_of(user)


# Browser or API client


@pytest.mark.parametrize(
    ("headers", "json_wanted"),
    [
        ({}, False),
        ({"Accept": "*/*"}, False),
        ({"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}, False),
        ({"Accept": "text/html, application/json"}, False),
        ({"Accept": "application/json"}, True),
        ({"Accept": "application/json, text/plain, */*"}, True),
        ({"Accept": "*/*", "Authorization": "Token x"}, True),
        ({"Authorization": "Token x"}, True),
        ({"Accept": "text/html", "Authorization": "Basic x"}, False),
    ],
)
def test_who_wants_json(headers: dict[str, str], json_wanted: bool) -> None:
    assert wants_json(RequestFactory(headers=headers).get("/")) is json_wanted


# Errors


@pytest.mark.parametrize(
    ("name", "status", "code"),
    [
        ("StateMissing", 400, "state_missing"),
        ("StateExpired", 400, "state_expired"),
        ("StateReplayed", 400, "state_replayed"),
        ("StateOtherBrowser", 400, "state_other_browser"),
        ("AccessDenied", 400, "access_denied"),
        ("InvalidRedirectURI", 400, "invalid_redirect_uri"),
        ("NotAllowlisted", 403, "not_allowlisted"),
        ("LinkedElsewhere", 409, "linked_elsewhere"),
        ("NotConnected", 409, "not_connected"),
        ("ReauthorizationRequired", 409, "reauthorization_required"),
        ("GrantInDoubt", 409, "suspect"),
        ("RateLimited", 429, "rate_limited"),
        ("QuotaExceeded", 429, "quota_exceeded"),
        ("SpotifyUnavailable", 502, "spotify_unavailable"),
        ("ClientRejected", 502, "spotify_unavailable"),
        ("RefreshUnderWay", 502, "spotify_unavailable"),
        ("AppForbidden", 502, "spotify_unavailable"),
        ("AccessTokenRejected", 502, "spotify_unavailable"),
        ("CacheUnavailable", 503, "cache_unavailable"),
        ("UnknownResource", 404, "unknown_resource"),
        ("UnknownParameter", 400, "unknown_parameter"),
        ("NoSealingKey", 500, "no_sealing_key"),
        ("SealBroken", 500, "seal_broken"),
    ],
)
def test_each_error_has_its_status_and_code(name: str, status: int, code: str) -> None:
    kind: type[SpotifySyncError] = getattr(exceptions, name)
    is_timed = status == 429 or name == "GrantInDoubt"
    error = kind(retry_after=1) if is_timed else kind()  # type: ignore[call-arg]

    assert (status_of(error), code_of(error)) == (status, code)


@pytest.mark.parametrize(
    ("method", "url", "body", "content_type", "status", "code"),
    [
        ("post", SYNC, '{"full": 7}', "application/json", 400, "invalid"),
        ("post", SYNC, "{", "application/json", 400, "parse_error"),
        ("post", SYNC, "<x/>", "text/xml", 415, "unsupported_media_type"),
        ("post", "/spotify/sync/podcasts/", "", "application/json", 404, "unknown_resource"),
        ("get", SYNC, "", "application/json", 405, "method_not_allowed"),
        ("get", "/spotify/tracks/?page=2", "", "application/json", 400, "unknown_parameter"),
        ("get", "/spotify/syncs/999999/", "", "application/json", 404, "not_found"),
        ("get", "/spotify/tracks/?cursor=x", "", "application/json", 400, "invalid"),
        ("get", "/spotify/tracks/?ordering=x", "", "application/json", 400, "invalid"),
        ("get", "/spotify/tracks/contains/", "", "application/json", 400, "invalid"),
        ("get", "/spotify/playlists/x/items/", "", "application/json", 404, "not_found"),
        ("put", "/spotify/tracks/", "", "application/json", 405, "method_not_allowed"),
        ("delete", "/spotify/account/", "", "application/json", 405, "method_not_allowed"),
    ],
)
def test_errors_have_one_shape(
    ada: Client,
    account: SpotifyAccount,
    method: str,
    url: str,
    body: str,
    content_type: str,
    status: int,
    code: str,
) -> None:
    response = ada.generic(method.upper(), url, body, content_type)

    assert response.status_code == status
    assert response["Content-Type"] == "application/json"
    answer = response.json()
    assert set(answer) == {"code", "detail"}
    assert answer["code"] == code
    assert answer["detail"]


def test_validation_errors_say_where(ada: Client, account: SpotifyAccount) -> None:
    response = ada.post(SYNC, {"full": "perhaps"}, "application/json")

    assert response.json() == {"code": "invalid", "detail": {"full": ["Must be a valid boolean."]}}


def test_a_host_that_names_its_scheme_answers_401(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PinnedAPIView, "authentication_classes", [ByName])

    response = client.get("/spotify/account/")

    assert (response.status_code, response.json()["code"]) == (401, "not_authenticated")
    assert response["WWW-Authenticate"] == "Name"


def test_who_signs_in_by_token_needs_no_csrf_token(
    account: SpotifyAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PinnedAPIView, "authentication_classes", [ByName])
    client = browser_of(enforce_csrf_checks=True)

    response = client.post(SYNC, headers={"Authorization": "Name ada"})

    assert response.status_code == 202


def test_a_crash_of_ours_is_no_answer(
    ada: Client, account: SpotifyAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(request: Any) -> None:
        raise exceptions.SealBroken

    monkeypatch.setattr("django_spotify_sync.rest.account.own_account", crash)

    with pytest.raises(exceptions.SealBroken):
        ada.get("/spotify/account/")


@pytest.mark.parametrize("accept", ["text/html", "application/xml", "image/png", "nonsense"])
def test_json_is_what_is_spoken(ada: Client, account: SpotifyAccount, accept: str) -> None:
    response = ada.get("/spotify/account/?format=xml", headers={"Accept": accept})

    assert response.status_code == 200
    assert response["Content-Type"] == "application/json"


# Throttles


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


@override_settings(
    MIDDLEWARE=[
        "django.middleware.cache.UpdateCacheMiddleware",
        *django_settings.MIDDLEWARE,
        "django.middleware.cache.FetchFromCacheMiddleware",
    ]
)
def test_a_cache_of_the_whole_site_keeps_nothing_of_a_user(
    ada: Client, account: SpotifyAccount
) -> None:
    address = f"/spotify/syncs/{request_sync(account, 'tracks').pk}/"
    before = ada.get(address)
    SyncRun.objects.update(status="succeeded")

    after = ada.get(address)

    assert (before.json()["status"], after.json()["status"]) == ("queued", "succeeded")
    assert "no-store" in after["Cache-Control"]
    assert "private" in after["Cache-Control"]


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


# A host that has its own mind

HOSTILE = {
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.StaticHTMLRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.FileUploadParser"],
    "DEFAULT_PAGINATION_CLASS": "rest_framework.pagination.PageNumberPagination",
    "PAGE_SIZE": 1,
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAdminUser"],
    "DEFAULT_THROTTLE_CLASSES": ["rest_framework.throttling.UserRateThrottle"],
    "DEFAULT_THROTTLE_RATES": {"user": "1/day", "sync": "1/day", "oauth": "1/day"},
    "DEFAULT_VERSIONING_CLASS": "rest_framework.versioning.QueryParameterVersioning",
    "VERSION_PARAM": "search",
    "ALLOWED_VERSIONS": ["9"],
    "DEFAULT_VERSION": "9",
    "DEFAULT_FILTER_BACKENDS": ["rest_framework.filters.SearchFilter"],
    "DEFAULT_METADATA_CLASS": None,
    "EXCEPTION_HANDLER": "no.such.handler",
    "UNAUTHENTICATED_USER": None,
    "DATETIME_FORMAT": "%d.%m.%Y",
    "URL_FORMAT_OVERRIDE": "cursor",
    "DEFAULT_AUTHENTICATION_CLASSES": ["tests.browsing.ByName"],
}

AT_A_HOSTILE_HOST = """
import json
from django.test import Client
from tests.kit.browsing import JSON, consent

client = Client(HTTP_HOST="127.0.0.1", enforce_csrf_checks=True)
ada = {**JSON, "Authorization": "Name ada"}
def show(response):
    kind = response.headers.get("Content-Type", "")
    return [response.status_code, response.json() if "json" in kind else response.headers.get("Location")]

address = client.get("/spotify/auth/", headers=ada).json()["authorize_url"]
brought = consent(address)
print(json.dumps({
    "nobody": show(client.get("/spotify/account/", headers=JSON)),
    "nobody's callback": show(Client(HTTP_HOST="127.0.0.1").get("/spotify/callback/", brought, headers=JSON)),
    "callback": show(client.post("/spotify/callback/", brought, "application/json", headers=ada)),
    "sync": show(client.post("/spotify/sync/tracks/", {"full": True}, "application/json", headers=ada)),
    "wrong": show(client.post("/spotify/sync/tracks/", {"full": "x"}, "application/json", headers=ada)),
    "tracks": show(client.get("/spotify/tracks/?search=track", headers=ada)),
    "following": show(client.get("/spotify/following/?search=nobody", headers=ada)),
    "account": show(client.get("/spotify/account/", headers=ada)),
    "browser": show(client.get("/spotify/auth/")),
}))
"""


@pytest.mark.django_db(transaction=True)
def test_a_host_with_its_own_mind(user: Any, account: SpotifyAccount, spotify: FakeSpotify) -> None:
    SpotifyAccount.objects.update(spotify_id=spotify.user.id)
    for _ in range(3):
        save(account)

    [printed] = in_processes(
        1,
        AT_A_HOSTILE_HOST,
        REST_FRAMEWORK=HOSTILE,
        TIME_ZONE="Asia/Tokyo",
        LANGUAGE_CODE="en",
        **spotify.settings,
    )

    assert printed.startswith("{"), printed
    answers = json.loads(printed)
    assert answers["nobody"][0] == 401
    assert answers["nobody"][1]["code"] == "not_authenticated"
    assert answers["nobody's callback"] == [
        400,
        {
            "code": "state_other_browser",
            "detail": str(exceptions.StateOtherBrowser()),
        },
    ]
    assert answers["callback"][0] == 200
    assert answers["callback"][1]["authorized_at"].endswith("Z")
    assert answers["sync"][0] == 202
    assert answers["sync"][1]["created_at"].endswith("Z")
    assert answers["wrong"][0] == 400
    assert answers["wrong"][1]["code"] == "invalid"
    assert answers["tracks"][0] == 200
    assert len(answers["tracks"][1]["results"]) == 3
    assert set(answers["tracks"][1]) == {"next", "previous", "results"}
    assert answers["following"] == [200, {"next": None, "previous": None, "results": []}]
    assert answers["account"][1]["status"] == "connected"
    assert answers["browser"][0] == 302
    assert SyncRun.objects.get().full
    connection.close()

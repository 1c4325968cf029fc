"""What all REST views share: the host's settings count for nothing, and who calls is a browser or an API client."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import connection
from django.test import Client, RequestFactory, override_settings
from rest_framework.authentication import SessionAuthentication

from django_spotify_sync import errors
from django_spotify_sync.models import SpotifyAccount, SyncRun
from django_spotify_sync.rest.pinned import PinnedAPIView, wants_json
from django_spotify_sync.sync import request_sync
from django_spotify_sync.testing import FakeSpotify
from tests.kit.api import SYNC
from tests.kit.browsing import JSON, ByName, browser_of
from tests.kit.concurrency import in_processes
from tests.kit.libraries import save

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("nothing_is_sent")]


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


SESSION = "rest_framework.authentication.SessionAuthentication"
BY_NAME = "tests.kit.browsing.ByName"


def test_pages_and_api_clients_of_one_site_both_work(
    ada: Client, account: SpotifyAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PinnedAPIView, "authentication_classes", [ByName])

    by_session = ada.get("/spotify/account/", headers=JSON)
    by_name = browser_of().get("/spotify/account/", headers={"Authorization": "Name ada"})
    nobody = browser_of().get("/spotify/account/", headers=JSON)

    assert (by_session.status_code, by_name.status_code, nobody.status_code) == (200, 200, 401)
    assert by_session.json() == by_name.json()


def test_a_session_that_the_host_did_not_name_needs_the_csrf_token(
    user: Any, account: SpotifyAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PinnedAPIView, "authentication_classes", [ByName])
    client = browser_of(user, enforce_csrf_checks=True)

    response = client.post(SYNC, headers=JSON)

    assert (response.status_code, response.json()["code"]) == (403, "permission_denied")
    assert not SyncRun.objects.exists()


def test_a_host_s_own_session_class_is_not_doubled(monkeypatch: pytest.MonkeyPatch) -> None:
    class Own(SessionAuthentication):
        pass

    monkeypatch.setattr(PinnedAPIView, "authentication_classes", [ByName, Own])

    assert [type(one) for one in PinnedAPIView().get_authenticators()] == [ByName, Own]


@pytest.mark.parametrize(
    ("named", "by_session", "by_name"),
    [
        ([SESSION], 200, 403),
        ([BY_NAME], 401, 200),
        ([BY_NAME, SESSION], 200, 200),
        (None, 200, 403),
    ],
)
def test_the_site_says_what_signs_callers_in(
    ada: Client,
    account: SpotifyAccount,
    settings: Any,
    named: list[str] | None,
    by_session: int,
    by_name: int,
) -> None:
    settings.SPOTIFY_SYNC_AUTHENTICATION_CLASSES = named

    statuses = (
        ada.get("/spotify/account/", headers=JSON).status_code,
        browser_of().get("/spotify/account/", headers={"Authorization": "Name ada"}).status_code,
    )

    assert statuses == (by_session, by_name)


def test_pages_go_by_the_session_whatever_is_named(
    ada: Client, settings: Any, spotify: FakeSpotify
) -> None:
    settings.SPOTIFY_SYNC_AUTHENTICATION_CLASSES = [BY_NAME]

    response = ada.get("/spotify/auth/")

    assert response["Location"].startswith(spotify.accounts_url)


@pytest.mark.parametrize("accept", ["text/html", "application/xml", "image/png", "nonsense"])
def test_json_is_what_is_spoken(ada: Client, account: SpotifyAccount, accept: str) -> None:
    response = ada.get("/spotify/account/?format=xml", headers={"Accept": accept})

    assert response.status_code == 200
    assert response["Content-Type"] == "application/json"


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
    "DEFAULT_AUTHENTICATION_CLASSES": ["tests.kit.browsing.ByName"],
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

    *_, last = printed.splitlines()  # what went wrong is logged before
    assert last.startswith("{"), printed
    answers = json.loads(last)
    assert answers["nobody"][0] == 401
    assert answers["nobody"][1]["code"] == "not_authenticated"
    assert answers["nobody's callback"] == [
        400,
        {
            "code": "state_other_browser",
            "detail": str(errors.message_for("state_other_browser")),
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


READ = [
    f"/spotify/{path}"
    for path in (
        *("account/", "syncs/", "syncs/1/", "changes/", "tracks/"),
        *("albums/", "albums/x/", "shows/", "episodes/", "audiobooks/"),
    )
]


# Who may see what


@pytest.mark.parametrize("url", READ)
def test_nobody_sees_anything(client: Client, url: str) -> None:
    response = client.get(url, headers=JSON)

    assert response.status_code == 403
    assert response.json()["code"] == "not_authenticated"


@pytest.mark.parametrize("url", READ)
def test_reading_writes_nothing(ada: Client, url: str) -> None:
    for method in ("post", "put", "patch", "delete"):
        response = getattr(ada, method)(url)
        assert (response.status_code, response.json()["code"]) == (405, "method_not_allowed")

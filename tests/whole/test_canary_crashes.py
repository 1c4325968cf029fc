"""A crash in the midst of connecting, and the page that Django makes of it."""

from __future__ import annotations

import json
import logging
from io import BytesIO
from typing import Any
from urllib.parse import urlencode

import pytest
from django.core.handlers.asgi import ASGIRequest
from django.test import Client
from django.views.debug import ExceptionReporter

from django_spotify_sync.accounts import connecting
from django_spotify_sync.models import SpotifyToken
from django_spotify_sync.testing import FakeSpotify
from django_spotify_sync.views import callback
from tests.kit.browsing import HOST, JSON, begun
from tests.kit.canary import BAD_KEY, FERNET_KEY, Evidence
from tests.kit.reports import asked_by, told

pytestmark = pytest.mark.django_db(transaction=True)


def by_browser(client: Client, brought: dict[str, str]) -> Any:
    return client.get("/spotify/callback/", brought, headers={"Accept": "text/html"})


def by_api_browser(client: Client, brought: dict[str, str]) -> Any:
    return client.get("/spotify/callback/", brought, headers=JSON)


def by_json(client: Client, brought: dict[str, str]) -> Any:
    return client.post("/spotify/callback/", brought, "application/json", headers=JSON)


def by_form(client: Client, brought: dict[str, str]) -> Any:
    return client.post("/spotify/callback/", brought, headers={"Accept": "text/html"})


def nothing_can_be_begun(patch: pytest.MonkeyPatch, settings: Any) -> None:
    """Crash as early as can be: an API client's request is counted before it is read."""
    patch.setattr("django_spotify_sync.rest.throttles.OAuthThrottle.allow_request", _crash)
    patch.setattr("django_spotify_sync.accounts.finish", _crash)


def no_key(patch: pytest.MonkeyPatch, settings: Any) -> None:
    settings.SPOTIFY_SYNC_FERNET_KEYS = [FERNET_KEY, BAD_KEY]


def token_cannot_be_saved(patch: pytest.MonkeyPatch, settings: Any) -> None:
    patch.setattr(SpotifyToken, "save", _crash)


def profile_cannot_be_read(patch: pytest.MonkeyPatch, settings: Any) -> None:
    patch.setattr(connecting, "parse_profile", _crash)


def account_cannot_be_shown(patch: pytest.MonkeyPatch, settings: Any) -> None:
    patch.setattr("django_spotify_sync.views.finish.SpotifyAccountSerializer", _crash)
    settings.SPOTIFY_SYNC_CONNECTED_URL = "no-such-address-name"


def _crash(*args: object, **kwargs: object) -> None:
    del args, kwargs  # or this frame would show what it was given
    raise RuntimeError("a crash")


each_crash = pytest.mark.parametrize(
    "crash",
    [
        nothing_can_be_begun,
        no_key,
        token_cannot_be_saved,
        profile_cannot_be_read,
        account_cannot_be_shown,
    ],
)


@pytest.mark.parametrize("door", [by_browser, by_api_browser, by_json, by_form])
@each_crash
def test_no_report_of_a_crash_shows_a_secret(
    fake: FakeSpotify,
    ada: Client,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    crash: Any,
    door: Any,
) -> None:
    settings.DEBUG = True
    settings.ALLOWED_HOSTS = [HOST]
    ada.raise_request_exception = False
    brought = begun(ada)
    caplog.set_level(logging.DEBUG)
    crash(monkeypatch, settings)

    response = door(ada, brought)

    assert response.status_code == 500
    request = response.wsgi_request
    evidence = Evidence()
    evidence.answer(response)
    evidence.add("request", asked_by(request))
    evidence.logs(caplog.records)
    evidence.add("error", told(response.exc_info[1]))
    for is_email in (True, False):
        kind, error, trace = response.exc_info
        report = ExceptionReporter(request, kind, error, trace, is_email=is_email)
        evidence.add("report", report.get_traceback_html())
        evidence.add("report", report.get_traceback_text())
    evidence.check()
    assert "finish.py" in response.content.decode(), "the page shows the frames"


# Behind a server that speaks ASGI, whose scope the request keeps


def asgi_request(method: str, query: str, body: bytes, kind: str, accept: str) -> ASGIRequest:
    """Return what Django makes of a server's scope."""
    headers = {
        "host": HOST,
        "accept": accept,
        "content-type": kind,
        "content-length": str(len(body)),
        "referer": f"http://{HOST}/spotify/callback/?{query}",
    }
    scope = {
        "type": "http",
        "method": method,
        "path": "/spotify/callback/",
        "query_string": query.encode(),
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }
    return ASGIRequest(scope, BytesIO(body))


def asgi_browser(brought: str, code: dict[str, str]) -> ASGIRequest:
    return asgi_request("GET", brought, b"", "", "text/html")


def asgi_api_browser(brought: str, code: dict[str, str]) -> ASGIRequest:
    return asgi_request("GET", brought, b"", "", "application/json")


def asgi_json(brought: str, code: dict[str, str]) -> ASGIRequest:
    body = json.dumps(code).encode()
    return asgi_request("POST", "", body, "application/json", "application/json")


def asgi_form(brought: str, code: dict[str, str]) -> ASGIRequest:
    kind = "application/x-www-form-urlencoded"
    return asgi_request("POST", "", brought.encode(), kind, "application/json")


@pytest.mark.parametrize("door", [asgi_browser, asgi_api_browser, asgi_json, asgi_form])
@each_crash
def test_no_report_of_a_crash_behind_asgi_shows_a_secret(
    fake: FakeSpotify,
    ada: Client,
    user: Any,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    crash: Any,
    door: Any,
) -> None:
    settings.DEBUG = True
    settings.ALLOWED_HOSTS = [HOST]
    brought = begun(ada)
    request = door(urlencode(brought), brought)
    request.user, request._dont_enforce_csrf_checks = user, True
    crash(monkeypatch, settings)

    with pytest.raises(Exception) as caught:  # noqa: PT011 - whichever it is, it may not tell
        callback(request)

    evidence = Evidence()
    evidence.add("request", asked_by(request))
    evidence.add("error", told(caught.value))
    page = ExceptionReporter(request, caught.type, caught.value, caught.tb.tb_next)
    evidence.add("report", page.get_traceback_html())
    evidence.check()
    assert "finish.py" in page.get_traceback_text(), "the page shows the frames"

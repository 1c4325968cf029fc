"""A crash in the midst of connecting, and the page that Django makes of it."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from django.test import Client
from django.views.debug import ExceptionReporter

from django_spotify_sync.accounts import connecting
from django_spotify_sync.models import SpotifyToken
from django_spotify_sync.testing import FakeSpotify
from tests.kit.browsing import HOST, JSON, begun
from tests.kit.canary import BAD_KEY, FERNET_KEY, Evidence
from tests.kit.reports import told

pytestmark = pytest.mark.django_db(transaction=True)


def by_browser(client: Client, brought: dict[str, str]) -> Any:
    return client.get("/spotify/callback/", brought, headers={"Accept": "text/html"})


def by_api_browser(client: Client, brought: dict[str, str]) -> Any:
    return client.get("/spotify/callback/", brought, headers=JSON)


def by_json(client: Client, brought: dict[str, str]) -> Any:
    return client.post("/spotify/callback/", brought, "application/json", headers=JSON)


def by_form(client: Client, brought: dict[str, str]) -> Any:
    return client.post("/spotify/callback/", brought, headers={"Accept": "text/html"})


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


@pytest.mark.parametrize("door", [by_browser, by_api_browser, by_json, by_form])
@pytest.mark.parametrize(
    "crash", [no_key, token_cannot_be_saved, profile_cannot_be_read, account_cannot_be_shown]
)
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
    evidence = Evidence()
    evidence.answer(response)
    evidence.logs(caplog.records)
    evidence.add("error", told(response.exc_info[1]))
    for is_email in (True, False):
        kind, error, trace = response.exc_info
        report = ExceptionReporter(response.wsgi_request, kind, error, trace, is_email=is_email)
        evidence.add("report", report.get_traceback_html())
        evidence.add("report", report.get_traceback_text())
    evidence.check()
    assert "finish.py" in response.content.decode(), "the page shows the frames"

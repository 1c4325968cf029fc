"""What holds for every view that talks to Spotify: no cache, no referrer, no transaction, CSRF by DRF alone."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from django.db import connection
from django.test import Client

from django_spotify_sync.testing import FakeSpotify
from tests.kit.browsing import JSON, begun, browser_of, by_browser, by_post
from tests.kit.connecting import nothing_is_stored

pytestmark = pytest.mark.django_db


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


# The host


@pytest.mark.django_db(transaction=True)
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


@pytest.mark.django_db(transaction=True)
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
    stranger = browser_of()

    assert by_browser(stranger, brought) == (302, "state_other_browser"), "and not to log in"
    assert by_browser(ada, brought) == (200, "")
    response = browser_of().get("/spotify/auth/", headers={**JSON, "Authorization": "Name ada"})
    assert response.status_code == 200

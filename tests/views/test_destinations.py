"""Where the browser goes afterwards."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from tests.kit.browsing import HOST, begun, connect_by_browser, consent

pytestmark = pytest.mark.django_db


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

    assert response["Location"] == "/spotify/"


def test_next_leads_back_to_where_the_user_was(ada: Client) -> None:
    response = connect_by_browser(ada, next="/library/?page=2")

    assert response["Location"] == "/library/?page=2"


def test_next_leads_from_https_to_no_http(ada: Client) -> None:
    address = ada.get("/spotify/auth/", {"next": f"http://{HOST}/"}, secure=True)["Location"]

    response = ada.get("/spotify/callback/", consent(str(address)), secure=True)

    assert response["Location"] == "/spotify/"


def test_next_brought_to_the_callback_counts_for_nothing(ada: Client) -> None:
    response = ada.get("/spotify/callback/", begun(ada) | {"next": "https://evil.example/"})

    assert response["Location"] == "/spotify/"


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

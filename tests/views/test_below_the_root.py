"""Where browsers are sent on a site that is not at its host's root."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import clear_script_prefix, set_script_prefix

from django_spotify_sync.testing import FakeSpotify
from tests.kit.browsing import browser_of, connect_by_browser, query_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def below(user: Any, spotify: FakeSpotify, settings: Any) -> Iterator[Client]:
    """Mount the site below its host's root, as a web server does that hands on what begins with /music."""
    settings.FORCE_SCRIPT_NAME = "/music"
    set_script_prefix(
        "/music/"
    )  # which Django's handlers do at each request, and its test client does not
    yield browser_of(user)
    clear_script_prefix()


def test_by_default_a_browser_stays_on_the_site(below: Client) -> None:
    assert connect_by_browser(below)["Location"] == "/music/spotify/"
    failed = below.get("/spotify/callback/")["Location"]
    assert failed == "/music/spotify/?spotify_error=state_missing"


def test_names_lead_into_the_site(below: Client, settings: Any) -> None:
    settings.SPOTIFY_SYNC_CONNECTED_URL = settings.SPOTIFY_SYNC_FAILED_URL = "login"

    assert connect_by_browser(below)["Location"] == "/music/accounts/login/"
    failed = below.get("/spotify/callback/")["Location"]
    assert failed == "/music/accounts/login/?spotify_error=state_missing"


def test_paths_that_a_site_sets_are_its_own(below: Client, settings: Any) -> None:
    settings.SPOTIFY_SYNC_CONNECTED_URL = settings.SPOTIFY_SYNC_FAILED_URL = "/"

    assert connect_by_browser(below)["Location"] == "/"
    assert below.get("/spotify/callback/")["Location"] == "/?spotify_error=state_missing"


def test_all_else_knows_where_the_site_is(below: Client) -> None:
    begun = below.get("/spotify/auth/")["Location"]

    assert query_of(begun)["redirect_uri"] == "http://127.0.0.1/music/spotify/callback/"

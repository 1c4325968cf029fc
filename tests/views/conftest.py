"""A user's browser, an API client, and a cache that goes away."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from django_spotify_sync.models import SpotifyAccount
from django_spotify_sync.rest.pinned import PinnedAPIView
from django_spotify_sync.testing import FakeSpotify
from tests.kit.browsing import ByName, browser_of
from tests.kit.connecting import connect
from tests.kit.outages import CACHES_AWAY
from tests.kit.signing_in import BACKEND


@pytest.fixture
def ada(user: Any, spotify: FakeSpotify) -> Client:
    """Give Ada's browser, signed in."""
    return browser_of(user)


@pytest.fixture
def by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let this host sign API clients in by a header."""
    monkeypatch.setattr(PinnedAPIView, "authentication_classes", [ByName])


@pytest.fixture(params=[*CACHES_AWAY.values()], ids=[*CACHES_AWAY])
def take_the_cache_away(request: pytest.FixtureRequest, settings: Any) -> Any:
    """Give a function that lets Redis be gone from then on."""
    settings.CACHES = {**settings.CACHES, "away": request.param}
    return lambda: setattr(settings, "SPOTIFY_SYNC_CACHE", "away")


@pytest.fixture
def login_enabled(settings: Any, spotify: FakeSpotify) -> None:
    """Let this host's users sign in with Spotify."""
    settings.SPOTIFY_SYNC_LOGIN_ENABLED = True
    settings.AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend", BACKEND]
    settings.SPOTIFY_SYNC_THROTTLE_RATES = {}


@pytest.fixture
def account(user: Any, spotify: FakeSpotify) -> SpotifyAccount:
    """Give Ada's account; she is the one who consents at Spotify."""
    return connect(user, spotify)


@pytest.fixture
def nobody() -> Client:
    """Give a browser in which nobody is signed in."""
    return browser_of()

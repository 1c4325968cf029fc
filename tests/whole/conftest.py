"""A FakeSpotify and a host whose secrets are recognised anywhere."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from django_spotify_sync.testing import FakeSpotify
from tests.kit.browsing import browser_of
from tests.kit.canary import let_canaries_out


@pytest.fixture
def fake(spotify: FakeSpotify, settings: Any, monkeypatch: pytest.MonkeyPatch) -> FakeSpotify:
    """Give a FakeSpotify and a host whose secrets are recognised."""
    let_canaries_out(spotify, settings, monkeypatch)
    return spotify


@pytest.fixture
def ada(user: Any) -> Client:
    return browser_of(user)

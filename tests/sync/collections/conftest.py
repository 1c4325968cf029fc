"""Somebody who has saved a bit of everything."""

from __future__ import annotations

from typing import Any

import pytest

from django_spotify_sync.models import SpotifyAccount
from django_spotify_sync.testing import FakeSpotify
from tests.kit.connecting import connect
from tests.kit.saved import ALL, SCOPE


@pytest.fixture
def who(spotify: FakeSpotify) -> Any:
    """Give a user of FakeSpotify's with something of each kind."""
    return spotify.add_user("lena", albums=5, shows=30, episodes=10, audiobooks=7)


@pytest.fixture
def lena(
    spotify: FakeSpotify, who: Any, transactional_db: None, django_user_model: Any, settings: Any
) -> SpotifyAccount:
    """Give the account of that user, who agreed to everything."""
    settings.SPOTIFY_SYNC_RESOURCES = ["tracks", "playlists", "following", *ALL]
    user = django_user_model.objects.create_user(username="lena")
    account = connect(user, spotify, who, scope=SCOPE)
    spotify.clear_log()
    return account

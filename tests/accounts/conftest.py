"""Accounts, one of them with a whole library to let go of."""

from __future__ import annotations

from typing import Any

import pytest

from django_spotify_sync.models import (
    SavedAlbum,
    SavedAudiobook,
    SavedEpisode,
    SavedShow,
    SpotifyAccount,
    StagedPage,
)
from django_spotify_sync.sync import request_sync, sync
from django_spotify_sync.testing import FakeSpotify
from tests.kit.connecting import connect


@pytest.fixture
def whole(account: SpotifyAccount) -> SpotifyAccount:
    """Give Ada's account with its library, and a run that waits with a staged page."""
    for resource in ("tracks", "playlists", "following"):
        assert sync(account, resource).status == "succeeded"
    shelves = (SavedAlbum, 4), (SavedShow, 3), (SavedEpisode, 2), (SavedAudiobook, 1)
    for model, count in shelves:
        for number in range(count):
            model.objects.create(account=account, spotify_id=f"saved {number}")
    run = request_sync(account, "tracks")
    StagedPage.objects.create(run=run, offset=0, rows=b"")
    return account


@pytest.fixture
def neighbour(other_user: Any, spotify: FakeSpotify) -> SpotifyAccount:
    """Give Grace's account with a library, which nobody may touch."""
    account = connect(other_user, spotify, spotify.add_user("grace", tracks=30, playlists=2))
    for resource in ("tracks", "playlists"):
        sync(account, resource)
    return account


@pytest.fixture
def account(user: Any, spotify: FakeSpotify) -> SpotifyAccount:
    """Give Ada's account, connected and with nothing synced yet."""
    account = connect(user, spotify)
    spotify.clear_log()
    return account

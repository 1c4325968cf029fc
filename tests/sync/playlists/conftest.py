"""A library of playlists."""

from __future__ import annotations

import pytest

from django_spotify_sync.sync import sync
from django_spotify_sync.sync.playlists import listing


@pytest.fixture
def library(account, spotify, monkeypatch):
    """Give 16 stored lists, which are listed in pages of ten, the first of 230 items."""
    monkeypatch.setattr(listing, "LIMIT", 10)
    for number in range(12):
        spotify.user.add_playlist(f"List {number}", 2)
    long = spotify.user.add_playlist("Long", 230)
    assert sync(account, "playlists").status == "succeeded"
    return long

"""The pytest fixture for host sites.

In their conftest: ``pytest_plugins = ["django_spotify_sync.testing.fixtures"]``.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from django_spotify_sync.testing.fake import FakeSpotify


@pytest.fixture
def fake_spotify() -> Iterator[FakeSpotify]:
    """Run a FakeSpotify with a library of 120 tracks that answers consent by itself.

    ``fake_spotify.settings`` are the settings that make a site talk to it.
    """
    with FakeSpotify(tracks=120, playlists=6, artists=12, consent="auto") as fake:
        yield fake

"""A fake for each test, and a caller with a token."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from django_spotify_sync.testing import CORE_SCOPE, FakeSpotify

type Get = Callable[..., requests.Response]


@pytest.fixture
def fake() -> Iterator[FakeSpotify]:
    with FakeSpotify(tracks=230, playlists=12, artists=70, consent="auto") as running:
        yield running


@pytest.fixture
def session() -> Iterator[requests.Session]:
    with requests.Session() as open_session:
        open_session.trust_env = False
        yield open_session


@pytest.fixture
def get(fake: FakeSpotify, session: requests.Session) -> Get:
    """Call the API as the first user; ``token=`` calls as somebody else."""
    own = fake.grant(scope=f"{CORE_SCOPE} user-read-playback-position")["access_token"]

    def call(path: str, token: str = own, **query: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {token}", "Accept-Language": "en"}
        return session.get(fake.api_url + path, params=query, headers=headers, timeout=10)

    return call

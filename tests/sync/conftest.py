"""A connected account, and how to hold its library against the truth."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection

from django_spotify_sync.models import SpotifyAccount
from django_spotify_sync.testing import FakeSpotify
from tests.kit.connecting import connect, stored
from tests.kit.truth import wrongly_folded

type Spawn = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def account(transactional_db: None, user: Any, spotify: FakeSpotify) -> Iterator[SpotifyAccount]:
    """Give Ada's account, connected and with nothing synced yet; whatever is synced is found by search."""
    account = connect(user, spotify)
    spotify.clear_log()
    yield account
    assert wrongly_folded() == []


@pytest.fixture
def is_true(account: SpotifyAccount, spotify: FakeSpotify) -> Callable[[], bool]:
    """Tell whether the stored library is Spotify's, to the last entry and in order."""
    return lambda: stored(account) == spotify.user.entries()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do not wait between the attempts of one request."""
    monkeypatch.setattr("django_spotify_sync.spotify.client.BACKOFF", 0.001)


@pytest.fixture
def command(account: SpotifyAccount, spotify: FakeSpotify) -> Iterator[Spawn]:
    """Start ``spotify_sync`` in a process of its own, on the test's database and FakeSpotify."""
    overrides = {"DATABASES": {"default": connection.settings_dict}, **spotify.settings}
    processes: list[subprocess.Popen[str]] = []

    def spawn(*arguments: str, **more: Any) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "django", "spotify_sync", "--only=tracks", *arguments],
            env={**os.environ, "TEST_OVERRIDES": json.dumps(overrides | more)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        processes.append(process)
        return process

    yield spawn
    for process in processes:
        process.kill()
        process.wait()
        process.stdout.close()

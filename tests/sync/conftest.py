"""A connected account, and how to hold its library against the truth."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection

from django_spotify_sync import accounts
from django_spotify_sync.models import SavedTrack, SpotifyAccount
from django_spotify_sync.secret import Secret
from django_spotify_sync.spotify import oauth
from django_spotify_sync.testing import FakeSpotify

type Spawn = Callable[..., subprocess.Popen[str]]
type Entry = tuple[str | None, str | None]


def connect(user: Any, spotify: FakeSpotify, who: Any = None) -> SpotifyAccount:
    """Connect without a browser: the grant is Spotify's, the rest is what the callback does."""
    answer = spotify.grant(who or spotify.user)
    grant = oauth.Grant(
        access_token=Secret(answer["access_token"]),
        refresh_token=Secret(answer["refresh_token"]),
        expires_in=answer["expires_in"],
        scope=answer["scope"],
    )
    return accounts.connect(user, accounts.fetch_profile(grant), grant)


def stored(account: SpotifyAccount) -> list[Entry]:
    """Return what is stored as FakeSpotify's ``entries()`` give it: id and added_at, in order."""
    return [
        (spotify_id, added_at.strftime("%Y-%m-%dT%H:%M:%SZ") if added_at else None)
        for spotify_id, added_at in SavedTrack.objects.filter(account=account)
        .in_order()
        .values_list("spotify_id", "added_at")
    ]


@pytest.fixture
def account(transactional_db: None, user: Any, spotify: FakeSpotify) -> SpotifyAccount:
    """Give Ada's account, connected and with nothing synced yet."""
    account = connect(user, spotify)
    spotify.clear_log()
    return account


@pytest.fixture
def is_true(account: SpotifyAccount, spotify: FakeSpotify) -> Callable[[], bool]:
    """Tell whether the stored library is Spotify's, to the last entry and in order."""
    return lambda: stored(account) == spotify.user.entries()


@pytest.fixture
def command(account: SpotifyAccount, spotify: FakeSpotify) -> Iterator[Spawn]:
    """Start ``spotify_sync`` in a process of its own, on the test's database and FakeSpotify."""
    overrides = {"DATABASES": {"default": connection.settings_dict}, **spotify.settings}
    processes: list[subprocess.Popen[str]] = []

    def spawn(*arguments: str, **more: Any) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "django", "spotify_sync", *arguments],
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


def wait_until(happens: Callable[[], Any], *, seconds: float = 20.0) -> Any:
    """Return what *happens* gives as soon as it is true."""
    deadline = time.monotonic() + seconds
    while not (result := happens()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)
    return result

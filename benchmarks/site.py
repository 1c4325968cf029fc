"""A host site on a database of its own, and a FakeSpotify in another process, for the length of a measurement."""

from __future__ import annotations

import json
import multiprocessing
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

import django
from django.contrib.auth import get_user_model
from django.db import connection
from django.test.utils import override_settings

from benchmarks import truth
from django_spotify_sync import accounts, testing
from django_spotify_sync.models import SpotifyAccount
from django_spotify_sync.secret import Secret
from django_spotify_sync.spotify import oauth
from django_spotify_sync.testing import FakeSpotify


@dataclass(frozen=True)
class Spotify:
    """A FakeSpotify in a process of its own, so that it shares no interpreter lock with what is measured."""

    settings: dict[str, str]
    grant: dict[str, Any]
    _pipe: Connection

    def do(self, code: str) -> Any:
        """Evaluate an expression over ``fake`` there; return what it gives."""
        self._pipe.send(code)
        return self._pipe.recv()


def _serve(pipe: Connection, options: dict[str, Any]) -> None:
    with FakeSpotify(**options) as fake:
        pipe.send((fake.settings, fake.grant()))
        while (code := pipe.recv()) is not None:
            names = {"fake": fake, "json": json, "testing": testing, "truth": truth}
            result = eval(code, names)
            pipe.send(result if isinstance(result, int | float | str | list | None) else None)


@contextmanager
def spotify(start: str = "spawn", **options: Any) -> Iterator[Spotify]:
    """Run FakeSpotify elsewhere, in a process that is begun in that way, and point the settings at it."""
    context = multiprocessing.get_context(start)
    here, there = context.Pipe()
    process = context.Process(target=_serve, args=(there, options))
    process.start()
    settings, grant = here.recv()
    try:
        with override_settings(**settings):
            yield Spotify(settings, grant, here)
    finally:
        here.send(None)
        process.join()


@contextmanager
def database() -> Iterator[None]:
    """Make an empty database, and take it away afterwards."""
    connection.creation.create_test_db(verbosity=0, autoclobber=True)
    name = connection.settings_dict["NAME"]
    try:
        yield
    finally:
        connection.creation.destroy_test_db(name, verbosity=0)


def connected(spotify: Spotify) -> SpotifyAccount:
    """Connect a new user with the grant."""
    user = get_user_model().objects.create_user(username=secrets.token_hex(4))
    answer = spotify.grant
    grant = oauth.Grant(
        access_token=Secret(answer["access_token"]),
        refresh_token=Secret(answer["refresh_token"]),
        expires_in=answer["expires_in"],
        scope=answer["scope"],
    )
    return accounts.connect(user, accounts.fetch_profile(grant), grant)


def versions() -> str:
    """Name what was measured with."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SHOW server_version")
            database = f"PostgreSQL {cursor.fetchone()[0]}"
        else:
            database = "SQLite"
    return f"Django {django.get_version()}, {database}, {os.cpu_count()} cores"


def table(title: str, rows: list[dict[str, Any]]) -> None:
    """Print rows under their names."""
    print(f"\n{title}")
    widths = {name: max(len(name), *(len(str(row[name])) for row in rows)) for name in rows[0]}
    for row in [{name: name for name in rows[0]}, *rows]:
        print("  ".join(str(row[name]).rjust(width) for name, width in widths.items()))
    print(json.dumps(rows))

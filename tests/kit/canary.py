"""Secrets that would be recognised anywhere, and how to look for them everywhere."""

from __future__ import annotations

import base64
import logging
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from redis import Redis

from django_spotify_sync.accounts import tokens
from django_spotify_sync.secret import Secret
from django_spotify_sync.spotify import client as spotify_client
from django_spotify_sync.spotify import oauth
from django_spotify_sync.testing import FakeSpotify
from django_spotify_sync.views import cookie
from tests.kit.reports import told

CLIENT_SECRET = "CANARY-client-secret-3f9a"
FERNET_KEY = base64.urlsafe_b64encode(b"CANARY fernet key of 32 bytes..\xff").decode()
BAD_KEY = "CANARY-that-is-no-fernet-key"
VERIFIER = "CANARY-verifier-" + "v" * 40
BROWSER = "CANARY-browser-cookie-5e1d"
SECRETS = {
    "access token": "FAKE_ACCESS_",
    "refresh token": "FAKE_REFRESH_",
    "code": "FAKE_CODE_",
    "client secret": CLIENT_SECRET,
    "Fernet key": FERNET_KEY,
    "broken Fernet key": BAD_KEY,
    "verifier": VERIFIER,
    "browser's cookie": BROWSER,
}


def in_base64(secret: str) -> list[str]:
    """Return how a text looks inside of base64, wherever it begins there."""
    return [base64.b64encode(b"x" * before + secret.encode()).decode()[4:-4] for before in range(3)]


def leaks(text: str, secrets: dict[str, str] = SECRETS) -> list[str]:
    return [
        name
        for name, secret in secrets.items()
        if any(form in text for form in [secret, *in_base64(secret)])
    ]


class Evidence:
    """Everything that anybody could see, by where they would."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str]] = []

    def add(self, where: str, what: object) -> None:
        self.seen.append((where, str(what)))

    def answer(self, response: Any) -> Any:
        request = response.wsgi_request
        where = f"{request.method} {request.path} {response.status_code}"
        self.add(where, response.getvalue().decode("utf-8", "replace"))
        # The browser itself is told what its cookie is.
        self.add(where + " headers", f"{response.headers} {response.cookies}".replace(BROWSER, ""))
        return response

    def error(self, act: Callable[[], Any]) -> None:
        """Do what has to fail, and keep all that a report of it could show."""
        with pytest.raises(Exception) as caught:  # noqa: PT011 - whichever it is, it may not tell
            act()
        self.add(f"error {type(caught.value).__name__}", told(caught.value))

    def logs(self, records: list[logging.LogRecord]) -> None:
        formatter = logging.Formatter("%(name)s %(levelname)s %(message)s")
        for record in records:
            self.add(f"log {record.name}", f"{formatter.format(record)} {record.args!r}")

    def database(self) -> None:
        with connection.cursor() as cursor:
            for table in connection.introspection.table_names(cursor):
                cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
                for row in cursor.fetchall():
                    texts = [
                        bytes(value).decode("latin-1")
                        if isinstance(value, bytes | memoryview)
                        else str(value)
                        for value in row
                    ]
                    self.add(f"table {table}", " ".join(texts))

    def check(self, **more: str) -> None:
        secrets = SECRETS | more
        found = [
            f"{', '.join(leaks(what, secrets))} in {where}"
            for where, what in self.seen
            if leaks(what, secrets)
        ]
        assert not found, "\n".join(found)


@contextmanager
def watched_redis() -> Iterator[list[str]]:
    """Record every command sent to Redis, but those of tests beside this one, whose keys have their own prefix."""
    said: list[str] = []
    redis = Redis.from_url(settings.REDIS_URL, socket_timeout=None)
    marker = "canary:end"
    listening = threading.Event()
    others = re.compile(r"spotify-sync-tests-\w+:")

    def listen() -> None:
        with redis.monitor() as monitor:
            listening.set()
            for command in monitor.listen():
                if settings.REDIS_PREFIX in command["command"] or not others.search(
                    command["command"]
                ):
                    said.append(command["command"])
                if marker in command["command"]:
                    return

    thread = threading.Thread(target=listen, daemon=True)
    thread.start()
    assert listening.wait(timeout=10)
    yield said
    redis.echo(marker)
    thread.join(timeout=10)
    redis.close()
    assert not thread.is_alive()


def let_canaries_out(spotify: FakeSpotify, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give FakeSpotify and the host secrets that are recognised, and no patience."""
    spotify.client_secret = settings.SPOTIFY_SYNC_CLIENT_SECRET = CLIENT_SECRET
    settings.SPOTIFY_SYNC_FERNET_KEYS = [FERNET_KEY]
    monkeypatch.setattr(oauth, "new_verifier", lambda: Secret(VERIFIER))
    monkeypatch.setattr(cookie, "new_browser", lambda: BROWSER)
    monkeypatch.setattr(spotify_client, "BACKOFF", 0)
    monkeypatch.setattr(oauth, "BACKOFF", (0.0,))
    settings.SPOTIFY_SYNC_MAX_WAIT = timedelta(0)
    monkeypatch.setattr(tokens, "longest_refresh", lambda: timedelta(seconds=1))

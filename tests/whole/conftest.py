"""A FakeSpotify and a host whose secrets are recognised anywhere."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.db import connection
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


@pytest.fixture
def database(transactional_db: None, tmp_path: Path) -> Iterator[str]:
    """Give the URL of a new database of the kind that is tested."""
    if connection.vendor == "sqlite":
        yield f"sqlite:///{tmp_path}/site.sqlite3"
        return
    its = connection.settings_dict
    name = f"{its['NAME']}_example"
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {name}")
    try:
        who = f"{its['USER']}:{quote(its['PASSWORD'], safe='')}".rstrip(":")
        port = f":{its['PORT']}" if its["PORT"] else ""
        yield f"postgres://{who}@{quote(its['HOST'], safe='')}{port}/{name}"
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")

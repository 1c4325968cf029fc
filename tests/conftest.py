"""What every test may ask for, and what no test may do."""

from __future__ import annotations

import ipaddress
import json
import math
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings as django_settings
from django.contrib import admin
from django.db import connection
from django.test import TransactionTestCase
from django_redis import get_redis_connection
from django_redis.client import DefaultClient

from django_spotify_sync import pace
from django_spotify_sync.sync.runs import heartbeat
from django_spotify_sync.testing import FakeSpotify
from tests.celery_app import app as celery_app
from tests.kit.crowds import Crowd
from tests.kit.emptying import empty_databases, is_connection_spoilt
from tests.kit.other_logins import install

ROOT = Path(__file__).parent.parent
WORKER_STARTUP_SECONDS = 90

TransactionTestCase._fixture_teardown = empty_databases
TransactionTestCase._should_reload_connections = is_connection_spoilt


@pytest.fixture(autouse=True, scope="session")
def network_closed() -> Iterator[None]:
    """Let nothing be reached but this machine and the services under test."""
    services = {
        urlsplit(os.environ.get(name, "")).hostname for name in ("DATABASE_URL", "REDIS_URL")
    }
    known: set[Any] = {"localhost", *services}
    connect, getaddrinfo = socket.socket.connect, socket.getaddrinfo

    def refuse(host: str) -> None:
        if host not in known and not is_loopback(host):
            pytest.fail(
                f"A test tried to reach {host}. Let it talk to the `spotify` fixture instead."
            )

    def guarded_getaddrinfo(host: Any, *args: Any, **kwargs: Any) -> Any:
        refuse(host or "localhost")
        found = getaddrinfo(host, *args, **kwargs)
        known.update(address[0] for *_, address in found)
        return found

    def guarded_connect(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6):
            refuse(address[0])
        connect(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", guarded_getaddrinfo)
        patch.setattr(socket.socket, "connect", guarded_connect)
        yield


def is_loopback(host: str) -> bool:
    """Tell whether this is an address, not a name, of this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@pytest.fixture(autouse=True, scope="session")
def redis_shared() -> Iterator[None]:
    """Let no test clear the Redis that all processes of a run share: django-redis does, whatever the prefix."""

    def refuse(*args: Any, **kwargs: Any) -> None:
        pytest.fail(
            "Other processes test on this Redis. Let `empty_redis()` delete this one's keys."
        )

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DefaultClient, "clear", refuse)
        yield


@pytest.fixture(autouse=True)
def redis_emptied() -> None:
    """Start each test with no state, pace, lock or message of another one's."""
    empty_redis()
    pace.forget()


def empty_redis() -> None:
    """Delete the keys of this process, and no others."""
    redis = get_redis_connection()
    if keys := list(redis.scan_iter(django_settings.REDIS_PREFIX + "*", count=1000)):
        redis.delete(*keys)


@pytest.fixture(autouse=True)
def progress_unwritten(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no run of this process write its progress because the machine is slow: tests count statements."""
    monkeypatch.setattr(heartbeat, "PROGRESS_EVERY", math.inf)


@pytest.fixture
def user(db: None, django_user_model: Any) -> Any:
    """Give somebody who may have a library."""
    return django_user_model.objects.create_user(username="ada", password="ada")


@pytest.fixture
def other_user(db: None, django_user_model: Any) -> Any:
    """Give somebody else, who must not see it."""
    return django_user_model.objects.create_user(username="grace", password="grace")


@pytest.fixture
def spotify(settings: Any) -> Iterator[FakeSpotify]:
    """Run a FakeSpotify that this host's settings point at, whose user consents at once."""
    with FakeSpotify(tracks=120, playlists=3, artists=60, consent="auto") as fake:
        for name, value in fake.settings.items():
            setattr(settings, name, value)
        yield fake


@pytest.fixture
def crowd(django_user_model: Any, spotify: FakeSpotify) -> Crowd:
    """Give more users, as many as come."""
    return Crowd(django_user_model, spotify)


@pytest.fixture
def other_logins(db: None, settings: Any) -> Iterator[None]:
    """Install the real django-allauth and social-auth, with tables for the rows of `tests.kit.other_logins`."""
    registered = {**admin.site._registry}
    install(settings)
    yield
    # Apps installed anew are asked for their admin, and what they register would outlast them.
    admin.site._registry = registered


@pytest.fixture
def celery_worker_process(
    transactional_db: None, spotify: FakeSpotify, tmp_path: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a real `celery worker` on the test's database, broker and FakeSpotify.

    Its log is printed at the end, which pytest shows of tests that fail.
    """
    overrides = {"DATABASES": {"default": connection.settings_dict}, **spotify.settings}
    options = ["--loglevel=INFO", "--concurrency=2", "--without-gossip", "--without-mingle"]
    with (tmp_path / "worker.log").open("w+") as log:
        worker = subprocess.Popen(
            [sys.executable, "-m", "celery", "-A", "tests.celery_app", "worker", *options],
            cwd=ROOT,
            env={**os.environ, "TEST_OVERRIDES": json.dumps(overrides)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
        try:
            wait_for_worker(worker)
            yield worker
        finally:
            worker.terminate()
            try:
                worker.wait(timeout=WORKER_STARTUP_SECONDS)
            finally:
                worker.kill()
                log.seek(0)
                print(log.read())


def wait_for_worker(worker: subprocess.Popen[bytes]) -> None:
    """Return when the worker answers a ping."""
    deadline = time.monotonic() + WORKER_STARTUP_SECONDS
    while not celery_app.control.ping(timeout=0.25):
        if worker.poll() is not None or time.monotonic() > deadline:
            pytest.fail("The Celery worker did not start; its log is below.")

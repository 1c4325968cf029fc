"""Several callers at once: threads of this process, or processes of their own."""

from __future__ import annotations

import atexit
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.db import connection, connections

ROOT = Path(__file__).parents[2]


def at_once[Result](*functions: Callable[[], Result]) -> list[Result | Exception]:
    """Call all at the same moment; return what each gave or raised."""
    barrier = threading.Barrier(len(functions))

    def call(function: Callable[[], Result]) -> Result | Exception:
        try:
            barrier.wait(timeout=60)
            return function()
        except Exception as error:
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(functions)) as pool:
        return list(pool.map(call, functions))


def wait_until(happens: Callable[[], Any], *, seconds: float = 90.0, pause: float = 0.05) -> Any:
    """Return what *happens* gives as soon as it is true; without keeping a busy machine busy."""
    deadline = time.monotonic() + seconds
    while not (result := happens()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(pause)
    return result


def lock_waits() -> int:
    """Return how many connections to this test's database wait for a lock; other tests share the server."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity "
            "WHERE datname = current_database() AND wait_event_type = 'Lock' "
            "AND backend_type = 'client backend'"
        )
        return int(cursor.fetchone()[0])


def in_processes(count: int, code: str, **overrides: Any) -> list[str]:
    """Run `code` in so many processes on the test's database, begun at once; return what each printed.

    They are forks of one process (`tests.kit.forking`). What a framework reads when it is loaded is given to
    that one, and there is one for each such settings; what is this package's own is set in the forks.
    """
    own = {name: value for name, value in overrides.items() if name.startswith("SPOTIFY_SYNC_")}
    loaded = {name: value for name, value in overrides.items() if name not in own}
    server = _forking(json.dumps(loaded | {"DATABASES": {"default": connection.settings_dict}}))
    with TemporaryDirectory() as folder:
        order = {"count": count, "code": code, "overrides": own, "folder": folder}
        server.stdin.write(json.dumps(order) + "\n")
        server.stdin.flush()
        printed: list[str] = json.loads(server.stdout.readline())
    return printed


@cache
def _forking(overrides: str) -> subprocess.Popen[str]:
    """Return a process that forks others, until this one ends."""
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.kit.forking"],
        cwd=ROOT,
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.settings",
            "TEST_OVERRIDES": overrides,
        },
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    atexit.register(server.communicate)
    return server

"""Several callers at once: threads of this process, or processes of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from django.db import connection, connections

ROOT = Path(__file__).parent.parent

START = """
import sys, django, tests.celery_app
django.setup()
print("ready", flush=True)
sys.stdin.readline()
"""


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
    """Run `code` in so many processes on the test's database, begun at once; return what each printed."""
    overrides |= {"DATABASES": {"default": connection.settings_dict}}
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", START + code],
            cwd=ROOT,
            env={
                **os.environ,
                "DJANGO_SETTINGS_MODULE": "tests.settings",
                "TEST_OVERRIDES": json.dumps(overrides),
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for _ in range(count)
    ]
    try:
        for process in processes:
            assert process.stdout
            assert process.stdout.readline() == "ready\n", process.communicate()[0]
        for process in processes:
            assert process.stdin
            process.stdin.write("go\n")
            process.stdin.flush()
        return [process.communicate(timeout=120)[0].strip() for process in processes]
    finally:
        for process in processes:
            process.kill()
            process.communicate()

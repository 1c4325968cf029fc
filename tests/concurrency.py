"""Several callers at once: threads of this process, or processes of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
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
            barrier.wait(timeout=20)
            return function()
        except Exception as error:
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(functions)) as pool:
        return list(pool.map(call, functions))


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
        return [process.communicate(timeout=40)[0].strip() for process in processes]
    finally:
        for process in processes:
            process.kill()
            process.communicate()

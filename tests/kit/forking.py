"""A process that has loaded the host, and forks as many more as are asked for: to load it takes each seconds.

It reads its orders from stdin, a line of JSON each, and answers each with a line: what every fork printed.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import traceback
from importlib import import_module
from pathlib import Path
from typing import Any

import django
from django.conf import settings
from django.core.cache import caches
from django.db import connections

import tests.celery_app  # noqa: F401 (as every process of a host has it)
from tests.settings import timedelta_of

LONGEST = 120  # seconds; what hangs is killed


def main() -> None:
    django.setup()
    for name in ("accounts", "upkeep", "sync", "tasks"):
        import_module(f"django_spotify_sync.{name}")
    getattr(caches["default"], "client", None)  # loads what speaks to the cache, and opens nothing
    for line in sys.stdin:
        order = json.loads(line, object_hook=timedelta_of)
        print(json.dumps(printed_by_forks(**order)), flush=True)


def printed_by_forks(count: int, code: str, overrides: dict[str, Any], folder: str) -> list[str]:
    """Run `code` in so many forks, begun at once; return what each printed."""
    outputs = [Path(folder) / f"{number}.txt" for number in range(count)]
    ready, go = os.pipe(), os.pipe()
    children = [fork(code, overrides, output, ready[1], go) for output in outputs]
    os.close(ready[1])
    os.close(go[0])
    while os.read(ready[0], count):  # until the last one has closed its end
        pass
    os.close(ready[0])
    os.close(go[1])
    for child in children:
        os.waitpid(child, 0)
    return [output.read_text().strip() for output in outputs]


def fork(
    code: str, overrides: dict[str, Any], output: Path, ready: int, go: tuple[int, int]
) -> int:
    """Return the id of a child that says it is there by closing `ready`, and begins when `go` is closed."""
    if child := os.fork():
        return child
    signal.alarm(LONGEST)
    try:
        with output.open("wb") as file:
            os.dup2(file.fileno(), 1)
            os.dup2(file.fileno(), 2)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.close(go[1])
        assert not any(one.connection for one in connections.all(initialized_only=True))
        for name, value in overrides.items():
            setattr(settings, name, value)
        os.close(ready)
        os.read(go[0], 1)
        exec(code, {"__name__": "__main__"})
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)
    return 0


if __name__ == "__main__":
    main()

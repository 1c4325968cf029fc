"""Real Celery workers, each in a session of its own, and a wire to a database that can be cut."""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from django.db import connection

from tests.celery_app import app
from tests.kit.concurrency import wait_until

ROOT = Path(__file__).parents[2]
STARTUP_SECONDS = 120
#: A worker that dies is taken for lost soon; one that only has to share the machine is not.
HASTE: dict[str, Any] = {
    "SPOTIFY_SYNC_HEARTBEAT": {"seconds": 0.5},
    "SPOTIFY_SYNC_LOST_AFTER": {"seconds": 6},
    "SPOTIFY_SYNC_FETCH_WORKERS": 2,
}


class Workers:
    """Start workers on the test's database, broker and Spotify; what is left of them ends with the test."""

    def __init__(self, folder: Path, **overrides: Any) -> None:
        self._folder = folder
        self._overrides = overrides
        self._started: list[subprocess.Popen[bytes]] = []

    def start(
        self, *options: str, concurrency: int = 1, ping: bool = True, **overrides: Any
    ) -> subprocess.Popen[bytes]:
        """Return a worker of a forking pool that is ready."""
        name = f"worker{len(self._started)}@{os.getpid()}"
        database = {"DATABASES": {"default": connection.settings_dict}}
        with (self._folder / f"{name}.log").open("wb") as log:
            worker = subprocess.Popen(
                [
                    *(sys.executable, "-m", "celery", "-A", "tests.celery_app", "worker"),
                    *("--loglevel=INFO", f"--concurrency={concurrency}", f"--hostname={name}"),
                    *("--without-gossip", "--without-mingle", *options),
                ],
                cwd=ROOT,
                env={
                    **os.environ,
                    "TEST_OVERRIDES": json.dumps(database | HASTE | self._overrides | overrides),
                },
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._started.append(worker)
        if ping:
            wait_until(
                lambda: worker.poll() is not None or app.control.ping([name], timeout=0.5),
                seconds=STARTUP_SECONDS,
            )
            assert worker.poll() is None
        return worker

    def kill(self, worker: subprocess.Popen[bytes]) -> None:
        """Kill it with all its children, as a machine that goes down does."""
        with suppress(ProcessLookupError):
            os.killpg(
                worker.pid, signal.SIGKILL
            )  # the group is of our making, with nobody else in it
        worker.wait()

    def end(self) -> None:
        """Kill what is left, and print the logs, which pytest shows of tests that fail."""
        for worker in self._started:
            self.kill(worker)
        for log in sorted(self._folder.glob("*.log")):
            print(f"--- {log.name}\n{log.read_text()}")


class Wire:
    """A way to PostgreSQL that can be cut: for who uses it the server is gone, and comes back."""

    def __init__(self) -> None:
        target = connection.settings_dict
        self._target = f"{target['HOST']}/.s.PGSQL.{target['PORT'] or 5432}"
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._open: list[socket.socket] = []
        self._is_cut = False
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def databases(self) -> dict[str, Any]:
        return {"default": connection.settings_dict | {"HOST": "127.0.0.1", "PORT": self.port}}

    def cut(self) -> None:
        """End all connections and refuse new ones."""
        self._is_cut = True
        for end in self._open:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def mend(self) -> None:
        self._is_cut = False

    def close(self) -> None:
        self.cut()
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            if self._is_cut:
                near.close()
                continue
            far = socket.socket(socket.AF_UNIX)
            far.connect(self._target)
            self._open += [near, far]
            threading.Thread(target=_join, args=(near, far), daemon=True).start()


def _join(near: socket.socket, far: socket.socket) -> None:
    with near, far, suppress(OSError):
        while True:
            ready, _, _ = select.select([near, far], [], [])
            for end in ready:
                data = end.recv(65536)
                if not data:
                    return
                (far if end is near else near).sendall(data)


@contextmanager
def wire() -> Iterator[Wire]:
    made = Wire()
    try:
        yield made
    finally:
        made.close()

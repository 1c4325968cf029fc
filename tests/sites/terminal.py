"""A folder with an environment of its own, and terminals in it."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import unquote, urlsplit

from tests.kit.documentation import ROOT

PATIENCE = 120  # seconds until a server that does not answer counts as broken
PINNED = re.compile(r"^(?!django==)[\w.-]+==[^ ;]+", re.MULTILINE)


class Broken(Exception):
    """A site does not work; with what it said."""


class Site:
    """A site from its empty folder on; what it started is stopped and the folder removed when it is left."""

    def __init__(self, wheel: Path, django: str) -> None:
        self.wheel, self.django = wheel, django

    def __enter__(self) -> Self:
        self.folder = Path(tempfile.mkdtemp(prefix="site-"))
        self.environment = {
            "PATH": f"{self.folder}/venv/bin:{os.environ['PATH']}",
            "HOME": os.environ.get("HOME", ""),
            "LANG": "C.UTF-8",
            "PYTHONWARNINGS": "error::DeprecationWarning:django_spotify_sync",
            "DJANGO_SUPERUSER_PASSWORD": "ada",
            "DJANGO_SUPERUSER_EMAIL": "ada@example.org",
            **database(),
        }
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        shutil.rmtree(self.folder)

    def install(self, extras: str, *more: str) -> None:
        """Install the wheel with these extras, and more, at the pinned versions but for Django's."""
        pins = PINNED.findall((ROOT / "requirements/dev.txt").read_text())
        (self.folder / "pins.txt").write_text("\n".join(pins))
        uv = shutil.which("uv") or str(ROOT / ".tools/uv/bin/uv")
        wanted = [f"{self.wheel}[{extras}]", f"django~={self.django}.0", *more]
        into = [uv, "pip", "install", "--quiet", "--python", "venv"]
        for command in (
            [uv, "venv", "--quiet", "--python", ">=3.12", "venv"],
            [*into, "--constraints", "pins.txt", *wanted],
        ):
            self.run(command, dict(os.environ))  # which may say how packages are reached

    def type(self, lines: list[str]) -> str:
        """Type lines into a new terminal, which knows nothing of the one before; return what it printed."""
        return self.run(["bash", "-euc", "\n".join(lines)])

    def run(self, command: list[str], environment: dict[str, str] | None = None) -> str:
        """Run a command in the folder, and the site's environment or another; return what it printed.

        :raises Broken: if it fails.
        """
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=environment or self.environment,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            check=False,
        )
        if done.returncode:
            raise Broken(f"{command[-1]}\n{done.stdout}{done.stderr}")
        return done.stdout

    @contextmanager
    def serving(self, line: str, name: str = "server") -> Iterator[None]:
        """Have a terminal in which this goes on running; its words are part of what went wrong."""
        with (self.folder / f"{name}.log").open("w+") as log:
            server = subprocess.Popen(
                ["bash", "-euc", f"source .env; exec {line}"],
                cwd=self.folder,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
            try:
                yield
            except Exception as problem:
                log.seek(0)
                raise Broken(f"{problem}\n{line}:\n{log.read()[-8000:]}") from problem
            finally:
                server.terminate()
                server.wait()

    def wait_until_up(self) -> None:
        """Return when something answers at the site's port."""

        def is_up() -> bool:
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", self.port)) == 0

        wait_until(is_up, "no server answers")

    def append(self, file: str, *blocks: str) -> None:
        """Write blocks to the end of a file."""
        path = self.folder / file
        before = path.read_text() if path.exists() else ""
        path.write_text("\n".join([before, *blocks]))


def wait_until(true: Callable[[], Any], otherwise: str) -> None:
    """Look again and again.

    :raises Broken: if it is never so.
    """
    deadline = time.monotonic() + PATIENCE
    while not true():
        if time.monotonic() > deadline:
            raise Broken(otherwise)
        time.sleep(0.1)


def expect(true: Any, otherwise: str) -> None:
    """Go on only if it is so.

    :raises Broken: otherwise.
    """
    if not true:
        raise Broken(otherwise)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def database() -> dict[str, str]:
    """Return where PostgreSQL is, in the words of its own programs."""
    its = urlsplit(os.environ["DATABASE_URL"])
    found = {
        "PGHOST": unquote(its.hostname or ""),
        "PGPORT": str(its.port or ""),
        "PGUSER": its.username or "",
        "PGPASSWORD": unquote(its.password or ""),
    }
    return {name: value for name, value in found.items() if value}

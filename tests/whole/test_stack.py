"""The stack of Docker Compose, as far as it can be told without an engine; and the .env that it reads."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet

import django_spotify_sync

ROOT = Path(__file__).resolve().parents[2]
GEN_ENV = ROOT / "example_project" / "gen_env.py"
SECRETS = {
    *("DJANGO_SECRET_KEY", "DJANGO_SUPERUSER_PASSWORD", "FERNET_KEY"),
    *("POSTGRES_PASSWORD", "REDIS_PASSWORD", "SPOTIFY_CLIENT_SECRET"),
}
LONG_LIVED = {"beat", "db", "fake-spotify", "redis", "web", "worker"}


def gen_env(folder: Path) -> str:
    shutil.copy(ROOT / "env.sample", folder)
    run = [sys.executable, str(GEN_ENV), str(folder)]
    return subprocess.run(run, capture_output=True, text=True, check=True).stdout


def variables(file: Path) -> dict[str, str]:
    lines = [line for line in file.read_text().splitlines() if line and not line.startswith("#")]
    return dict(line.split("=", 1) for line in lines)


def test_an_env_has_fresh_secrets_that_only_its_owner_reads(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()

    gen_env(tmp_path)
    gen_env(other)

    made, again = variables(tmp_path / ".env"), variables(other / ".env")
    Fernet(made["FERNET_KEY"])
    secrets = {
        name for name, value in variables(ROOT / "env.sample").items() if value == "generated"
    }
    assert secrets == {name for name in made if made[name] != again[name]}
    assert secrets > {"FERNET_KEY", "DJANGO_SECRET_KEY"}
    assert all(len(made[name]) > 40 for name in secrets)
    assert (tmp_path / ".env").stat().st_mode & 0o777 == 0o600


def test_an_env_that_is_there_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("FERNET_KEY=mine\n")

    said = gen_env(tmp_path)

    assert "stays as it is" in said
    assert (tmp_path / ".env").read_text() == "FERNET_KEY=mine\n"


def test_every_variable_of_the_stack_is_explained_in_the_sample() -> None:
    used = set(re.findall(r"\$\{([A-Z_]+)", (ROOT / "compose.yaml").read_text()))

    assert used - {"ALLOWED_HOSTS"} == set(variables(ROOT / "env.sample"))


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return read_stack(
        tmp_path_factory.mktemp("stack"),
        SPOTIFY_CLIENT_ID="a-client-id",
        SPOTIFY_CLIENT_SECRET="a-client-secret",
    )


def read_stack(folder: Path, **more: str) -> Any:
    """Return compose.yaml as Compose itself reads it, and under "env" the .env that it reads."""
    gen_env(folder)
    with (folder / ".env").open("a") as file:
        file.writelines(f"{name}={value}\n" for name, value in more.items())
    compose = Path(sys.executable).with_name("docker-compose")
    options = ["--file", str(ROOT / "compose.yaml"), "--env-file", str(folder / ".env")]
    read = subprocess.run(
        [str(compose), *options, "--profile", "fake", "config", "--format", "json"],
        capture_output=True,
        text=True,
        check=True,
        env={"PATH": os.environ["PATH"], "HOME": str(folder)},
    )
    return json.loads(read.stdout) | {"env": variables(folder / ".env")}


def test_nothing_is_published_but_on_this_machine(stack: Any) -> None:
    published = {
        name: [(port["host_ip"], port["published"]) for port in service.get("ports", [])]
        for name, service in stack["services"].items()
    }

    assert {name: ports for name, ports in published.items() if ports} == {
        "web": [("127.0.0.1", "8000")],
        "fake-spotify": [("127.0.0.1", "8099")],
    }


def test_every_server_says_whether_it_is_well(stack: Any) -> None:
    assert {name for name, service in stack["services"].items() if "healthcheck" in service} == (
        LONG_LIVED
    )
    assert set(stack["services"]) == LONG_LIVED | {"migrate"}


def test_the_database_and_redis_are_those_promised_and_keep_what_they_have(stack: Any) -> None:
    images = {name: stack["services"][name]["image"] for name in ("db", "redis")}

    assert images == {"db": "postgres:17", "redis": "redis:7"}
    assert all(stack["services"][name]["volumes"] for name in images)


def test_who_serves_waits_for_the_tables(stack: Any) -> None:
    for name in ("web", "worker", "beat"):
        waits = stack["services"][name]["depends_on"]
        assert waits["migrate"]["condition"] == "service_completed_successfully"
        assert waits["db"]["condition"] == waits["redis"]["condition"] == "service_healthy"


#: Which secrets of .env each container knows, by whatever name.
KNOWN = {
    "db": {"POSTGRES_PASSWORD"},
    "redis": {"REDIS_PASSWORD"},
    # which makes the tables and the first user, and checks that the keys open what is stored
    "migrate": {"POSTGRES_PASSWORD", "FERNET_KEY", "DJANGO_SUPERUSER_PASSWORD"},
    "web": {
        *("POSTGRES_PASSWORD", "REDIS_PASSWORD", "DJANGO_SECRET_KEY"),
        *("FERNET_KEY", "SPOTIFY_CLIENT_SECRET"),
    },
    "worker": {
        *("POSTGRES_PASSWORD", "REDIS_PASSWORD", "DJANGO_SECRET_KEY"),
        *("FERNET_KEY", "SPOTIFY_CLIENT_SECRET"),
    },
    "beat": {"REDIS_PASSWORD"},
    "fake-spotify": set(),
}


def test_each_container_knows_the_secrets_that_it_needs_and_no_others(stack: Any) -> None:
    secrets = {name: value for name, value in stack["env"].items() if name in SECRETS}
    known = {
        name: {secret for secret, value in secrets.items() if value in json.dumps(service)}
        for name, service in stack["services"].items()
    }

    assert set(secrets) == SECRETS
    assert known == KNOWN


def test_redis_asks_for_its_password(stack: Any) -> None:
    redis = stack["services"]["redis"]
    password = stack["env"]["REDIS_PASSWORD"]

    assert redis["command"] == ["redis-server", "--requirepass", password]
    for name in ("web", "worker", "beat"):
        url = stack["services"][name]["environment"]["REDIS_URL"]
        assert url == f"redis://:{password}@redis:6379/0"


def test_images_can_be_pinned_by_their_digests(tmp_path: Path) -> None:
    digest = "sha256:" + "0" * 64  # of no image: what is tried is that it arrives
    pins = {
        "POSTGRES_IMAGE": f"postgres:17@{digest}",
        "REDIS_IMAGE": f"redis:7@{digest}",
        "PYTHON_IMAGE": f"python:3.13-slim@{digest}",
    }

    services = read_stack(tmp_path, **pins)["services"]

    assert services["db"]["image"] == pins["POSTGRES_IMAGE"]
    assert services["redis"]["image"] == pins["REDIS_IMAGE"]
    assert services["web"]["build"]["args"] == {"PYTHON_IMAGE": pins["PYTHON_IMAGE"]}
    dockerfile = (ROOT / "example_project" / "Dockerfile").read_text()
    assert re.findall(r"^(?:ARG|FROM) .+$", dockerfile, re.MULTILINE) == [
        "ARG PYTHON_IMAGE=python:3.13-slim",
        "FROM ${PYTHON_IMAGE}",
    ]


@pytest.mark.timeout(120)
@pytest.mark.parametrize(
    ("name", "starts"),
    [
        ("beat", "from config.celery import app; print(len(app.conf.beat_schedule))"),
        (
            "fake-spotify",
            "import django; django.setup()\n"
            "from django.core.management import call_command\n"
            "import os, signal, threading\n"
            "threading.Timer(1, os.kill, (os.getpid(), signal.SIGTERM)).start()\n"
            "call_command('spotify_fake', '--port', '0')\n",
        ),
        (
            "migrate",
            "import django; django.setup()\n"
            "from django.core.management import call_command\n"
            "call_command('check', databases=['default'])\n",
        ),
    ],
)
def test_the_site_starts_with_what_a_container_knows(
    stack: Any, tmp_path: Path, name: str, starts: str
) -> None:
    site = tmp_path / "example_project"
    shutil.copytree(ROOT / "example_project", site, ignore=shutil.ignore_patterns("var"))
    environment = stack["services"][name]["environment"]
    if name == "migrate":  # whose database is the stack's own
        environment = environment | {"DATABASE_URL": f"sqlite:///{tmp_path}/site.sqlite3"}

    done = subprocess.run(
        [sys.executable, "-c", starts],
        cwd=site,
        env={
            "PATH": os.environ["PATH"],
            # the package under test, which need not be the one that is installed
            "PYTHONPATH": str(Path(django_spotify_sync.__file__).parents[1]),
            "DJANGO_SETTINGS_MODULE": "config.settings",
            **environment,
        },
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert not (site / "var").exists(), "a container can keep nothing there"


def test_one_name_leads_browser_and_containers_to_fake_spotify(stack: Any) -> None:
    fake = stack["services"]["fake-spotify"]
    [alias] = fake["networks"]["default"]["aliases"]
    urls = {
        stack["services"][name]["environment"]["FAKE_SPOTIFY_URL"]
        for name in ("web", "worker", "beat")
    }

    # Browsers take *.localhost for this machine (RFC 6761, 6.3).
    assert alias.endswith(".localhost")
    assert urls == {f"http://{alias}:8099"}
    assert f"--public-url http://{alias}:8099" in " ".join(fake["command"])

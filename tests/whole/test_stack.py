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

ROOT = Path(__file__).resolve().parents[2]
GEN_ENV = ROOT / "example_project" / "gen_env.py"
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
    """compose.yaml as Compose itself reads it."""
    folder = tmp_path_factory.mktemp("stack")
    gen_env(folder)
    compose = Path(sys.executable).with_name("docker-compose")
    options = ["--file", str(ROOT / "compose.yaml"), "--env-file", str(folder / ".env")]
    read = subprocess.run(
        [str(compose), *options, "--profile", "fake", "config", "--format", "json"],
        capture_output=True,
        text=True,
        check=True,
        env={"PATH": os.environ["PATH"], "HOME": str(folder)},
    )
    return json.loads(read.stdout)


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

"""The example site as a newcomer has it: its folder, an empty environment, and one command at a time."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from django_spotify_sync.exceptions import (
    CacheUnavailable,
    ConnectError,
    RateLimited,
    SpotifySyncError,
    SpotifyUnavailable,
)

SOURCE = Path(__file__).parent.parent / "example_project"
SET_BY_THE_TESTS = {"DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE", "TEST_OVERRIDES"}

pytestmark = pytest.mark.timeout(180)


class Site:
    """A copy of the example project, so that nothing is left in the working tree."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def python(self, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Run Python in the folder; ``more`` is added to the environment."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if name not in SET_BY_THE_TESTS and not name.startswith("SPOTIFY_")
        }
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=self.folder,
            env={**kept, **more},
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            check=False,
        )


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    folder = tmp_path_factory.mktemp("example") / "example_project"
    shutil.copytree(SOURCE, folder, ignore=shutil.ignore_patterns("var", "__pycache__"))
    return Site(folder)


def test_check_finds_nothing(site):
    done = site.python("manage.py", "check", "--fail-level", "WARNING")

    assert done.returncode == 0, done.stderr


def test_migrate_passes_with_keys_that_are_made_once_and_are_the_owners_alone(site):
    keys = [site.folder / "var" / name for name in ("fernet_key.txt", "django_secret_key.txt")]

    done = site.python("manage.py", "migrate", "--verbosity", "0")
    made = [key.read_text() for key in keys]
    left = site.python("manage.py", "migrate", "--check")

    assert done.returncode == 0, done.stderr
    assert left.returncode == 0, left.stdout
    assert [key.read_text() for key in keys] == made
    assert all(key.stat().st_mode & 0o077 == 0 for key in keys)


def test_the_package_is_mounted_under_spotify(site):
    done = site.python(
        "-c",
        "import django; django.setup()\n"
        "from django.urls import resolve\n"
        "print(resolve('/spotify/account/').view_name)",
        DJANGO_SETTINGS_MODULE="config.settings",
    )

    assert done.stdout.strip() == "spotify_sync:account", done.stderr


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"DATABASE_URL": "mysql://u:hush@h/n"}, "DATABASE_URL names no database"),
        ({"DATABASE_URL": "postgres://u:hu/sh@h/n"}, "DATABASE_URL cannot be understood"),
        ({"SPOTIFY_CLIENT_SECRET": "hush"}, "SPOTIFY_CLIENT_ID is not"),
        ({"FERNET_KEY": "hush"}, "no Fernet key"),
    ],
)
def test_a_wrong_environment_is_named_and_not_repeated(site, environment, words):
    done = site.python("manage.py", "check", **environment)

    assert done.returncode
    assert words in done.stderr
    assert "hush" not in done.stderr


def test_the_demo_connects_syncs_all_twice_and_ends(site):
    sizes = ["--tracks", "400", "--playlists", "11", "--items", "120", "--artists", "60"]

    done = site.python("manage.py", "demo", *sizes, SERVE="0")

    assert done.returncode == 0, done.stdout + done.stderr
    assert "All 400 tracks, 11 playlists and 60 artists are here" in done.stdout
    costs = re.findall(
        r"(1st|2nd) sync +([\d,]+) +([\d,]+) +(\d+) +[\d.]+$", done.stdout, re.MULTILINE
    )
    assert [label for label, *_ in costs] == ["1st", "2nd"] * 3, done.stdout
    assert [unchanged for label, _, unchanged, _ in costs if label == "1st"] == ["0"] * 3
    again = [(written, requests) for label, written, _, requests in costs if label == "2nd"]
    assert again == [("0", "1"), ("0", "1"), ("0", "2")]
    for secret in ("FAKE_", "code=", "state="):
        assert secret not in done.stdout + done.stderr


def test_the_demo_does_not_pretend_to_be_the_real_spotify(site):
    done = site.python("manage.py", "demo", SERVE="0", SPOTIFY_CLIENT_ID="a-real-one")

    assert done.returncode
    assert "only a person can agree" in done.stderr


@pytest.mark.parametrize("kind", [CacheUnavailable, RateLimited, SpotifyUnavailable, ConnectError])
def test_every_way_that_connecting_fails_has_words(kind):
    spec = importlib.util.spec_from_file_location("words", SOURCE / "pages" / "words.py")
    assert spec
    assert spec.loader
    words = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(words)

    codes = {error.code for error in descendants(kind)} - {ConnectError.code}

    assert codes <= words.SPOTIFY_ERRORS.keys()


def descendants(kind: type[SpotifySyncError]) -> Iterator[type[SpotifySyncError]]:
    yield kind
    for child in kind.__subclasses__():
        yield from descendants(child)

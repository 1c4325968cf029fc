"""The example site as a process of its own, on a database of its own, with a FakeSpotify that the test holds."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.fernet import Fernet

from django_spotify_sync.testing import FakeSpotify

EXAMPLE = Path(__file__).parents[2] / "example_project"
LATENCY = 0.03  # seconds before each of FakeSpotify's answers
PASSWORD = "a password of the tests"
BOSS = "root"
PEOPLE = [
    "ada",
    "alan",
    "barbara",
    "donald",
    "edsger",
    "frances",
    "grace",
    "joan",
    "john",
    "kathleen",
]
PEOPLE += ["leslie", "margaret", "niklaus", "radia", "tim"]
PEOPLE += [
    "adele",
    "anita",
    "butler",
    "dennis",
    "fernando",
    "jean",
    "ken",
    "mary",
    "sophie",
    "vint",
]

PREPARE = """
import sys, django
django.setup()
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import User
from django.core.management import call_command
call_command("migrate", verbosity=0)
password, boss, *people = sys.argv[1:]
password = make_password(password)
User.objects.bulk_create(
    [User(username=boss, password=password, is_staff=True, is_superuser=True)]
    + [User(username=name, password=password) for name in people]
)
"""


@dataclass
class Site:
    """A running site; ``people`` are users nobody has signed in as yet."""

    url: str
    spotify: FakeSpotify
    log: Path
    database: Path
    people: list[str] = field(default_factory=PEOPLE.copy)


@contextmanager
def serving(folder: Path, **environment: str) -> Iterator[Site]:
    """Migrate a new database, make users, and run `manage.py serve` until leaving."""
    with FakeSpotify(latency=LATENCY) as spotify:
        kept = {
            name: value
            for name, value in os.environ.items()
            if name not in {"REDIS_URL", "DJANGO_SETTINGS_MODULE", "TEST_OVERRIDES"}
            and not name.startswith("SPOTIFY_")
        }
        env = {
            **kept,
            "DATABASE_URL": f"sqlite:///{folder}/site.sqlite3",
            "FAKE_SPOTIFY_PORT": str(spotify.port),
            "FERNET_KEY": Fernet.generate_key().decode(),
            "DJANGO_SECRET_KEY": secrets.token_urlsafe(),
            **environment,
        }
        subprocess.run(
            [sys.executable, "-c", PREPARE, PASSWORD, BOSS, *PEOPLE],
            cwd=EXAMPLE,
            env={**env, "DJANGO_SETTINGS_MODULE": "config.settings"},
            stdin=subprocess.DEVNULL,
            check=True,
        )
        log = folder / "log"
        with log.open("w") as output:
            process = subprocess.Popen(
                [sys.executable, "manage.py", "serve", "--port", "0"],
                cwd=EXAMPLE,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=output,
                text=True,
            )
            with process:
                try:
                    assert process.stdout
                    url = process.stdout.readline().strip()
                    assert url, f"The site did not start: {log.read_text()}"
                    spotify.redirect_uris = {f"{url}spotify/callback/"}
                    yield Site(url, spotify, log, folder / "site.sqlite3")
                finally:
                    process.terminate()
        assert "Traceback" not in log.read_text(), log.read_text()

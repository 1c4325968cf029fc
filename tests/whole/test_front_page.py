"""The front page fits a new site and an old one, works as it is typed, and says the same in Russian."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings

from django_spotify_sync.testing import FakeSpotify
from tests.kit.documentation import DOCS, ROOT, code_blocks
from tests.kit.front_page import (
    CALLBACK,
    INSTALL,
    README,
    as_done_alone,
    block_for,
    settings_for,
    typed,
)

RUSSIAN = ROOT / "README.ru.md"


def uncommented(code: str) -> str:
    return re.sub(r"(^|  +)# .*", "", code, flags=re.M)


# What it adds to a site


def settings_of(site: dict[str, Any]) -> dict[str, Any]:
    """Return the settings of a site that has these, with the front page's after them."""
    exec(block_for("settings.py"), site)
    return site


def test_a_new_site_has_what_it_needs():
    sqlite: dict[str, Any] = {"ENGINE": "django.db.backends.sqlite3", "NAME": "db.sqlite3"}

    site = settings_of(
        {"INSTALLED_APPS": ["django.contrib.auth"], "DATABASES": {"default": sqlite}}
    )

    assert site["INSTALLED_APPS"] == [
        "django.contrib.auth",
        "rest_framework",
        "django_spotify_sync",
    ]
    assert set(site["CACHES"]) == {"default", "spotify"}
    assert site["SPOTIFY_SYNC_CACHE"] == "spotify"
    assert sqlite["OPTIONS"] == {"transaction_mode": "IMMEDIATE", "timeout": 20}


def test_an_existing_site_keeps_what_it_has():
    apps = ("rest_framework", "django.contrib.auth", "shop")
    cache = {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": "redis://cache"}
    postgresql = {"ENGINE": "django.db.backends.postgresql", "OPTIONS": {"pool": True}}

    site = settings_of(
        {
            "INSTALLED_APPS": apps,
            "CACHES": {"default": cache, "pages": cache},
            "DATABASES": {"default": postgresql},
        }
    )

    assert site["INSTALLED_APPS"] == [*apps, "django_spotify_sync"]
    assert {name: site["CACHES"][name] for name in ("default", "pages")} == {
        "default": cache,
        "pages": cache,
    }
    assert postgresql["OPTIONS"] == {"pool": True}


def test_options_of_sqlite_stay_beside_the_two():
    sqlite = {"ENGINE": "django.db.backends.sqlite3", "OPTIONS": {"init_command": "PRAGMA x"}}

    settings_of({"INSTALLED_APPS": [], "DATABASES": {"default": sqlite}})

    assert sqlite["OPTIONS"] == {
        "init_command": "PRAGMA x",
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
    }


def test_the_addresses_come_before_those_that_take_all():
    urls: dict[str, Any] = {"urlpatterns": ["takes all"]}

    exec(block_for("urls.py"), urls)

    assert [str(one) for one in urls["urlpatterns"]][1:] == ["takes all"]


def test_lines_can_be_typed_into_any_shell():
    """zsh, as it comes, takes a comment behind a command for arguments."""
    typed_lines = [
        line for block in code_blocks(README.read_text(), "console") for line in typed(block)
    ]

    assert [line for line in typed_lines if "#" in line] == []


@pytest.mark.parametrize("language", ["python", "console"])
def test_the_quickstart_has_the_same_to_copy(language):
    quickstart = code_blocks((DOCS / "quickstart.md").read_text(), language)

    for block in code_blocks(INSTALL, language):
        assert block in quickstart


def test_versions_are_those_of_the_package():
    classifiers = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["classifiers"]
    rows = dict(re.findall(r"^\| (Python|Django) \| (.+) \|$", README.read_text(), re.M))

    for what, prefix in (
        ("Python", "Programming Language :: Python"),
        ("Django", "Framework :: Django"),
    ):
        named = [one.rpartition(" ")[2] for one in classifiers if one.startswith(f"{prefix} :: ")]
        assert rows[what] == ", ".join(one for one in named if "." in one)


# In Russian


def outline(page: Path) -> list[int]:
    prose = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.S | re.M)
    return [len(marks) for marks in re.findall(r"^(#+) ", prose, re.M)]


def links(page: Path) -> list[str]:
    """Return where its links lead, but for those from one language to the other."""
    found = re.findall(r"\]\(([^)]+)\)|<(https?://[^>]+)>", page.read_text())
    addresses = [one or other for one, other in found]
    return [one for one in addresses if one not in {README.name, RUSSIAN.name}]


def test_the_russian_page_has_the_same_headings():
    assert outline(RUSSIAN) == outline(README)


@pytest.mark.parametrize("language", ["python", "console"])
def test_the_russian_page_has_the_same_to_copy(language):
    """Its comments are in Russian."""
    english, russian = (code_blocks(page.read_text(), language) for page in (README, RUSSIAN))

    assert [uncommented(block) for block in russian] == [uncommented(block) for block in english]


def test_the_russian_page_leads_to_the_same_places():
    assert links(RUSSIAN) == links(README)
    assert f"]({RUSSIAN.name})" in README.read_text()
    assert f"]({README.name})" in RUSSIAN.read_text()


# As it is typed

REMOVE = (DOCS / "how-to/remove.md").read_text()
STALE = (
    "from django.contrib.contenttypes.models import ContentType; "
    "print(ContentType.objects.filter(app_label='spotify_sync').count())"
)
VISIT = """
import django, requests
django.setup()
from django.test import Client
client = Client(HTTP_HOST="127.0.0.1:8000")
assert client.login(username="ada", password="ada")
away = client.get("/spotify/auth/")
answer = requests.get(away["Location"], allow_redirects=False)
assert answer.status_code == 302, (away["Location"], answer.text)
back = answer.headers["Location"]
assert back.startswith("http://127.0.0.1:8000/spotify/callback/?"), back
assert client.get(back).status_code == 302
"""
START_AND_VISIT = "DJANGO_SETTINGS_MODULE=project.settings python visit.py"


@pytest.fixture
def terminal(tmp_path: Path) -> Callable[[list[str]], str]:
    """Give a function that types lines in a new terminal, which knows nothing of the one before."""
    python = Path(sys.executable).parent
    environment = {
        "PATH": f"{python}:{os.environ['PATH']}",
        "LANG": "C.UTF-8",
        "DJANGO_SUPERUSER_PASSWORD": "ada",
        "DJANGO_SUPERUSER_EMAIL": "ada@example.org",
    }

    def run(lines: list[str]) -> str:
        done = subprocess.run(
            ["bash", "-euc", "\n".join(lines)],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run


@pytest.mark.exhaustive
@pytest.mark.timeout(300)
def test_the_front_page_works_word_for_word(tmp_path, terminal):
    """In a new project; only what a person does (agree, choose a password) is done for them, and Spotify is fake.

    In the end the package is removed as its page says.
    """
    assert f"`{CALLBACK}`" in INSTALL
    _, keys, start, second_terminal = map(typed, code_blocks(INSTALL, "console"))

    with FakeSpotify(tracks=120, consent="auto", redirect_uris={CALLBACK}) as spotify:
        terminal(["python -m django startproject project ."])
        settings, addresses = tmp_path / "project/settings.py", tmp_path / "project/urls.py"
        before = {file: file.read_text() for file in (settings, addresses)}
        added = settings_for(spotify, django_settings.REDIS_URL, django_settings.REDIS_PREFIX)
        settings.write_text("\n".join([before[settings], *added]))
        addresses.write_text(f"{before[addresses]}\n{block_for('urls.py')}")
        (tmp_path / "visit.py").write_text(VISIT)

        terminal(as_done_alone([*keys, *start], spotify, START_AND_VISIT))
        told = terminal(second_terminal)

    assert "tracks succeeded: 120 new" in told
    drop_tables, forget = map(typed, code_blocks(REMOVE, "console")[-2:])
    terminal(["source .env", *drop_tables])
    for file, text in before.items():
        file.write_text(text)
    terminal([line for line in forget if not line.startswith("pip ")])
    terminal(["python manage.py check --fail-level WARNING"])
    assert terminal([f'python manage.py shell --verbosity 0 --command "{STALE}"']).strip() == "0"

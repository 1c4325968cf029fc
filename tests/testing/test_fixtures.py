"""The fixture and the command that host sites use."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import requests
from django.core.management import call_command
from django.core.management.base import CommandError

from django_spotify_sync.management.commands import spotify_fake
from django_spotify_sync.testing import FakeSpotify

ROOT = Path(__file__).parents[2]

COMMAND = """
import django
from django.conf import settings
from django.core.management import call_command
settings.configure()
django.setup()
from django_spotify_sync.management.commands.spotify_fake import Command
call_command(Command(), *{arguments!r})
"""


HOST_TEST = """
from urllib.request import Request, urlopen

def test_it(fake_spotify):
    headers = {"Authorization": "Bearer " + fake_spotify.grant()["access_token"]}
    answer = urlopen(Request(fake_spotify.api_url + "/me/tracks", headers=headers))
    assert answer.status == 200
"""


def test_the_fixture_gives_a_running_fake(tmp_path: Path) -> None:
    plugins = 'pytest_plugins = ["django_spotify_sync.testing.fixtures"]'
    (tmp_path / "conftest.py").write_text(plugins)
    (tmp_path / "test_host.py").write_text(HOST_TEST)
    plain = ["-p", "no:cacheprovider", "--rootdir", str(tmp_path), "-q"]

    outcome = subprocess.run(
        [sys.executable, "-m", "pytest", "-c", os.devnull, *plain, str(tmp_path)],
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        },
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert "1 passed" in outcome.stdout, outcome.stdout + outcome.stderr


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_the_command_serves_until_told_to_stop(ending: signal.Signals) -> None:
    arguments = ["--port=0", "--tracks=30", "--cohort=legacy", "--consent=auto"]
    process = subprocess.Popen(
        [sys.executable, "-c", COMMAND.format(arguments=arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    lines = [process.stdout.readline() for _ in range(7)]
    printed = dict(re.findall(r"(SPOTIFY_SYNC_\w+) = '(.*)'", "".join(lines)))
    try:
        answer = requests.get(f"{printed['SPOTIFY_SYNC_API_URL']}/me", timeout=10)
    finally:
        process.send_signal(ending)
        _, err = process.communicate(timeout=60)

    assert answer.status_code == 401
    assert printed["SPOTIFY_SYNC_CLIENT_ID"]
    assert (process.returncode, err) == (0, "")
    assert "Ctrl-C" in lines[-1]


def test_the_command_saves_as_much_as_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[FakeSpotify] = []

    def make(**options: Any) -> FakeSpotify:
        made.append(FakeSpotify(**options))
        return made[-1]

    monkeypatch.setattr(spotify_fake, "FakeSpotify", make)
    sizes = {"tracks": 9, "artists": 8, "albums": 7, "shows": 6, "episodes": 5, "audiobooks": 4}
    options = [f"--{kind}={number}" for kind, number in sizes.items()]
    with FakeSpotify() as other, pytest.raises(CommandError):  # so that it ends at once
        call_command("spotify_fake", f"--port={other.port}", *options)

    user = made[0].user
    saved = (user.albums, user.shows, user.episodes, user.audiobooks)
    lists = (user.saved, user.following.entries, *(kind.entries for kind in saved))
    assert [len(entries) for entries in lists] == list(sizes.values())


def test_the_command_takes_edits_line_by_line() -> None:
    arguments = ["--port=0", "--users=ada,grace", "--tracks=30", "--edit"]
    process = subprocess.Popen(
        [sys.executable, "-c", COMMAND.format(arguments=arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    lines = [process.stdout.readline() for _ in range(8)]
    process.stdin.write("like 3 grace\nlick 3\n")
    process.stdin.flush()
    said = [process.stdout.readline() for _ in range(2)]
    try:
        [address] = re.findall(r"POST (http\S+/edit)", lines[-1])
        by_http = requests.post(address, data="unlike 5", timeout=10)
    finally:
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)

    assert said == ["grace: 33 saved tracks.\n", "There is no word 'lick'; help lists them.\n"]
    assert by_http.text == "ada: 25 saved tracks.\n"
    assert (process.returncode, err) == (0, "")


@pytest.mark.parametrize("users", ["", "ada,", "ada,ada"])
def test_the_command_wants_different_names(users: str) -> None:
    with pytest.raises(CommandError, match="different names"):
        call_command("spotify_fake", "--port=0", f"--users={users}")


def test_the_command_says_that_a_port_is_taken() -> None:
    with FakeSpotify() as other, pytest.raises(CommandError, match="--port 0 takes a free port"):
        call_command("spotify_fake", f"--port={other.port}")

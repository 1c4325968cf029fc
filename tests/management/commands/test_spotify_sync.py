from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from io import StringIO

import pytest
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command
from django.db import connection

from django_spotify_sync.models import SavedTrack, SpotifyAccount, SpotifyToken, SyncRun
from tests.connecting import connect


@pytest.fixture
def account(transactional_db, user, spotify):
    return connect(user, spotify)


def run(*arguments: str, only: str = "--only=tracks") -> str:
    out = StringIO()
    call_command("spotify_sync", *arguments, *filter(None, [only]), stdout=out)
    return out.getvalue()


def test_a_sync_is_told_in_one_plain_line(account):
    lines = run("--user", "ada").splitlines()

    assert lines[-1] == (
        "ada: tracks succeeded: 120 new, 0 changed, 0 unchanged, 0 removed; 4 requests"
    )
    assert not any("\r" in line or "\033" in line for line in lines)
    assert SyncRun.objects.get().trigger == "command"


def test_json_is_all_that_is_printed(account):
    answer = json.loads(run("--user", "ada", "--json"))

    [told] = answer["runs"]
    assert (told["status"], told["counts"]["created"], told["resource"]) == (
        "succeeded",
        120,
        "tracks",
    )


def test_everybody_who_is_connected_is_synced(account, other_user, spotify):
    connect(other_user, spotify, spotify.add_user("grace", tracks=10))

    answer = json.loads(run("--all", "--json"))

    assert [told["counts"]["created"] for told in answer["runs"]] == [120, 10]


def test_all_resources_of_the_site_are_synced(account, settings):
    runs = json.loads(run("--user", "ada", "--json", only=""))["runs"]
    assert [one["resource"] for one in runs] == ["tracks", "playlists", "following"]
    assert {one["status"] for one in runs} == {"succeeded"}

    settings.SPOTIFY_SYNC_RESOURCES = ["following"]
    runs = json.loads(run("--user", "ada", "--json", only=""))["runs"]
    assert [one["resource"] for one in runs] == ["following"]
    with pytest.raises(CommandError, match="this site syncs following"):
        run("--user", "ada")


def test_one_account_does_not_keep_the_others_from_theirs(account, other_user, spotify, capsys):
    connect(other_user, spotify, spotify.add_user("grace", tracks=10))
    SpotifyToken.objects.filter(account=account).delete()
    SpotifyAccount.objects.filter(pk=account.pk).update(status="connected")
    errors = StringIO()

    with pytest.raises(SystemExit) as caught:
        call_command("spotify_sync", "--all", "--only=tracks", stderr=errors, stdout=StringIO())

    assert caught.value.code == 1
    assert SavedTrack.objects.filter(account__user=other_user).count() == 10


def test_full_is_asked_for(account):
    run("--user", "ada", "--full")

    assert SyncRun.objects.get().full


def test_a_run_that_failed_is_exit_code_1(account, spotify):
    spotify.allowlist = set()

    with pytest.raises(SystemExit) as caught:
        run("--user", "ada")

    assert caught.value.code == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "--user NAME, or --all"),
        (("--user", "nobody"), "no user 'nobody'"),
        (("--user", "grace"), "'grace' has not connected Spotify"),
        (("--user", "ada", "--only", "albums"), "no resource 'albums'"),
    ],
)
def test_what_cannot_be_done_is_said(account, other_user, arguments, words):
    with pytest.raises(CommandError, match=words):
        run(*arguments, only="" if "--only" in arguments else "--only=tracks")


def test_a_terminal_shows_a_bar(account, spotify):
    spotify.latency = 0.4
    ours, theirs = pty.openpty()
    overrides = {"DATABASES": {"default": connection.settings_dict}, **spotify.settings}
    process = subprocess.Popen(
        [sys.executable, "-m", "django", "spotify_sync", "--user", "ada", "--only", "tracks"],
        env={**os.environ, "TEST_OVERRIDES": json.dumps(overrides)},
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=subprocess.STDOUT,
    )
    os.close(theirs)
    shown = b""
    while True:
        try:
            chunk = os.read(ours, 4096)
        except OSError:  # how Linux says that the other end is closed
            break
        if not chunk:
            break
        shown += chunk
    os.close(ours)

    assert process.wait() == 0
    text = shown.decode()
    assert "\rada: tracks [" in text
    assert "50/120" in text or "100/120" in text or "120/120" in text
    assert "█" in text
    assert text.rstrip().endswith("0 removed; 4 requests")


def test_a_generated_key_is_a_key():
    out = StringIO()

    call_command("spotify_generate_key", stdout=out)

    Fernet(out.getvalue().strip())

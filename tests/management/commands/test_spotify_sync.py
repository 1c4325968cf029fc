from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
from datetime import timedelta
from io import StringIO

import pytest
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone
from kombu.exceptions import OperationalError

from django_spotify_sync.conf import conf
from django_spotify_sync.models import SavedTrack, SpotifyAccount, SpotifyToken, SyncRun, SyncState
from django_spotify_sync.models.library import LIBRARY
from django_spotify_sync.sync import due, request_sync, sync
from django_spotify_sync.tasks import sync_account
from tests.kit.concurrency import wait_until
from tests.kit.connecting import connect, stored


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
    assert [one["resource"] for one in runs] == conf.RESOURCES
    assert {one["status"] for one in runs} == {"succeeded"}

    settings.SPOTIFY_SYNC_RESOURCES = ["following"]
    runs = json.loads(run("--user", "ada", "--json", only=""))["runs"]
    assert [one["resource"] for one in runs] == ["following"]
    with pytest.raises(CommandError, match="this site syncs following"):
        run("--user", "ada")


def test_resources_are_named_as_they_are_called(account, settings):
    said = run("--user", "ada", "--dry-run", only="--only=albums,shows")
    assert said.splitlines() == ["would sync ada: albums", "would sync ada: shows"]
    told = json.loads(run("--all", "--dry-run", "--json", only="--only=albums"))
    assert told == {"runs": [{"user": "ada", "resource": "albums"}]}

    with pytest.raises(CommandError, match=r"this site syncs .*, albums, shows"):
        run("--user", "ada", "--dry-run", only="--only=episodes")
    settings.SPOTIFY_SYNC_RESOURCES = ["episodes", "audiobooks"]
    assert run("--all", "--dry-run", only="--only=episodes") == "would sync ada: episodes\n"


@pytest.mark.parametrize("resource", ["albums", "shows", "audiobooks"])
def test_each_resource_is_synced_by_its_name(account, settings, spotify, resource):
    settings.SPOTIFY_SYNC_RESOURCES = ["tracks", resource]
    getattr(spotify.user, resource).save(2)

    [told] = json.loads(run("--user", "ada", "--json", only=f"--only={resource}"))["runs"]

    assert (told["resource"], told["status"]) == (resource, "succeeded")
    assert told["counts"]["created"] == LIBRARY[resource].of(account.pk).count() == 2


def test_what_was_not_agreed_to_is_refused_by_its_name_and_else_left_out(account, settings):
    settings.SPOTIFY_SYNC_RESOURCES = ["following", "episodes"]

    with pytest.raises(CommandError, match="consent does not cover this"):
        run("--user", "ada", only="--only=episodes")
    runs = json.loads(run("--user", "ada", "--json", only=""))["runs"]

    assert [one["resource"] for one in runs] == ["following"]


def test_one_account_does_not_keep_the_others_from_theirs(account, other_user, spotify, capsys):
    connect(other_user, spotify, spotify.add_user("grace", tracks=10))
    SpotifyToken.objects.filter(account=account).delete()
    SpotifyAccount.objects.filter(pk=account.pk).update(status="connected")
    errors = StringIO()

    with pytest.raises(SystemExit) as caught:
        call_command("spotify_sync", "--all", "--only=tracks", stderr=errors, stdout=StringIO())

    assert caught.value.code == 1
    assert SavedTrack.objects.filter(account__user=other_user).count() == 10


@pytest.mark.parametrize("order", [("ada", "grace"), ("grace", "ada")])
@pytest.mark.parametrize("queued", [False, True])
def test_a_user_who_cannot_be_synced_does_not_keep_the_others_named_from_it(
    account, other_user, spotify, order, queued, sent
):
    connect(other_user, spotify, spotify.add_user("grace", tracks=10))
    SpotifyAccount.objects.filter(pk=account.pk).update(status="reauthorization_required")
    out, errors = StringIO(), StringIO()
    names = [word for name in order for word in ("--user", name)]

    with pytest.raises(SystemExit) as caught:
        call_command(
            "spotify_sync",
            *names,
            *(["--queue"] if queued else []),
            "--json",
            "--only=tracks",
            stdout=out,
            stderr=errors,
        )

    assert caught.value.code == 1
    [told] = json.loads(out.getvalue())["runs"]
    assert told["status"] == ("queued" if queued else "succeeded")
    assert errors.getvalue().startswith("ada: tracks: ")


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
        ((), "--user NAME, or --all, or --due"),
        (("--due", "--full"), "--full goes with"),
        (("--user", "ada", "--all"), "not allowed with"),
        (("--user", "nobody"), "no user 'nobody'"),
        (("--user", "grace"), "'grace' has not connected Spotify"),
        (("--user", "ada", "--only", "podcasts"), "no resource 'podcasts'"),
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


# What is due


def come_due(*, since: timedelta = timedelta(minutes=1)) -> None:
    SyncState.objects.update(next_sync_at=timezone.now() - since)


def test_what_is_due_is_done_here(account, other_user, spotify):
    connect(other_user, spotify, spotify.add_user("grace", tracks=10))
    come_due()

    lines = [line for line in run("--due").splitlines() if "succeeded" in line]

    assert sorted(lines) == [
        "ada: tracks succeeded: 120 new, 0 changed, 0 unchanged, 0 removed; 4 requests",
        "grace: tracks succeeded: 10 new, 0 changed, 0 unchanged, 0 removed; 2 requests",
    ]
    assert {one.trigger for one in SyncRun.objects.all()} == {"schedule"}
    assert run("--due") == ""
    assert SyncState.objects.filter(resource="playlists", next_sync_at__lte=timezone.now()).exists()


def test_all_that_is_due_is_done_however_little_fits_in_one_look(
    account, spotify, monkeypatch, settings
):
    settings.SPOTIFY_SYNC_REQUESTS_PER_WINDOW = 180
    monkeypatch.setattr(due, "TICK", timedelta(seconds=0.2))
    assert due.room() == 1
    come_due()

    assert run("--due", only="").count("succeeded") == len(conf.RESOURCES)


def test_without_beat_a_run_that_waits_goes_on(account, spotify):
    waiting = request_sync(account, "tracks")
    waiting.start()
    waiting.wait(timezone.now() - timedelta(minutes=1), "rate_limited")

    [told] = json.loads(run("--due", "--json", only=""))["runs"][:1]

    assert (told["id"], told["status"]) == (waiting.pk, "succeeded")


def test_a_run_of_a_resource_that_was_taken_away_ends(account, spotify, settings):
    waiting = request_sync(account, "following")
    settings.SPOTIFY_SYNC_RESOURCES = ["tracks"]

    run("--due", only="")

    waiting.refresh_from_db()
    assert waiting.status == "succeeded"


def test_one_that_fails_does_not_keep_the_others_from_theirs(account, other_user, spotify):
    connect(other_user, spotify, spotify.add_user("grace", tracks=10))
    SpotifyToken.objects.filter(account=account).delete()
    come_due()

    with pytest.raises(SystemExit):
        run("--due")

    assert SavedTrack.objects.filter(account__user=other_user).count() == 10


def test_who_goes_away_in_between_keeps_nobody_from_theirs(account, other_user, spotify):
    """A pass over all that is due may take hours."""
    other = connect(other_user, spotify, spotify.add_user("grace", tracks=10))
    come_due()
    SyncState.objects.filter(account=other).update(next_sync_at=timezone.now())  # after Ada's
    users = [account.user, other_user]

    def go_away(fake):
        [run_of_the_other] = SyncRun.objects.filter(status="queued").select_related("account")
        [user] = [user for user in users if user.pk == run_of_the_other.account.user_id]
        user.delete()
        connection.close()

    spotify.faults.add("/me/tracks", before=go_away)

    lines = [line for line in run("--due").splitlines() if "succeeded" in line]

    assert len(lines) == 1


# By Celery


@pytest.fixture
def sent(monkeypatch):
    messages: list[int] = []

    def send(*, kwargs):
        messages.append(kwargs["run_id"])

    monkeypatch.setattr(sync_account, "apply_async", send)
    return messages


def test_runs_are_handed_over(account, sent, spotify):
    spotify.clear_log()

    lines = run("--user", "ada", "--queue", only="").splitlines()

    runs = list(SyncRun.objects.order_by("pk"))
    assert sent == [one.pk for one in runs]
    assert lines == [f"ada: {one.resource} queued: run {one.pk}" for one in runs]
    assert spotify.requests == []
    assert {one.status for one in runs} == {"queued"}


def test_what_is_due_is_handed_over(account, sent):
    come_due()

    told = json.loads(run("--due", "--queue", "--json"))["runs"]

    assert [one["id"] for one in told] == sent == [SyncRun.objects.get().pk]


def test_more_than_workers_can_begin_is_left_to_the_schedule(account, sent, settings):
    settings.SPOTIFY_SYNC_REQUESTS_PER_WINDOW = 1  # room for one in a minute

    run("--all", "--queue", only="")

    assert len(sent) == 1
    assert (
        SyncRun.objects.filter(status="queued", published_at=None).count()
        == len(conf.RESOURCES) - 1
    )


def test_a_broker_that_is_away_is_told_of(account, monkeypatch):
    def refuse(**options):
        raise OperationalError("connection refused")

    monkeypatch.setattr(sync_account, "apply_async", refuse)

    with pytest.raises(CommandError, match=r"The broker is away\. Queued in the database, .*: 1\."):
        run("--user", "ada", "--queue")

    assert SyncRun.objects.get().status == "queued"
    out, errors = StringIO(), StringIO()
    with pytest.raises(SystemExit):
        call_command(
            "spotify_sync", "--all", "--queue", "--json", "--only=tracks", stdout=out, stderr=errors
        )
    assert [one["status"] for one in json.loads(out.getvalue())["runs"]] == ["queued"]
    assert errors.getvalue().startswith("The broker is away.")


# Nothing but words


def test_a_dry_run_of_users_says_whose(account, spotify):
    spotify.clear_log()

    assert run("--user", "ada", "--dry-run") == "would sync ada: tracks\n"
    assert json.loads(run("--all", "--dry-run", "--json"))["runs"] == [
        {"user": "ada", "resource": "tracks"}
    ]
    assert spotify.requests == []
    assert not SyncRun.objects.exists()


def test_a_dry_run_of_what_is_due_counts_it(account, other_user, spotify):
    connect(other_user, spotify, spotify.add_user("grace", tracks=10))
    come_due()
    lost, waiting = (request_sync(account, name) for name in ("tracks", "following"))
    lost.start()
    SyncRun.objects.filter(pk=lost.pk).update(heartbeat_at=timezone.now() - timedelta(hours=1))

    told = json.loads(run("--due", "--dry-run", "--json", only=""))

    assert (told["lost"], told["to_go_on"]) == (1, 1)
    assert told["to_begin"] == dict.fromkeys(conf.RESOURCES, 2)
    assert told["blocked_until"] is None
    assert run("--due", "--dry-run", only="--only=tracks").splitlines() == [
        "lost: 1",
        "to go on: 0",
        "to begin: 2 tracks",
        f"room: {told['room']}",
        "blocked until: no",
    ]
    for one in (lost, waiting):
        one.refresh_from_db()
    assert (lost.status, waiting.status) == ("running", "queued")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_told_to_end_it_puts_its_run_down(account, spotify, number):
    spotify.latency = 0.3
    overrides = {"DATABASES": {"default": connection.settings_dict}, **spotify.settings}
    process = subprocess.Popen(
        [sys.executable, "-m", "django", "spotify_sync", "--user", "ada"],
        env={**os.environ, "TEST_OVERRIDES": json.dumps(overrides)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    wait_until(lambda: spotify.count("/v1/me/tracks") >= 1, seconds=60)
    process.send_signal(number)
    out = process.communicate(timeout=60)[0]

    assert process.returncode == 1
    assert "Traceback" not in out
    left = SyncRun.objects.get()
    assert (left.status, left.reason) == ("waiting", "interrupted")
    spotify.latency = 0
    assert sync(account, "tracks").pk == left.pk
    assert stored(account) == spotify.user.entries()

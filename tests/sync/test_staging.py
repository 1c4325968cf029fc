from __future__ import annotations

import logging
import signal
import time
import zlib
from collections import Counter
from concurrent.futures import wait
from datetime import datetime, timedelta
from types import SimpleNamespace

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from django.db import OperationalError, connection, connections
from django.utils import timezone

from django_spotify_sync.db.beside import Beside
from django_spotify_sync.models import SavedTrack, StagedPage, SyncRun
from django_spotify_sync.spotify.answers.saved import SavedRow
from django_spotify_sync.sync import staging, sync
from django_spotify_sync.sync.tracks.listing import Listing
from django_spotify_sync.testing import FakeSpotify, Quota
from tests.kit.concurrency import wait_until
from tests.kit.connecting import connect, let_pauses_end, stored
from tests.kit.truth import check_playlists


@pytest.fixture
def cut_short(account, spotify, settings):
    """Start an import of 620 tracks that a rate limit cuts short after six pages."""
    spotify.user.like(500)
    settings.SPOTIFY_SYNC_FETCH_WORKERS = 1
    spotify.faults.add("/me/tracks", nth=7, times=None, status=429, retry_after=3600)
    run = sync(account, "tracks")
    assert (run.status, StagedPage.objects.count()) == ("waiting", 6)
    spotify.faults.clear()
    spotify.clear_log()
    let_pauses_end()
    return run


def offsets(spotify) -> list[int]:
    return [int(request.query["offset"]) for request in spotify.requests]


def test_a_resumed_run_reads_only_what_is_missing(account, spotify, cut_short, is_true):
    run = sync(account, "tracks")

    assert (run.pk, run.status, run.mode) == (cut_short.pk, "succeeded", "full")
    assert sorted(offsets(spotify)) == [0, 0, *range(300, 650, 50)]
    assert run.requests == cut_short.requests + 9
    assert is_true()


@pytest.mark.parametrize("likes", [1, 49, 50, 51, 120])
def test_new_likes_shift_what_is_missing(account, spotify, cut_short, is_true, likes):
    spotify.user.like(likes)

    run = sync(account, "tracks")

    assert run.status == "succeeded"
    assert is_true()
    assert len(offsets(spotify)) <= 9 + -(-likes // 50) + 1


@pytest.mark.parametrize(
    "edit",
    [
        lambda user: user.unlike(3),
        lambda user: user.unlike(400),
        lambda user: user.relike(200),
        lambda user: (user.like(1), user.unlike(100)),
    ],
)
def test_a_list_that_moved_is_read_afresh(account, spotify, cut_short, is_true, edit):
    edit(spotify.user)

    run = sync(account, "tracks")

    assert run.status == "succeeded"
    assert is_true()


def test_a_list_that_grew_by_something_else_than_its_head_is_read_afresh(
    account, spotify, cut_short, is_true
):
    """One saved anew and one of old are one more, and all the head shows is one more."""
    spotify.user.add_old(datetime.fromisoformat(spotify.user.entries()[120][1]))
    spotify.user.relike(80)

    run = sync(account, "tracks")

    assert run.status == "succeeded"
    assert is_true()


@pytest.mark.usefixtures("impatient")
def test_what_came_before_spotify_went_away_serves_the_next_run(
    account, spotify, is_true, settings
):
    spotify.user.like(500)
    settings.SPOTIFY_SYNC_FETCH_WORKERS = 1
    spotify.faults.add("/me/tracks", offset=300, status=503, times=None)
    failed = sync(account, "tracks")
    assert (failed.status, failed.error_code) == ("failed", "spotify_unavailable")
    assert not SavedTrack.objects.exists()
    spotify.faults.clear()
    spotify.clear_log()

    run = sync(account, "tracks")

    assert (run.status, run.mode) == ("succeeded", "full")
    assert run.pk != failed.pk
    assert sorted(offsets(spotify)) == [0, 0, *range(300, 650, 50)]
    assert is_true()
    assert not StagedPage.objects.exists()


@pytest.mark.usefixtures("impatient")
def test_items_that_came_before_spotify_went_away_serve_the_next_run(account, spotify, settings):
    for number in range(20):
        spotify.user.add_playlist(f"List {number}", 120)
    settings.SPOTIFY_SYNC_FETCH_WORKERS = 1
    spotify.faults.add("/me/playlists", nth=2, times=None, status=503)
    assert sync(account, "playlists").status == "failed"
    answered = {
        (one.path, one.query.get("offset"))
        for one in spotify.requests
        if one.status == 200 and "/me/" not in one.path
    }
    spotify.faults.clear()
    spotify.clear_log()

    assert sync(account, "playlists").status == "succeeded"

    assert len(answered) >= 40
    assert not answered & {(one.path, one.query.get("offset")) for one in spotify.requests}
    check_playlists(account, spotify.user)


def test_staged_pages_prove_no_loss(account, spotify, settings, is_true):
    """What was unliked while the run waited is missing from no page of today until its place is read."""
    spotify.user.like(300)
    sync(account, "tracks")
    spotify.user.unlike(100)
    settings.SPOTIFY_SYNC_FETCH_WORKERS = 1
    spotify.faults.add("/me/tracks", nth=6, times=None, status=429, retry_after=3600)
    run = sync(account, "tracks", full=True)
    assert run.status == "waiting"
    spotify.faults.clear()
    let_pauses_end()

    run = sync(account, "tracks")

    assert (run.status, run.removed) == ("succeeded", 1)
    assert is_true()


@pytest.mark.parametrize("end", ["succeeded", "cancelled"])
def test_staged_pages_go_when_the_run_ends(account, spotify, cut_short, end):
    assert StagedPage.objects.exists()
    if end == "cancelled":
        account.status = "connected"
        spotify.faults.add("/me/tracks", nth=2, before=lambda fake: disconnect(account))

    run = sync(account, "tracks")

    assert run.status == end
    assert not StagedPage.objects.exists()


LASTING = [
    ({"status": 400}, "bad_request"),
    ({"status": 401}, "access_token_rejected"),
    ({"status": 403}, "forbidden"),
    ({"status": 403, "body": "text"}, "app_forbidden"),
    ({"status": 403, "message": "Insufficient client scope"}, "insufficient_scope"),
    ({"status": 404}, "not_found"),
    ({"status": 404, "html": True}, "spotify_error"),
    ({"status": 502}, "spotify_unavailable"),
]


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(("fault", "code"), LASTING)
def test_no_failure_throws_away_what_was_fetched(account, spotify, settings, is_true, fault, code):
    spotify.user.like(500)
    settings.SPOTIFY_SYNC_FETCH_WORKERS = 1
    spotify.faults.add("/me/tracks", offset=300, times=None, **fault)
    for _ in range(2):  # the second one has them from the first
        failed = sync(account, "tracks")
        assert (failed.status, failed.error_code) == ("failed", code)
    # the pages behind may have come while the one was asked for again
    staged = StagedPage.objects.count()
    assert staged >= 6
    spotify.faults.clear()
    spotify.clear_log()

    run = sync(account, "tracks")

    assert (run.status, run.mode) == ("succeeded", "full")
    assert len(offsets(spotify)) == 13 + 2 - staged
    assert is_true()
    assert not StagedPage.objects.exists()


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("fault", [fault for fault, _ in LASTING[:4]])
def test_a_refusal_that_passes_ends_no_import(account, spotify, is_true, fault):
    """On page 42 of many, once."""
    spotify.user.like(500)
    spotify.faults.add("/me/tracks", offset=300, times=2, **fault)

    run = sync(account, "tracks")

    assert (run.status, run.error_code) == ("succeeded", "")
    assert is_true()


def test_a_fault_of_ours_throws_nothing_away(account, spotify, monkeypatch, is_true):
    spotify.user.like(500)

    def confirm_head(listing):
        raise KeyError("broken")

    with monkeypatch.context() as patch:
        patch.setattr(Listing, "confirm_head", confirm_head)
        with pytest.raises(KeyError):
            sync(account, "tracks")
    assert SyncRun.objects.get().status == "failed"
    assert StagedPage.objects.count() == 13
    spotify.clear_log()

    assert sync(account, "tracks").status == "succeeded"

    assert offsets(spotify) == [0, 0]
    assert is_true()


def test_pages_of_another_version_do_not_stand_in_the_way(account, spotify, cut_short, is_true):
    StagedPage.objects.update(rows=zlib.compress(b'["PageOfOld", 1]'))

    run = sync(account, "tracks")

    assert run.status == "succeeded"
    assert is_true()


def disconnect(account):
    type(account).objects.filter(pk=account.pk).update(status="disconnected")
    connection.close()  # it was the server's thread that opened it


def test_pages_of_a_killed_worker_serve_the_next_run(account, spotify, command, is_true, settings):
    spotify.user.like(500)
    spotify.latency = 0.5
    process = command("--user", "ada", SPOTIFY_SYNC_FETCH_WORKERS=1)
    wait_until(lambda: StagedPage.objects.count() >= 3)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    spotify.latency = 0
    saved_pages = StagedPage.objects.count()
    spotify.clear_log()
    SyncRun.objects.update(heartbeat_at=timezone.now() - timedelta(minutes=3))

    run = sync(account, "tracks")

    assert run.status == "succeeded"
    assert run.requests == 2 + 13 - saved_pages
    assert is_true()


def test_a_long_import_under_a_daily_quota_ends(account, spotify, settings):
    """2,000 tracks are 40 pages; 30 requests a day are two days, though a song is liked every day."""
    with FakeSpotify(tracks=2000, consent="auto") as fake:
        for name, value in fake.settings.items():
            setattr(settings, name, value)
        account = connect(account.user, fake)
        days = 0.0
        fake.quota = Quota(requests=30, retry_after=72_000)
        start = time.time()
        fake.clock = lambda: start + days * 86_400
        run = sync(account, "tracks")
        assert (run.status, run.reason) == ("waiting", "quota_exceeded")

        for _ in range(3):
            days += 1
            fake.user.like(1)
            let_pauses_end()
            run = sync(account, "tracks")
            if run.status != "waiting":
                break

        assert (run.status, days) == ("succeeded", 1)
        answered = [request for request in fake.requests if request.status == 200]
        pages = Counter(
            request.query.get("offset") for request in answered if "tracks" in request.path
        )
        assert sum(pages.values()) <= 40 + 4
        assert stored(account) == fake.user.entries()
        assert SavedTrack.objects.filter(account=account).count() == 2001


@pytest.mark.parametrize("error", [KeyError, SoftTimeLimitExceeded])
def test_what_a_flush_could_not_write_is_written_at_the_end(
    account, spotify, monkeypatch, settings, error
):
    """Whatever it ran into, and wherever that struck."""
    spotify.user.like(500)
    settings.SPOTIFY_SYNC_FETCH_WORKERS = 1
    monkeypatch.setattr(staging, "FLUSH_EVERY", -1)
    write, do = staging.Stage._write, Beside.do
    flushes = []

    def do_at_once(beside, act):
        """Have each page flushed before the next one comes, however slow the machine is."""
        done = do(beside, act)
        wait([done])
        return done

    monkeypatch.setattr(Beside, "do", do_at_once)

    def write_unless_third(stage, answers):
        flushes.append(1)
        if len(flushes) == 3:
            raise error
        write(stage, answers)

    monkeypatch.setattr(staging.Stage, "_write", write_unless_third)
    if error is KeyError:
        with pytest.raises(KeyError):
            sync(account, "tracks")
    else:
        assert sync(account, "tracks").reason == "interrupted"

    assert len(flushes) == 4
    came = [request for request in spotify.requests if request.status == 200]
    assert len(came) - StagedPage.objects.count() <= 3  # under way, or asked for and not taken in


def test_a_stage_that_does_not_work_fails_no_run(account, spotify, monkeypatch, is_true):
    spotify.user.like(500)
    monkeypatch.setattr(staging, "FLUSH_EVERY", -1)

    def write(stage, answers):
        raise OperationalError("no space left")

    monkeypatch.setattr(staging.Stage, "_write", write)

    assert sync(account, "tracks").status == "succeeded"
    assert is_true()


def test_a_run_that_has_staged_some_stages_all_before_its_write(
    account, spotify, monkeypatch, settings
):
    """Also where something of it was thrown away in between."""
    spotify.user.like(500)
    monkeypatch.setattr(staging, "FLUSH_EVERY", -1)
    work = SimpleNamespace(
        run=SyncRun.objects.create(account=account, resource="tracks", trigger="command"),
        using="default",
        beside=Beside("default"),
    )
    with work.beside:
        stage = staging.Stage(work, SavedRow)
        with stage.kept():
            stage.keep("one", 0, SavedRow("a", None))
            stage.forget("another")
            monkeypatch.setattr(staging, "FLUSH_EVERY", 60)
            stage.keep("one", 1, SavedRow("b", None))

    assert stage.load("one") == {0: SavedRow("a", None), 1: SavedRow("b", None)}


def test_a_run_that_goes_with_its_account_warns_of_nothing(
    account, user, spotify, monkeypatch, caplog
):
    spotify.user.like(500)
    monkeypatch.setattr(staging, "FLUSH_EVERY", -1)

    def leave(_):
        user.delete()
        connections.close_all()

    spotify.faults.add("/me/tracks", offset=100, before=leave)

    sync(account, "tracks")

    assert not SyncRun.objects.exists()
    assert [one.getMessage() for one in caplog.records if one.levelno >= logging.WARNING] == []

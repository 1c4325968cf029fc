from __future__ import annotations

import json
import logging
import signal
import threading
from datetime import timedelta

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from django.db import OperationalError, connection, transaction
from django.utils import timezone

from django_spotify_sync.db import upsert
from django_spotify_sync.exceptions import (
    GrantInDoubt,
    InsideTransaction,
    NotConnected,
    RateLimited,
    ReauthorizationRequired,
    SyncError,
    UnknownResource,
)
from django_spotify_sync.models import (
    Album,
    Artist,
    SavedTrack,
    SpotifyAccount,
    StagedPage,
    SyncRun,
    SyncState,
    Track,
)
from django_spotify_sync.pace import governor
from django_spotify_sync.signals import sync_failed, sync_finished
from django_spotify_sync.sync import catalog as catalog_module
from django_spotify_sync.sync import execute, request_sync, sync
from django_spotify_sync.sync import run as run_module
from django_spotify_sync.sync import staging as staging_module
from django_spotify_sync.sync.runs import heartbeat
from django_spotify_sync.sync.tracks import reading, writing
from tests.concurrency import lock_waits, wait_until
from tests.connecting import connect, let_pauses_end, stored


@pytest.fixture
def heard():
    """Collect what the signals tell."""
    told: list[dict] = []

    def hear(**kwargs):
        told.append(kwargs)

    for sent in (sync_finished, sync_failed):
        sent.connect(hear)
    yield told
    for sent in (sync_finished, sync_failed):
        sent.disconnect(hear)


def age(run: SyncRun, **fields: timedelta) -> None:
    """Let times of a run lie in the past."""
    now = timezone.now()
    SyncRun.objects.filter(pk=run.pk).update(**{name: now - by for name, by in fields.items()})


# Asking for a run


def test_a_request_makes_a_queued_run(account):
    run = request_sync(account, "tracks", full=True, trigger="admin")

    assert (run.status, run.full, run.trigger, run.resource) == ("queued", True, "admin", "tracks")


def test_a_second_request_finds_the_first_run(account):
    assert request_sync(account, "tracks") == request_sync(account, "tracks")


@pytest.mark.parametrize("status", ["queued", "waiting"])
def test_a_wish_for_a_full_pass_is_taken_over_by_a_run_that_waits(account, status):
    request_sync(account, "tracks")
    later = timezone.now() + timedelta(hours=1)
    SyncRun.objects.update(status=status, resume_at=later if status == "waiting" else None)

    assert request_sync(account, "tracks", full=True).full
    assert SyncRun.objects.get().full


def test_an_unknown_resource_is_refused(account):
    with pytest.raises(UnknownResource, match="'albums'"):
        request_sync(account, "albums")


@pytest.mark.parametrize(
    ("status", "error"),
    [
        ("disconnected", NotConnected),
        ("suspect", GrantInDoubt),
        ("reauthorization_required", ReauthorizationRequired),
    ],
)
def test_no_run_without_a_grant(account, status, error):
    account.status = status
    account.judge_at = timezone.now() + timedelta(minutes=1)

    with pytest.raises(error):
        request_sync(account, "tracks")


def test_requests_at_once_make_one_run(account):
    barrier = threading.Barrier(6)
    runs: list[int] = []

    def ask():
        barrier.wait()
        runs.append(request_sync(account, "tracks").pk)
        connection.close()

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(set(runs)) == 1 == SyncRun.objects.count()
    assert len(runs) == 6


# Claiming it


def test_a_second_delivery_does_nothing(account, spotify):
    run = request_sync(account, "tracks")
    assert SyncRun.objects.get(pk=run.pk).start()

    again = execute(run.pk)

    assert again.status == "running"
    assert spotify.count() == 0


def test_a_run_that_ended_is_not_done_again(account, spotify):
    run = sync(account, "tracks")
    spotify.clear_log()

    assert execute(run.pk).finished_at == run.finished_at
    assert spotify.count() == 0


def test_a_waiting_run_is_done_when_its_time_has_come(account, is_true):
    run = request_sync(account, "tracks")
    run.start()
    run.wait(timezone.now() + timedelta(hours=1), "rate_limited")

    assert execute(run.pk).status == "waiting"
    age(run, resume_at=timedelta(seconds=1))

    assert execute(run.pk).status == "succeeded"
    assert is_true()


def test_inside_a_transaction_a_sync_is_refused(account, spotify):
    run = request_sync(account, "tracks")

    with transaction.atomic(), pytest.raises(InsideTransaction):
        execute(run.pk)

    assert spotify.count() == 0
    assert SyncRun.objects.get().status == "queued"


# Progress


def test_progress_is_seen_by_others_while_it_runs(account, monkeypatch):
    monkeypatch.setattr(heartbeat, "PROGRESS_EVERY", 0)
    seen: list[tuple] = []

    def look():
        row = SyncRun.objects.values_list("status", "done", "total", "heartbeat_at").get()
        seen.append(row)
        connection.close()

    def watch(run):
        other = threading.Thread(target=look)
        other.start()
        other.join()

    sync(account, "tracks", watch=watch)

    done = [row[1] for row in seen]
    assert done == sorted(done)
    assert {50, 100, 120} & set(done)
    assert {row[0] for row in seen} == {"running", "succeeded"}
    assert {row[2] for row in seen} == {120}
    assert all(row[3] for row in seen)


def test_a_run_that_is_quiet_beats_all_the_same(account, spotify, settings):
    settings.SPOTIFY_SYNC_HEARTBEAT = timedelta(milliseconds=50)
    spotify.faults.add("/me/tracks", delay=1.0)
    beats: list[object] = []

    sync(account, "tracks", watch=lambda run: beats.append(run.done))

    assert beats.count(0) >= 2


# Its ends


def test_success_is_told_with_what_came_and_went(account, spotify, heard):
    sync(account, "tracks")
    [new] = spotify.user.like(1)
    [gone] = spotify.user.unlike(7)

    run = sync(account, "tracks")

    assert [told["run"].pk for told in heard][-1] == run.pk
    assert (heard[-1]["added"], heard[-1]["removed"]) == ([new.id], [gone.id])
    state = SyncState.objects.get(account=account, resource="tracks")
    assert (state.failures, state.full_due) == (0, False)
    assert state.full_at < state.checked_at


def test_a_receiver_that_raises_stops_nothing(account, is_true, caplog):
    def receiver(**kwargs):
        raise ZeroDivisionError

    sync_finished.connect(receiver)
    try:
        run = sync(account, "tracks")
    finally:
        sync_finished.disconnect(receiver)

    assert run.status == "succeeded"
    assert is_true()


def test_a_page_that_fails_for_good_leaves_all_as_it_was(account, spotify, heard, impatient):
    sync(account, "tracks")
    before, catalogue = stored(account), Track.objects.count()
    spotify.user.like(5)
    spotify.user.unlike(60)
    spotify.faults.add("/me/tracks", nth=2, status=502, times=None)

    run = sync(account, "tracks")

    assert (run.status, run.error_code) == ("failed", "spotify_unavailable")
    assert "/me/tracks" in run.error_detail
    assert "502" in run.error_detail
    assert stored(account) == before
    assert Track.objects.count() == catalogue
    assert heard[-1]["error"].code == "spotify_unavailable"
    assert SyncState.objects.get(account=account, resource="tracks").failures == 1
    spotify.faults.clear()
    assert sync(account, "tracks").status == "succeeded"
    assert stored(account) == spotify.user.entries()
    assert SyncState.objects.get(account=account, resource="tracks").failures == 0


def test_a_short_pause_is_waited_in_place(account, spotify, is_true):
    spotify.faults.add("/me/tracks", nth=2, status=429, retry_after=1)

    run = sync(account, "tracks")

    assert run.status == "succeeded"
    assert is_true()


@pytest.mark.parametrize(
    ("fault", "reason", "seconds"),
    [
        ({"retry_after": 600}, "rate_limited", 600),
        ({"retry_after": 72_000, "reason": "QUOTA_EXCEEDED"}, "quota_exceeded", 72_000),
    ],
)
def test_a_long_pause_puts_the_run_to_waiting(account, spotify, heard, fault, reason, seconds):
    spotify.faults.add("/me/tracks", nth=2, times=None, status=429, **fault)

    run = sync(account, "tracks")

    assert (run.status, run.reason, run.finished_at) == ("waiting", reason, None)
    wait = (run.resume_at - timezone.now()).total_seconds()
    assert seconds * 0.99 < wait < seconds * 1.11
    assert heard == []
    assert run.requests == spotify.count("/v1/me/tracks")
    spotify.faults.clear()
    let_pauses_end()
    assert sync(account, "tracks").pk == run.pk
    assert stored(account) == spotify.user.entries()


def test_while_one_account_has_to_wait_nobody_knocks(account, other_user, spotify):
    grace = connect(other_user, spotify, spotify.add_user("grace", tracks=70))
    spotify.faults.add("/me/tracks", status=429, retry_after=7200, reason="QUOTA_EXCEEDED")
    first = sync(account, "tracks")
    spotify.clear_log()

    second = sync(grace, "tracks")

    assert spotify.requests == []
    assert (second.status, second.reason) == ("waiting", "quota_exceeded")
    assert abs(second.resume_at - first.resume_at) < timedelta(seconds=1)
    let_pauses_end()
    assert sync(grace, "tracks").status == "succeeded"
    assert sync(account, "tracks").status == "succeeded"


def test_a_run_under_way_stops_when_another_is_told_to_wait(account, other_user, spotify, settings):
    grace = connect(other_user, spotify, spotify.add_user("grace", tracks=70))
    elsewhere = governor.Governor(spotify.client_id, None, 30.0)  # as another process has it
    spotify.latency = 0.1
    settings.SPOTIFY_SYNC_FETCH_WORKERS = 1
    spotify.user.like(1000)

    def tell(fake):
        elsewhere.refused(RateLimited(retry_after=3600))
        connection.close()

    spotify.faults.add("/me/tracks", nth=3, before=tell)

    runs = [sync(account, "tracks"), sync(grace, "tracks")]

    assert [(run.status, run.reason) for run in runs] == [("waiting", "rate_limited")] * 2
    assert spotify.count("/v1/me/tracks") < 15


def test_a_user_who_is_off_the_allow_list_fails_the_run(account, spotify):
    spotify.allowlist = set()

    run = sync(account, "tracks")

    assert (run.status, run.error_code) == ("failed", "app_forbidden")
    account.refresh_from_db()
    assert account.status == "connected"


def test_a_revoked_grant_is_doubted_at_first(account, spotify):
    """And fails the run when it is lost: tests/test_verdicts.py."""
    spotify.revoke(spotify.user)
    spotify.expire_access_tokens()

    run = sync(account, "tracks")

    assert (run.status, run.reason, run.error_code) == ("waiting", "suspect", "")


def test_a_grant_that_has_ended_fails_the_run(account, spotify):
    spotify.age_grants(185)
    SpotifyAccount.objects.update(reauthorize_by=timezone.now())
    spotify.expire_access_tokens()

    run = sync(account, "tracks")

    assert (run.status, run.error_code) == ("failed", "reauthorization_required")


def test_an_app_that_is_refused_fails_the_run_and_blames_no_user(account, spotify):
    spotify.faults.add("/api/token", status=400, reason="invalid_client", times=None)
    spotify.expire_access_tokens()

    run = sync(account, "tracks")

    assert (run.status, run.error_code) == ("failed", "invalid_client")
    assert "SPOTIFY_SYNC_CLIENT_SECRET" in run.error_detail
    account.refresh_from_db()
    assert account.status == "connected"


def test_an_expired_token_is_refreshed_once_on_the_way(account, spotify, is_true):
    spotify.faults.add("/me/tracks", nth=1, before=lambda fake: fake.expire_access_tokens())

    run = sync(account, "tracks")

    assert run.status == "succeeded"
    assert spotify.count("/api/token") == 1
    assert is_true()


def test_a_fault_of_our_own_is_recorded_and_raised(account, monkeypatch, heard):
    def broken(*args, **kwargs):
        raise ZeroDivisionError("with a secret in it")

    monkeypatch.setattr(reading, "stored_entries", broken)

    with pytest.raises(ZeroDivisionError):
        sync(account, "tracks")

    run = SyncRun.objects.get()
    assert (run.status, run.error_code) == ("failed", "error")
    assert "ZeroDivisionError" in run.error_detail
    assert "secret" not in run.error_detail


def test_an_account_disconnected_meanwhile_gets_nothing_written(account, spotify):
    spotify.faults.add("/me/tracks", nth=3, before=lambda fake: disconnect())

    def disconnect():
        SpotifyAccount.objects.update(status="disconnected")
        connection.close()

    run = sync(account, "tracks")

    assert (run.status, run.reason) == ("cancelled", "cancelled")
    assert not SavedTrack.objects.exists()


# The write


def test_a_write_that_fails_for_a_moment_is_repeated_whole(account, monkeypatch, is_true):
    writes = []
    write = catalog_module.write_catalog

    def stumbling(*args, **kwargs):
        writes.append(1)
        result = write(*args, **kwargs)
        if len(writes) < 3:
            raise OperationalError("deadlock detected")
        return result

    monkeypatch.setattr(writing, "write_catalog", stumbling)

    run = sync(account, "tracks")

    assert (run.status, len(writes), run.created) == ("succeeded", 3, 120)
    assert is_true()


def test_a_write_that_fails_for_good_leaves_nothing_half_written(account, monkeypatch):
    def broken(*args, **kwargs):
        raise OperationalError("no space left on device")

    monkeypatch.setattr(writing, "update", broken)

    with pytest.raises(OperationalError):
        sync(account, "tracks")

    assert (SavedTrack.objects.count(), Track.objects.count()) == (0, 0)
    assert SyncRun.objects.get().status == "failed"


@pytest.fixture
def slow_write(monkeypatch):
    """Let Celery's soft time limit strike in the write, when that has taken so many times what came before."""
    update = upsert.update

    def strike_after(times: float) -> None:
        monkeypatch.setattr(writing, "update", lambda *args, **kwargs: strike(times))

    def strike(times: float) -> None:
        monkeypatch.setattr(writing, "update", update)
        moments.append(moments[-1] + times)
        assert Track.objects.exists()  # it is in the midst of the write
        raise SoftTimeLimitExceeded

    moments = [0.0]

    def clock() -> float:
        """Let the fetch take a second, by this clock."""
        if len(moments) < 3:
            moments.append(moments[-1] + 1)
        return moments[-1]

    monkeypatch.setattr(run_module, "monotonic", clock)
    return strike_after


def test_a_time_limit_in_a_write_that_had_all_the_time_fails_the_run(
    account, spotify, heard, slow_write
):
    slow_write(3)

    run = sync(account, "tracks")

    assert (run.status, run.error_code) == ("failed", "sync_error")
    assert "time limit" in run.error_detail
    assert not any(model.objects.exists() for model in (SavedTrack, Track, Album, StagedPage))
    assert [type(told.get("error")) for told in heard] == [SyncError]
    assert SyncState.objects.get(account=account, resource="tracks").failures == 1


def test_a_time_limit_in_a_write_after_a_long_fetch_puts_the_run_down(
    account, spotify, is_true, heard, slow_write, monkeypatch
):
    """The next attempt finds the pages staged, and has nearly all of the time for its write."""
    monkeypatch.setattr(staging_module, "FLUSH_EVERY", -1)
    slow_write(0.5)

    run = sync(account, "tracks")

    assert (run.status, run.reason) == ("waiting", "interrupted")
    assert not any(model.objects.exists() for model in (SavedTrack, Track, Album))
    assert StagedPage.objects.exists()
    assert heard == []
    asked = spotify.count("/v1/me/tracks")
    assert sync(account, "tracks") == run
    run.refresh_from_db()
    assert run.status == "succeeded"
    assert spotify.count("/v1/me/tracks") <= asked + 2  # the head, at its begin and its end
    assert is_true()


# Lost and found


@pytest.mark.parametrize("pause", [None, "pace"])
def test_who_asks_for_what_the_schedule_has_not_begun_goes_first(account, pause):
    run = request_sync(account, "tracks", trigger="schedule")
    if pause:
        run.start()
        run.wait(timezone.now() + timedelta(seconds=30), pause)

    asked = request_sync(account, "tracks", trigger="user")

    assert (asked.pk, asked.trigger) == (run.pk, "user")
    run.refresh_from_db()
    assert run.trigger == "user"
    assert request_sync(account, "tracks", trigger="schedule").trigger == "user"


def test_what_the_schedule_has_begun_stays_its_own(account):
    run = request_sync(account, "tracks", trigger="schedule")
    run.start()

    assert request_sync(account, "tracks", trigger="user").trigger == "schedule"


def test_a_silent_run_is_lost_and_makes_way(account):
    run = request_sync(account, "tracks")
    run.start()
    age(run, heartbeat_at=timedelta(minutes=3))

    new = request_sync(account, "tracks")

    assert new != run
    run.refresh_from_db()
    assert (run.status, run.finished_at is not None) == ("lost", True)


def test_a_run_that_beats_is_not_lost(account):
    run = request_sync(account, "tracks")
    run.start()
    age(run, heartbeat_at=timedelta(minutes=1))

    assert request_sync(account, "tracks") == run


def test_a_run_taken_for_lost_writes_nothing(account, spotify):
    def lose(fake):
        SyncRun.objects.update(heartbeat_at=timezone.now() - timedelta(minutes=3))
        SyncRun.objects.mark_lost()
        connection.close()

    spotify.faults.add("/me/tracks", nth=4, before=lose)

    run = sync(account, "tracks")

    assert run.status == "lost"
    assert not SavedTrack.objects.exists()


def test_two_processes_at_once_make_one_run(account, spotify, command, is_true):
    both_asked = threading.Event()
    spotify.faults.add("/me/tracks", before=lambda fake: both_asked.wait(60))
    processes = [command("--user", "ada", "--json") for _ in range(2)]
    # One of them is held at its first request; the other one finds the run under way and ends.
    first = wait_until(
        lambda: next((one for one in processes if one.poll() is not None), None), seconds=60
    )
    both_asked.set()
    answers = [json.loads(process.communicate()[0])["runs"][0] for process in processes]

    assert first is not None
    assert sorted(answer["status"] for answer in answers) == ["running", "succeeded"]
    assert len({answer["id"] for answer in answers}) == 1 == SyncRun.objects.count()
    assert spotify.count("/v1/me/tracks") == 4
    assert is_true()


def test_a_process_killed_while_it_fetches_leaves_all_as_it_was(account, spotify, command, is_true):
    spotify.latency = 0.3
    process = command("--user", "ada")
    wait_until(lambda: spotify.count("/v1/me/tracks") >= 2)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    spotify.latency = 0

    run = SyncRun.objects.get()
    assert run.status == "running"
    assert not SavedTrack.objects.exists()
    assert sync(account, "tracks") == run  # it may be alive for all we know
    age(run, heartbeat_at=timedelta(minutes=3))

    after = sync(account, "tracks")

    assert after != run
    assert after.status == "succeeded"
    assert SyncRun.objects.get(pk=run.pk).status == "lost"
    assert is_true()


@pytest.mark.postgres
def test_a_process_killed_while_it_writes_leaves_all_as_it_was(account, spotify, command, is_true):
    with transaction.atomic():
        # By the time it meets this row it has written artists and albums.
        Track.objects.create(spotify_id=spotify.user.track_ids()[0])
        process = command("--user", "ada")
        wait_until(lock_waits)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        transaction.set_rollback(True)

    run = SyncRun.objects.get()
    assert run.status == "running"
    assert not any(model.objects.exists() for model in (SavedTrack, Track, Album, Artist))
    age(run, heartbeat_at=timedelta(minutes=3))
    assert sync(account, "tracks").status == "succeeded"
    assert is_true()


def test_a_process_that_was_stopped_too_long_writes_nothing(account, spotify, command, is_true):
    spotify.latency = 0.3
    process = command("--user", "ada")
    wait_until(lambda: spotify.count("/v1/me/tracks") >= 2)
    process.send_signal(signal.SIGSTOP)
    stopped = SyncRun.objects.get()
    age(stopped, heartbeat_at=timedelta(minutes=3))
    spotify.latency = 0
    spotify.user.unlike(3)
    assert sync(account, "tracks").status == "succeeded"
    spotify.user.like(1)
    before = stored(account)

    process.send_signal(signal.SIGCONT)
    process.communicate()

    stopped.refresh_from_db()
    assert stopped.status == "lost"
    assert stored(account) == before


def test_the_log_follows_a_run_by_its_ids(account, caplog):
    caplog.set_level(logging.INFO, "django_spotify_sync")

    run = sync(account, "tracks")

    ids = f"run={run.pk} account={account.pk} resource=tracks "
    ours = [record for record in caplog.records if record.getMessage().startswith(ids)]
    lines = [record.getMessage().removeprefix(ids) for record in ours]
    assert lines[0] == "begun, asked for by command"
    assert lines[-1].startswith("succeeded after 4 requests")
    for record in ours:
        assert (record.run_id, record.account_id, record.resource) == (run.pk, account.pk, "tracks")

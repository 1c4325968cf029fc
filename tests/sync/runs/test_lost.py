"""Runs that say nothing any more, and processes that are killed or stopped."""

from __future__ import annotations

import signal
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from django_spotify_sync.models import Album, Artist, SavedTrack, SyncRun, Track
from django_spotify_sync.sync import request_sync, sync
from django_spotify_sync.upkeep.pruning import prune
from tests.kit.concurrency import lock_waits, wait_until
from tests.kit.connecting import stored
from tests.kit.crowds import age


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
        # By the time it meets this row it has written artists and albums, which nobody uses yet.
        Track.objects.create(spotify_id=spotify.user.track_ids()[0])
        process = command("--user", "ada")
        wait_until(lock_waits)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        transaction.set_rollback(True)

    run = SyncRun.objects.get()
    assert run.status == "running"
    assert not SavedTrack.objects.exists()
    assert prune()["artists"] > 0
    assert not any(model.objects.exists() for model in (Track, Album, Artist))
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

"""A run says that it lives, and how far it is."""

from __future__ import annotations

import threading
from datetime import timedelta

from django.db import connection

from django_spotify_sync.models import SyncRun
from django_spotify_sync.sync import execute, request_sync, sync
from django_spotify_sync.sync.runs import heartbeat


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


def ended(run):
    assert SyncRun.objects.values_list("done", "total").get(pk=run.pk) == (run.done, run.total)
    return run.status, run.mode, run.done, run.total


def test_a_delta_ends_where_a_bar_is_full(account, spotify):
    """It reads some pages and rightly presumes the others, which are done by that."""
    sync(account, "tracks")

    spotify.user.unlike(5)

    assert ended(sync(account, "tracks")) == ("succeeded", "delta", 119, 119)
    assert ended(sync(account, "tracks")) == ("succeeded", "probe", 119, 119)


def test_a_check_that_does_not_count_ends_with_what_is_stored(account, spotify):
    sync(account, "following")

    run = execute(request_sync(account, "following", trigger="schedule").pk)

    assert ended(run) == ("succeeded", "probe", 60, 60)


def test_a_run_that_fails_stays_where_it_came(account, spotify, impatient, monkeypatch):
    monkeypatch.setattr(heartbeat, "PROGRESS_EVERY", 0)
    spotify.faults.add("/me/tracks", offset=50, status=404, times=None)

    run = sync(account, "tracks")

    assert run.status == "failed"
    assert run.done < run.total == 120


def test_a_run_that_is_quiet_beats_all_the_same(account, spotify, settings):
    settings.SPOTIFY_SYNC_HEARTBEAT = timedelta(milliseconds=50)
    spotify.faults.add("/me/tracks", delay=1.0)
    beats: list[object] = []

    sync(account, "tracks", watch=lambda run: beats.append(run.done))

    assert beats.count(0) >= 2

"""A run says that it lives, and how far it is."""

from __future__ import annotations

import threading
from datetime import timedelta

from django.db import connection

from django_spotify_sync.models import SyncRun
from django_spotify_sync.sync import sync
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


def test_a_run_that_is_quiet_beats_all_the_same(account, spotify, settings):
    settings.SPOTIFY_SYNC_HEARTBEAT = timedelta(milliseconds=50)
    spotify.faults.add("/me/tracks", delay=1.0)
    beats: list[object] = []

    sync(account, "tracks", watch=lambda run: beats.append(run.done))

    assert beats.count(0) >= 2

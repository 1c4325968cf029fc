"""The write of a run: whole or not at all."""

from __future__ import annotations

import threading

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from django.db import OperationalError, connections
from django.db.models import Q

from django_spotify_sync.db import upsert
from django_spotify_sync.db.deleting import delete_where, unused
from django_spotify_sync.exceptions import SyncError
from django_spotify_sync.models import (
    SavedTrack,
    StagedPage,
    SyncRun,
    SyncState,
    Track,
    TrackArtist,
)
from django_spotify_sync.sync import catalog_writer, sync
from django_spotify_sync.sync import run as run_module
from django_spotify_sync.sync import staging as staging_module
from django_spotify_sync.sync.runs import transaction
from django_spotify_sync.sync.tracks import writing
from django_spotify_sync.upkeep.pruning import prune


def test_a_write_that_fails_for_a_moment_is_repeated_whole(account, monkeypatch, is_true):
    writes = []
    write = catalog_writer.write_catalog

    def stumbling(*args, **kwargs):
        writes.append(1)
        result = write(*args, **kwargs)
        if len(writes) < 3:
            raise OperationalError("deadlock detected")
        return result

    monkeypatch.setattr(catalog_writer, "write_catalog", stumbling)

    run = sync(account, "tracks")

    assert (run.status, len(writes), run.created) == ("succeeded", 3, 120)
    assert is_true()


def test_a_write_that_fails_for_good_leaves_nothing_half_written(account, monkeypatch):
    def broken(*args, **kwargs):
        raise OperationalError("no space left on device")

    monkeypatch.setattr(writing, "update", broken)

    with pytest.raises(OperationalError):
        sync(account, "tracks")

    assert SavedTrack.objects.count() == 0
    assert SyncRun.objects.get().status == "failed"
    assert prune()["tracks"] == 120  # the catalogue was written before, and nobody uses it
    assert not Track.objects.exists()


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
    assert not any(model.objects.exists() for model in (SavedTrack, StagedPage))
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
    assert not SavedTrack.objects.exists()
    assert StagedPage.objects.exists()
    assert heard == []
    asked = spotify.count("/v1/me/tracks")
    assert sync(account, "tracks") == run
    run.refresh_from_db()
    assert run.status == "succeeded"
    assert spotify.count("/v1/me/tracks") <= asked + 2  # the head, at its begin and its end
    assert is_true()


@pytest.mark.postgres
def test_a_prune_that_goes_on_through_all_attempts_takes_nothing_twice(
    account, monkeypatch, is_true
):
    """Each attempt meets another batch of the same prune."""
    write_once = transaction._write_once
    taken: list[int] = []

    def prune_some():
        some = list(Track.objects.order_by("pk").values_list("pk", flat=True)[:20])
        taken.append(
            delete_where(
                Track,
                unused(Track, "default", but=TrackArtist) & Q(pk__in=some),
                "default",
                batch_size=20,
                parts=((TrackArtist, "track"),),
            )
        )
        connections.close_all()

    def write(*args):
        written = write_once(*args)
        pruning = threading.Thread(target=prune_some)
        pruning.start()
        pruning.join(60)
        return written

    monkeypatch.setattr(transaction, "_write_once", write)

    assert sync(account, "tracks").status == "succeeded"
    assert taken == [20, 0]
    assert is_true()

"""The catalogue is written beside the reading, and nothing depends on that."""

from __future__ import annotations

import signal
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, OperationalError, connection
from django.utils import timezone

from django_spotify_sync.db.beside import Beside
from django_spotify_sync.models import Album, Artist, SavedTrack, SyncRun, Track
from django_spotify_sync.spotify.answers.catalog import ArtistRow, Catalog, TrackRow
from django_spotify_sync.sync import catalog_writer, sync
from django_spotify_sync.sync.catalog import no_keys
from django_spotify_sync.testing import FakeSpotify
from tests.kit.concurrency import wait_until
from tests.kit.truth import check_playlists


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalog_writer, "AHEAD", 60)


pytestmark = pytest.mark.usefixtures("small_batches")


def closing(look: Callable[[], Any]) -> Callable[[FakeSpotify], None]:
    """Let the server's thread look into the database, and leave no connection there."""

    def looked(fake: FakeSpotify) -> None:
        look()
        connection.close()

    return looked


def has_come(model: Any) -> Callable[[], None]:
    """Wait until something is stored."""
    return lambda: wait_until(model.objects.exists, seconds=30)


def test_tracks_are_there_before_the_last_page_is(account, spotify, settings, is_true):
    spotify.user.like(300)
    settings.SPOTIFY_SYNC_FETCH_WORKERS = 1
    spotify.faults.add("/me/tracks", offset=400, before=closing(has_come(Track)))

    run = sync(account, "tracks")

    assert (run.status, run.created) == ("succeeded", 420)
    assert is_true()


def test_tracks_of_playlists_too(account, spotify, settings):
    spotify.user.add_playlist("Long", 400)
    settings.SPOTIFY_SYNC_FETCH_WORKERS = 1
    spotify.faults.add("/items", offset=350, before=closing(has_come(Track)))

    assert sync(account, "playlists").status == "succeeded"

    check_playlists(account, spotify.user)


def test_nothing_is_written_ahead_that_is_not_worth_it(account, spotify, monkeypatch):
    monkeypatch.setattr(catalog_writer, "AHEAD", 1_000)
    monkeypatch.setattr(catalog_writer.CatalogWriter, "_write_ahead", lambda self: 1 / 0)

    assert sync(account, "tracks").status == "succeeded"


@pytest.mark.parametrize("error", [OperationalError, IntegrityError])
def test_a_batch_that_fails_is_written_at_the_end(account, spotify, monkeypatch, is_true, error):
    spotify.user.like(300)
    failed = []

    def broken(self: Any, batch: Any) -> Any:
        failed.append(len(batch.tracks))
        raise error("not now")

    monkeypatch.setattr(catalog_writer.CatalogWriter, "_write_batch", broken)

    run = sync(account, "tracks")

    assert run.status == "succeeded"
    assert len(failed) == 1  # it does not try again and again
    assert is_true()
    assert Track.objects.count() == 420


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("fails", [True, False])
def test_what_came_later_counts(monkeypatch, fails):
    def broken(self: Any, batch: Any) -> Any:
        raise OperationalError("not now")

    if fails:
        monkeypatch.setattr(catalog_writer.CatalogWriter, "_write_batch", broken)
    tracks = {
        f"t{number}": TrackRow(f"t{number}", "Song", None, ("ada",), 1, False, None, None, None)
        for number in range(60)
    }
    with Beside("default") as beside:
        writer = catalog_writer.CatalogWriter(beside, "default")
        writer.update(Catalog(artists={"ada": ArtistRow("ada", "Earlier")}, tracks=tracks))
        writer.update(Catalog(artists={"ada": ArtistRow("ada", "Later")}))
        keys = writer.write()

    assert Artist.objects.get().name == "Later"
    assert keys["artist"] == {"ada": Artist.objects.get().pk}
    assert keys["track"] == dict(Track.objects.values_list("spotify_id", "pk"))


def test_a_fault_of_ours_in_a_batch_is_no_secret(account, spotify, monkeypatch):
    spotify.user.like(300)
    monkeypatch.setattr(
        catalog_writer.CatalogWriter, "_write_batch", lambda self, batch: no_keys()["broken"]
    )

    with pytest.raises(KeyError):
        sync(account, "tracks")

    assert SyncRun.objects.get().status == "failed"


@pytest.mark.postgres
def test_a_connection_that_is_lost_costs_nothing(account, spotify, settings, is_true):
    """Whatever the thread's connection does at that moment, and again when it is to be used once more."""
    spotify.user.like(500)
    settings.SPOTIFY_SYNC_FETCH_WORKERS = 1
    lost = []

    def lose() -> None:
        wait_until(Track.objects.exists, seconds=30)
        lost.append(terminated(but=mine))

    mine = backend()
    spotify.faults.add("/me/tracks", offset=300, before=closing(lose))

    run = sync(account, "tracks")

    assert lost == [1]
    assert run.status == "succeeded"
    assert is_true()


def backend() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])


def terminated(*, but: int) -> int:
    """End the other connections to this test's database; return how many there were."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid NOT IN (%s, pg_backend_pid())",
            [but],
        )
        return int(cursor.fetchone()[0])


@pytest.mark.postgres
@pytest.mark.parametrize("fault", [{}, {"status": 400}])
def test_no_connection_is_left_open(account, spotify, settings, fault):
    spotify.user.like(300)
    settings.SPOTIFY_SYNC_FETCH_WORKERS = 1
    if fault:
        spotify.faults.add("/me/tracks", offset=400, times=None, **fault)

    sync(account, "tracks")

    assert Track.objects.exists()
    assert wait_until(lambda: terminated(but=backend()) == 0)


@pytest.mark.postgres
def test_what_is_pruned_meanwhile_is_written_again(account, spotify, monkeypatch, is_true):
    """Of a batch that was written long before the end, and of one that was not."""
    spotify.user.like(300)
    write = catalog_writer.CatalogWriter.write
    writes: list[bool] = []

    def pruned(self: Any) -> Any:
        keys = write(self)
        if not writes:
            writes.append(bool(self._written))
            Track.objects.filter(pk__in=[min(keys["track"].values())]).delete()
            Track.objects.filter(pk__in=[max(keys["track"].values())]).delete()
        return keys

    monkeypatch.setattr(catalog_writer.CatalogWriter, "write", pruned)

    run = sync(account, "tracks")

    assert writes == [True]
    assert run.status == "succeeded"
    assert is_true()
    assert Track.objects.filter(album=None).count() == 0


@pytest.mark.postgres
def test_a_killed_worker_leaves_a_catalogue_that_serves_the_next_run(
    account, spotify, command, is_true
):
    spotify.user.like(3_000)
    spotify.latency = 0.2
    process = command("--user", "ada", SPOTIFY_SYNC_FETCH_WORKERS=4)
    wait_until(Album.objects.exists)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    spotify.latency = 0
    assert not SavedTrack.objects.exists()
    SyncRun.objects.update(heartbeat_at=timezone.now() - timedelta(minutes=3))

    run = sync(account, "tracks")

    assert run.status == "succeeded"
    assert is_true()

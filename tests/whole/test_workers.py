"""What goes wrong at night: workers that die, deploys, time limits, servers that go away, messages that come twice.

Real processes all of them; afterwards each library is held against Spotify's, to the last entry.
"""

from __future__ import annotations

import signal
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.utils import timezone

from django_spotify_sync.models import (
    SavedTrack,
    SpotifyAccount,
    StagedPage,
    SyncRun,
    SyncState,
    Track,
)
from django_spotify_sync.sync import request_sync, take_due
from django_spotify_sync.tasks import queue, sync_account, sync_due_accounts
from django_spotify_sync.upkeep.lamps import read_signs
from tests.celery_app import app
from tests.kit.concurrency import at_once, lock_waits, wait_until
from tests.kit.connecting import connect, stored
from tests.kit.truth import check_playlists, followed
from tests.kit.workers import HASTE, Workers, wire
from tests.services import answers, cluster, redis_binary

pytestmark = [pytest.mark.postgres, pytest.mark.timeout(400)]

PAGES = 24


@pytest.fixture
def account(transactional_db, user, spotify, settings) -> SpotifyAccount:
    """Give an account whose import takes some seconds, in a place where the dead are soon missed."""
    settings.SPOTIFY_SYNC_LOST_AFTER = timedelta(**HASTE["SPOTIFY_SYNC_LOST_AFTER"])
    spotify.user.like(50 * PAGES - 120)
    account = connect(user, spotify)
    SyncState.objects.update(next_sync_at=None)  # only what a test asks for
    spotify.clear_log()
    return account


@pytest.fixture
def workers(account: Any, spotify: Any, tmp_path: Path) -> Iterator[Workers]:
    workers = Workers(tmp_path, **spotify.settings)
    yield workers
    workers.end()


def ask(account: SpotifyAccount, resource: str = "tracks") -> SyncRun:
    run = request_sync(account, resource)
    queue(run)
    return run


def is_staged() -> bool:
    return StagedPage.objects.exists()


def ended(*statuses: str) -> bool:
    return (
        not SyncRun.objects.live().exists() and SyncRun.objects.filter(status="succeeded").exists()
    )


def beat_until_ended() -> None:
    """Look for what is due, as beat does, until nothing is left to do."""
    wait_until(lambda: sync_due_accounts() is not None and ended(), seconds=120, pause=0.5)


def hold_against_the_truth(account: SpotifyAccount, spotify: Any) -> None:
    """Sync what is left, by the workers that there are, and compare everything."""
    for resource in ("playlists", "following"):
        ask(account, resource)
    beat_until_ended()
    assert stored(account) == spotify.user.entries()
    check_playlists(account, spotify.user)
    assert followed(account) == spotify.user.following.ids()
    assert not StagedPage.objects.exists()
    assert not SyncRun.objects.filter(status="failed").exists()


# A worker that dies


def test_a_worker_killed_while_it_fetches(workers, account, spotify):
    spotify.latency = 0.8
    worker = workers.start()
    run = ask(account)
    wait_until(is_staged)
    workers.kill(worker)
    spotify.latency = 0
    staged, asked = StagedPage.objects.count(), spotify.count("/v1/me/tracks")
    assert not SavedTrack.objects.exists()
    wait_until(lambda: not read_signs().lamps()["worker"].ok)

    workers.start()
    beat_until_ended()

    assert read_signs().lamps()["worker"].ok
    run.refresh_from_db()
    assert (run.status, run.reason) == ("lost", "heartbeat")
    assert SyncRun.objects.get(status="succeeded").trigger == "user"
    # What was staged is not asked for again; the head and what was under way may be.
    assert spotify.count("/v1/me/tracks") <= asked + (PAGES - staged) + 4
    hold_against_the_truth(account, spotify)


@pytest.mark.exhaustive
def test_a_worker_killed_while_it_writes(workers, account, spotify):
    worker = workers.start()
    with transaction.atomic():
        # By the time it meets this row it has written artists and albums.
        Track.objects.create(spotify_id=spotify.user.track_ids()[0])
        run = ask_elsewhere(account)
        wait_until(lock_waits)
        workers.kill(worker)
        transaction.set_rollback(True)
    assert not SavedTrack.objects.exists()

    workers.start()
    beat_until_ended()

    run.refresh_from_db()
    assert run.status == "lost"
    hold_against_the_truth(account, spotify)


def ask_elsewhere(account: SpotifyAccount) -> SyncRun:
    """Ask for a run in a transaction of its own, while this thread has another one open."""
    [run] = at_once(lambda: ask(account))
    assert isinstance(run, SyncRun), run
    return run


# A worker that is told to stop


def test_a_deploy_in_the_middle_of_a_first_import(workers, account, spotify):
    spotify.latency = 0.4
    worker = workers.start()
    run = ask(account)
    wait_until(lambda: spotify.count("/v1/me/tracks") >= 4)

    worker.send_signal(signal.SIGTERM)
    worker.wait(timeout=60)

    run.refresh_from_db()
    assert (run.status, run.reason) == ("waiting", "interrupted")
    assert is_staged()
    assert spotify.count("/v1/me/tracks") < PAGES  # it did not have everybody wait for its end
    spotify.latency = 0
    workers.start()
    wait_until(ended)  # with no beat: the old worker left a message
    run.refresh_from_db()
    assert run.status == "succeeded"
    assert spotify.count("/v1/me/tracks") <= PAGES + 8
    hold_against_the_truth(account, spotify)


def test_a_time_limit_ends_an_attempt_and_not_the_import(workers, account, spotify):
    spotify.latency = 0.5
    workers.start("--soft-time-limit=4")
    run = ask(account)

    wait_until(is_staged)
    wait_until(lambda: SyncRun.objects.filter(pk=run.pk, status="waiting", reason="interrupted"))
    spotify.latency = 0.05
    wait_until(ended)

    run.refresh_from_db()
    assert run.status == "succeeded"
    assert spotify.count("/v1/me/tracks") <= PAGES + 12
    hold_against_the_truth(account, spotify)


# Servers that go away


def test_connections_to_postgresql_are_ended_in_the_middle(workers, account, spotify):
    spotify.latency = 0.8
    workers.start()
    run = ask(account)
    wait_until(lambda: spotify.count("/v1/me/tracks") >= 4)

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        assert cursor.fetchone()[0]
    spotify.latency = 0.05
    wait_until(lambda: SyncRun.objects.filter(pk=run.pk, reason="database_lost"))
    beat_until_ended()

    run.refresh_from_db()
    assert run.status == "succeeded"
    hold_against_the_truth(account, spotify)


@pytest.mark.exhaustive
def test_postgresql_is_away_for_a_while(workers, account, spotify):
    spotify.latency = 0.8
    with wire() as database:
        workers.start(DATABASES=database.databases)
        run = ask(account)
        wait_until(is_staged)

        database.cut()
        wait_until(lambda: SyncRun.objects.silent().exists())
        sync_due_accounts()  # there is nobody who could do it
        database.mend()
        spotify.latency = 0
        SyncRun.objects.live().update(published_at=None)
        beat_until_ended()

        run.refresh_from_db()
        assert run.status == "lost"
        hold_against_the_truth(account, spotify)


@pytest.fixture
def own_postgresql(transactional_db) -> Iterator[Server]:
    """Use, in this test alone, a PostgreSQL of its own."""
    place = connection.settings_dict
    before = {name: place[name] for name in ("NAME", "USER", "PASSWORD", "HOST", "PORT")}
    with tempfile.TemporaryDirectory(prefix="own-") as name, ExitStack() as server:
        Path(name).chmod(0o755)  # for the user that the server runs as
        folder = Path(name, "postgresql")
        start = cluster(folder)
        server.enter_context(start())
        connection.close()
        place.update(NAME="postgres", USER="postgres", PASSWORD="", HOST=str(folder), PORT="")
        try:
            call_command("migrate", verbosity=0)
            yield Server(server, start)
        finally:
            connection.close()
            place.update(before)


@dataclass
class Server:
    """A server that can be stopped and started again with what it had."""

    running: ExitStack
    run: Callable[[], AbstractContextManager[None]]

    def stop(self) -> None:
        connection.close()
        self.running.close()

    def start(self) -> None:
        self.running.enter_context(self.run())


@pytest.mark.exhaustive
def test_postgresql_is_stopped_and_started_again(
    own_postgresql, workers, account, spotify, tmp_path
):
    spotify.latency = 0.8
    workers.start()
    run = ask(account)
    wait_until(is_staged)

    own_postgresql.stop()
    logs = tmp_path.glob
    wait_until(lambda: any("the database is away" in log.read_text() for log in logs("*.log")))
    own_postgresql.start()
    spotify.latency = 0
    staged, asked = StagedPage.objects.count(), spotify.count("/v1/me/tracks")
    beat_until_ended()

    run.refresh_from_db()
    assert (run.status, run.reason) == ("lost", "heartbeat")
    assert staged
    assert spotify.count("/v1/me/tracks") <= asked + (PAGES - staged) + 4
    hold_against_the_truth(account, spotify)


class Redis:
    """A Redis of its own that can die, and comes back with nothing."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder, self.port = folder, port
        self.url = f"redis://127.0.0.1:{port}/0"
        self.start()

    def start(self) -> None:
        place = f"--bind 127.0.0.1 --port {self.port} --dir {self.folder} --appendonly no --save"
        self._server = subprocess.Popen(
            [redis_binary(), *place.split(), ""], stdout=subprocess.DEVNULL
        )
        wait_until(lambda: answers(self.port))

    def kill(self) -> None:
        self._server.kill()
        self._server.wait()


@pytest.fixture
def own_redis(tmp_path, unused_port) -> Iterator[Redis]:
    server = Redis(tmp_path, unused_port)
    yield server
    server.kill()


@pytest.fixture
def unused_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


@pytest.mark.exhaustive
def test_redis_is_lost_in_the_middle_with_all_messages(
    workers: Workers, account, spotify, own_redis
):
    spotify.latency = 0.8

    def send(*run_ids: int) -> None:
        with app.connection_for_write(own_redis.url) as broker:
            for run_id in run_ids:
                sync_account.apply_async(kwargs={"run_id": run_id}, connection=broker)

    def start() -> subprocess.Popen[bytes]:
        cache = {"BACKEND": "django_redis.cache.RedisCache", "LOCATION": own_redis.url}
        url = own_redis.url
        return workers.start(ping=False, CACHES={"default": cache}, CELERY_BROKER_URL=url)

    running = [start()]
    runs = [request_sync(account, name) for name in ("tracks", "following", "playlists")]
    for run in runs:
        assert run.publish()
    send(*(run.pk for run in runs))
    wait_until(is_staged)

    own_redis.kill()
    # A sync needs no broker; but some versions of Celery's worker end when theirs is gone, with all their children.
    first = SyncRun.objects.filter(pk=runs[0].pk)
    wait_until(lambda: running[0].poll() is not None or first.filter(status="succeeded").exists())
    assert first.filter(status__in=("running", "waiting", "succeeded")).exists()
    own_redis.start()
    spotify.latency = 0
    SyncRun.objects.update(published_at=timezone.now() - timedelta(minutes=11))

    def look_again() -> bool:
        if running[-1].poll() is not None:
            running.append(start())  # as whatever supervises a worker does
        send(*take_due())
        return ended()

    wait_until(look_again, pause=0.5)

    assert {*SyncRun.objects.values_list("status", flat=True)} <= {"succeeded", "lost"}
    assert stored(account) == spotify.user.entries()
    check_playlists(account, spotify.user)
    assert followed(account) == spotify.user.following.ids()


# Messages that come twice, and other brokers


def test_a_broker_that_delivers_everything_many_times(workers, account, spotify):
    for _ in range(2):
        workers.start(concurrency=2)
    runs = [request_sync(account, name) for name in ("tracks", "playlists", "following")]
    spotify.clear_log()

    for _ in range(5):
        for run in runs:
            sync_account.delay(run_id=run.pk)
    wait_until(lambda: not SyncRun.objects.live().exists())
    for run in runs:
        sync_account.delay(run_id=run.pk)  # and once more when all is done

    assert SyncRun.objects.filter(status="succeeded").count() == 3 == SyncRun.objects.count()
    assert spotify.count("/v1/me/tracks") == PAGES + 1  # each page, and the head once more
    hold_against_the_truth(account, spotify)


@pytest.mark.exhaustive
def test_a_broker_of_files(workers, account, spotify, tmp_path):
    folder = tmp_path / "messages"
    for name in ("queue", "control"):
        (folder / name).mkdir(parents=True)
    options = {
        "data_folder_in": str(folder / "queue"),
        "data_folder_out": str(folder / "queue"),
        "control_folder": str(folder / "control"),
    }
    broker: Any = {
        "CELERY_BROKER_URL": "filesystem://",
        "CELERY_BROKER_TRANSPORT_OPTIONS": options,
        "CELERY_RESULT_BACKEND": None,
    }
    spotify.latency = 0.4
    run = request_sync(account, "tracks")
    with ExitStack() as stack:
        files = stack.enter_context(
            app.connection_for_write("filesystem://", transport_options=options)
        )
        sync_account.apply_async(kwargs={"run_id": run.pk}, connection=files)
        worker = workers.start(ping=False, **broker)
        wait_until(lambda: spotify.count("/v1/me/tracks") >= 4, seconds=120)
        worker.send_signal(signal.SIGTERM)
        worker.wait(timeout=60)
        assert SyncRun.objects.get().reason == "interrupted"
        spotify.latency = 0
        workers.start(ping=False, **broker)
        wait_until(ended)

    assert stored(account) == spotify.user.entries()

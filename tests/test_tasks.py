from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone
from kombu.exceptions import OperationalError
from redis import Redis

from django_spotify_sync.conf import conf
from django_spotify_sync.models import SavedTrack, SpotifyAccount, SyncRun
from django_spotify_sync.sync import request_sync
from django_spotify_sync.tasks import queue, sync_account
from tests import services
from tests.celery_app import app
from tests.kit.concurrency import wait_until
from tests.kit.connecting import connect


@pytest.fixture
def account(transactional_db, user, spotify):
    return connect(user, spotify)


@pytest.fixture
def eager():
    """Let tasks run at once, in this process."""
    app.conf.task_always_eager = True
    yield
    app.conf.task_always_eager = False


@pytest.fixture
def sent(monkeypatch):
    """Collect what would be sent to the broker."""
    messages: list[dict] = []
    monkeypatch.setattr(sync_account, "apply_async", lambda **options: messages.append(options))
    return messages


def test_a_real_worker_does_a_run_that_was_posted(
    celery_worker_process, account, client, user, spotify
):
    client.force_login(user)

    answer = client.post("/spotify/sync/tracks/")

    assert (answer.status_code, answer.json()["status"]) == (202, "queued")
    ended = wait_until(
        lambda: (run := client.get(answer["Location"]).json())["finished_at"] and run
    )
    assert (ended["status"], ended["counts"]["created"]) == ("succeeded", 120)
    assert SavedTrack.objects.filter(account=account).count() == 120


def test_a_real_worker_takes_a_message_twice_and_does_it_once(
    celery_worker_process, account, spotify
):
    run = request_sync(account, "tracks")
    spotify.clear_log()

    for _ in range(3):
        sync_account.delay(run_id=run.pk, something_newer=True)

    wait_until(lambda: SyncRun.objects.filter(pk=run.pk, status="succeeded").exists())
    inspect = app.control.inspect()
    wait_until(lambda: not any(inspect.active().values()))
    assert spotify.count("/v1/me/tracks") == 4


def test_an_account_and_a_resource_are_enough(eager, account):
    sync_account.delay(account_id=account.pk, resource="tracks", full=True)

    run = SyncRun.objects.get()
    assert (run.status, run.full, run.trigger) == ("succeeded", True, "schedule")


def test_an_account_that_is_not_connected_is_passed_over(eager, account):
    account.status = "disconnected"
    account.save()

    assert sync_account.delay(account_id=account.pk, resource="tracks").get() is None
    assert not SyncRun.objects.exists()


def test_a_run_is_handed_over_when_the_transaction_commits(account, sent):
    run = request_sync(account, "tracks")

    with transaction.atomic():
        queue(run)
        assert sent == []

    assert sent == [{"kwargs": {"run_id": run.pk}}]


# On connecting


@pytest.fixture
def at_once(transactional_db, settings):
    """Let this host sync as soon as somebody connects, which is the default."""
    del settings.SPOTIFY_SYNC_SYNC_ON_CONNECT


def test_connecting_queues_everything_at_once(at_once, user, spotify, sent):
    account = connect(user, spotify)

    runs = SyncRun.objects.filter(account=account)
    assert {run.resource for run in runs} == set(conf.RESOURCES)
    assert {(run.trigger, run.status, run.full) for run in runs} == {("connect", "queued", False)}
    assert {message["kwargs"]["run_id"] for message in sent} == {run.pk for run in runs}


def test_connecting_again_doubles_nothing(at_once, user, spotify, sent):
    for _ in range(2):
        connect(user, spotify)

    assert SyncRun.objects.count() == len(sent) == len(conf.RESOURCES)


def test_what_the_user_has_not_agreed_to_is_left_out(at_once, user, spotify, sent):
    connect(user, spotify, scope="user-library-read")

    missing = set(conf.RESOURCES) - {run.resource for run in SyncRun.objects.all()}
    assert missing == {"following"}


def test_nothing_is_queued_before_the_host_s_transaction_commits(at_once, user, spotify, sent):
    with transaction.atomic():
        connect(user, spotify)
        assert not SyncRun.objects.exists()

    assert len(sent) == len(conf.RESOURCES)


def test_a_site_may_leave_the_first_sync_to_the_schedule(at_once, settings, user, spotify, sent):
    settings.SPOTIFY_SYNC_SYNC_ON_CONNECT = False

    connect(user, spotify)

    assert not SyncRun.objects.exists()


def test_with_the_broker_away_somebody_connects_all_the_same(at_once, user, spotify, monkeypatch):
    def send(**options):
        raise OperationalError

    monkeypatch.setattr(sync_account, "apply_async", send)

    account = connect(user, spotify)

    assert SpotifyAccount.objects.get(pk=account.pk).status == "connected"
    waiting = SyncRun.objects.filter(status="queued", published_at=None)
    assert waiting.count() == len(conf.RESOURCES), "the schedule hands them over"


def test_whatever_fails_there_undoes_no_connecting(
    at_once, user, spotify, sent, monkeypatch, caplog
):
    def fail(*args, **kwargs):
        raise RuntimeError("no runs today")

    monkeypatch.setattr("django_spotify_sync.tasks.request_all", fail)

    account = connect(user, spotify)

    assert SpotifyAccount.objects.get(pk=account.pk).status == "connected"
    assert "no runs today" in caplog.text


# Handed over


def test_a_run_is_handed_over_once(account, sent):
    run = request_sync(account, "tracks")

    queue(run)
    queue(run)

    assert len(sent) == 1


def test_a_run_that_nobody_began_is_handed_over_again(account, sent):
    run = request_sync(account, "tracks")
    queue(run)
    SyncRun.objects.update(published_at=timezone.now() - timedelta(minutes=11))

    queue(run)

    assert len(sent) == 2


@pytest.mark.parametrize("status", ["running", "succeeded"])
def test_a_run_that_is_under_way_or_done_is_not_handed_over(account, sent, status):
    run = request_sync(account, "tracks")
    SyncRun.objects.update(status=status)

    queue(run)

    assert sent == []


def test_with_the_broker_away_the_run_stays_queued(account, monkeypatch, client, user):
    client.force_login(user)
    send = sync_account.apply_async
    with app.connection_for_write("redis://127.0.0.1:1/0", connect_timeout=0.2) as broken:
        monkeypatch.setattr(
            sync_account,
            "apply_async",
            lambda **options: send(**(options | {"connection": broken, "retry": False})),
        )

        answer = client.post("/spotify/sync/tracks/")

    assert (answer.status_code, answer.json()["status"]) == (202, "queued")
    assert SyncRun.objects.get().published_at is None


def test_a_broker_that_is_full_is_as_one_that_is_away(account, monkeypatch, client, user, tmp_path):
    client.force_login(user)
    send = sync_account.apply_async
    with services.redis(tmp_path / "redis") as url, app.connection_for_write(url) as full:
        Redis.from_url(url).config_set("maxmemory", "1")
        monkeypatch.setattr(
            sync_account, "apply_async", lambda **options: send(**options, connection=full)
        )

        answer = client.post("/spotify/sync/")

    assert (answer.status_code, len(answer.json()["runs"])) == (202, 5)
    assert not SyncRun.objects.filter(published_at__isnull=False).exists()


def test_with_the_broker_away_the_others_of_a_handful_are_not_tried(account, monkeypatch):
    tried = []

    def send(**options):
        tried.append(options["kwargs"]["run_id"])
        if len(tried) == 2:
            raise OperationalError

    monkeypatch.setattr(sync_account, "apply_async", send)
    runs = [request_sync(account, one) for one in ("tracks", "playlists", "following")]

    queue(*runs)

    assert tried == [runs[0].pk, runs[1].pk]
    unpublished = SyncRun.objects.filter(published_at=None).values_list("pk", flat=True)
    assert set(unpublished) == {runs[1].pk, runs[2].pk}


@pytest.mark.parametrize(("seconds", "again"), [(60, 1), (3600, 0)])
def test_a_short_wait_is_counted_down_and_a_long_one_is_left_to_the_database(
    account, spotify, sent, settings, seconds, again
):
    settings.SPOTIFY_SYNC_MAX_WAIT = timedelta(0)
    spotify.faults.add("/me/tracks", status=429, retry_after=seconds)

    sync_account(account_id=account.pk, resource="tracks")

    run = SyncRun.objects.get()
    assert run.status == "waiting"
    assert len(sent) == again
    for message in sent:
        assert message["kwargs"] == {"run_id": run.pk}
        # never early by the database's clock either, which may be a little behind
        assert seconds + 1 <= message["countdown"] <= seconds * 1.05 * 1.1 + 3  # both are jitter

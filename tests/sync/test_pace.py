"""Runs under a pace, a quota, and without the cache that keeps both."""

from __future__ import annotations

import time
from collections import Counter
from datetime import timedelta
from functools import partial
from threading import Barrier

import pytest
from django.db import connection
from django.utils import timezone

from django_spotify_sync import pace
from django_spotify_sync.exceptions import Paced, QuotaExceeded
from django_spotify_sync.models import StagedPage, SyncRun
from django_spotify_sync.pace import governor, pauses
from django_spotify_sync.spotify.client import RETRY_AFTER_FLOOR
from django_spotify_sync.sync import execute, request_sync, sync
from django_spotify_sync.testing import FakeSpotify, Quota
from tests.kit.concurrency import at_once
from tests.kit.connecting import connect, let_pauses_end, stored
from tests.pace.test_pauses import Ahead

HOUR = 3600.0


@pytest.fixture
def paced(settings, monkeypatch):
    """Let twelve requests be all there is for an hour, two of which are the door's."""
    monkeypatch.setattr(governor, "LIFE", 60.0)  # however busy this machine is
    settings.SPOTIFY_SYNC_REQUESTS_PER_WINDOW = 12
    settings.SPOTIFY_SYNC_WINDOW = timedelta(hours=1)
    settings.SPOTIFY_SYNC_MAX_WAIT = timedelta(0)


# The pace


def test_a_run_whose_turn_does_not_come_waits_with_what_it_has(account, spotify, paced, is_true):
    spotify.user.like(2000)

    run = sync(account, "tracks")

    assert (run.status, run.reason) == ("waiting", "pace")
    assert 10 < (run.resume_at - timezone.now()).total_seconds() < 50
    assert spotify.count() == 10
    assert StagedPage.objects.filter(run=run).count() >= 9
    assert pace.blocked() is None, "Spotify has nothing against the next one."


def test_it_goes_on_without_asking_for_what_it_has(account, spotify, settings, paced, is_true):
    spotify.user.like(2000)
    waiting = sync(account, "tracks")
    settings.SPOTIFY_SYNC_REQUESTS_PER_WINDOW = None
    let_pauses_end()

    run = sync(account, "tracks")

    assert (run.pk, run.status) == (waiting.pk, "succeeded")
    assert is_true()
    asked = Counter(line.query["offset"] for line in spotify.requests)
    assert all(times == 1 for offset, times in asked.items() if offset != "0")


@pytest.mark.parametrize(("trigger", "most"), [("schedule", 9), ("user", 10), ("command", 10)])
def test_the_schedule_leaves_a_fifth_to_people(account, spotify, paced, trigger, most):
    spotify.user.like(2000)

    sync(account, "tracks", trigger=trigger)

    assert spotify.count() == most


def test_a_client_of_the_host_goes_by_the_same_pace(account, spotify, paced):
    spotify.user.like(2000)
    sync(account, "tracks")
    mine = pace.shared_pace()

    assert mine.grant(1).requests == 0


# 429 and quota


def test_a_429_without_a_header_has_a_floor(account, spotify, settings):
    settings.SPOTIFY_SYNC_MAX_WAIT = timedelta(seconds=1)
    spotify.faults.add("/me/tracks", nth=2, status=429, retry_after=None)

    run = sync(account, "tracks")

    assert (run.status, run.reason) == ("waiting", "rate_limited")
    rest = (run.resume_at - run.heartbeat_at).total_seconds()
    assert RETRY_AFTER_FLOOR <= rest < RETRY_AFTER_FLOOR * 1.05 + 10


def test_a_429_of_the_accounts_service_keeps_nobody_else_waiting(account, spotify, other_user):
    other = connect(other_user, spotify, spotify.add_user("grace", tracks=10))
    spotify.expire_access_tokens()
    spotify.faults.add("/api/token", status=429, retry_after=3600)

    run = sync(account, "tracks")

    assert (run.status, run.reason) == ("waiting", "tokens_rate_limited")
    assert 3500 < (run.resume_at - timezone.now()).total_seconds() <= 3600
    assert pace.blocked() is None
    assert sync(other, "tracks").status == "succeeded"


def test_a_short_rate_limit_does_not_shorten_a_quota(account, spotify, settings):
    settings.SPOTIFY_SYNC_MAX_WAIT = timedelta(0)
    spotify.faults.add("/me/tracks", nth=2, status=429, retry_after=60)
    spotify.faults.add(
        "/me/tracks", nth=2, before=lambda fake: meanwhile()
    )  # another process learns of a quota

    def meanwhile():
        error = QuotaExceeded(retry_after=20 * HOUR)
        governor.Governor(spotify.client_id, None, 30.0).refused(error)
        connection.close()

    run = sync(account, "tracks")

    assert (run.status, run.reason) == ("waiting", "quota_exceeded")
    assert (run.resume_at - timezone.now()).total_seconds() > 19 * HOUR


@pytest.fixture
def clock(monkeypatch):
    made = Ahead()
    monkeypatch.setattr(pauses, "time", made)
    return made


TRACKS = 1000  # 20 pages


def test_a_quota_in_the_middle_of_five_first_imports(
    transactional_db, django_user_model, settings, clock
):
    """60 requests are allowed, 5 imports need 100, and the quota comes back after 20 hours."""
    settings.SPOTIFY_SYNC_FETCH_WORKERS = 4
    with FakeSpotify(consent="auto") as fake:
        for name, value in fake.settings.items():
            setattr(settings, name, value)
        fake.clock = lambda: time.time() + clock.by
        accounts = [
            connect(
                django_user_model.objects.create_user(username=f"user{number}"),
                fake,
                fake.add_user(f"user{number}", tracks=TRACKS),
            )
            for number in range(5)
        ]
        fake.clear_log()
        fake.quota = Quota(requests=60, retry_after=20 * HOUR)

        all_have_begun = Barrier(5)  # however slow the machine, none is done before
        fake.faults.add("/me/tracks", offset=0, times=5, before=lambda _: all_have_begun.wait(60))
        fake.latency = 0.02
        at_once(*[partial(sync, account, "tracks") for account in accounts])
        fake.latency = 0

        runs = SyncRun.objects.all()
        assert {(run.status, run.reason) for run in runs} == {("waiting", "quota_exceeded")}
        ends = sorted(run.resume_at for run in runs)
        assert ends[-1] - ends[0] < timedelta(minutes=1)
        answered = [line.status for line in fake.requests]
        assert answered.count(200) == 60
        assert answered.count(429) <= 5 * 4, "Only what was under way is refused."
        pages = pages_read(fake)
        fake.clear_log()

        for hours in (1, 10, 19.9):  # somebody asks, whatever the clock of the database says
            clock.by = hours * HOUR
            SyncRun.objects.update(resume_at=timezone.now() - timedelta(seconds=1))
            for run in SyncRun.objects.all():
                assert execute(run.pk).status == "waiting"
            request_sync(accounts[0], "following")
        assert fake.requests == []
        assert pace.blocked().reason == "quota_exceeded"

        clock.by = 20 * HOUR + pauses.LONGEST_JITTER + 30
        SyncRun.objects.update(resume_at=timezone.now() - timedelta(seconds=1))
        for run in SyncRun.objects.filter(resource="tracks"):
            assert execute(run.pk).status == "succeeded"

        pages += pages_read(fake)
        assert len(pages) == 5 * TRACKS / 50
        assert {times for (_, offset), times in pages.items() if offset} == {1}
        # the head is read again to see that it is where it was: last, and when a run goes on
        assert max(pages.values()) <= 4
        for account in accounts:
            user = fake.users_by_key[account.spotify_id]
            assert stored(account) == user.entries()


def pages_read(fake: FakeSpotify) -> Counter[tuple[str | None, int]]:
    return Counter(
        (line.user_id, int(line.query["offset"]))
        for line in fake.requests
        if line.status == 200 and line.path == "/v1/me/tracks"
    )


# The cache


def test_a_cache_that_goes_away_in_the_middle_stops_no_sync(account, spotify, settings, is_true):
    settings.SPOTIFY_SYNC_REQUESTS_PER_WINDOW = 800
    settings.SPOTIFY_SYNC_WINDOW = timedelta(hours=1)
    spotify.user.like(1000)
    there = settings.CACHES["default"]

    def go_away(fake):
        settings.CACHES = {"default": {**there, "LOCATION": "redis://127.0.0.1:1/0"}}

    spotify.faults.add("/me/tracks", nth=5, before=go_away)

    run = sync(account, "tracks")

    assert (run.status, run.reason) == ("succeeded", "")
    assert is_true()


def test_a_cache_that_was_emptied_in_a_block_lets_nobody_through(account, other_user, spotify):
    grace = connect(other_user, spotify, spotify.add_user("grace", tracks=70))
    spotify.faults.add("/me/tracks", status=429, retry_after=7200, reason="QUOTA_EXCEEDED")
    first = sync(account, "tracks")
    let_pauses_end()
    SyncRun.objects.filter(pk=first.pk).update(resume_at=first.resume_at)
    spotify.clear_log()

    second = sync(grace, "tracks")

    assert (second.status, second.reason) == ("waiting", "quota_exceeded")
    assert abs(second.resume_at - first.resume_at) < timedelta(seconds=1)
    assert spotify.requests == []


def test_connecting_has_a_part_of_the_pace_that_nobody_else_uses_up(
    transactional_db, user, spotify, paced
):
    assert pace.shared_pace().grant(12).requests == 10

    for _ in range(2):
        assert connect(user, spotify).user == user

    assert spotify.count("/me") == 2
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("django_spotify_sync.spotify.client.PATIENCE", 0.2)
        with pytest.raises(Paced):  # before the three seconds after which it is sent all the same
            connect(user, spotify)
    assert spotify.count("/me") == 2

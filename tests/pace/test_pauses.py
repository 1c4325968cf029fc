from __future__ import annotations

import time as real_time
from datetime import timedelta

import pytest
from django.utils import timezone

from django_spotify_sync.exceptions import CacheUnavailable, QuotaExceeded, RateLimited
from django_spotify_sync.models import SyncRun
from django_spotify_sync.pace import pauses
from django_spotify_sync.pace.pauses import CREEP, HOLD, LEAST, Pause, Pauses
from django_spotify_sync.sync import request_sync
from tests.conftest import empty_redis
from tests.kit.connecting import connect

WINDOW = 30.0
HOUR = 3600.0
KEY = "pace:tests:"


class Ahead:
    """The time, so many seconds from now."""

    def __init__(self) -> None:
        self.by = 0.0

    def time(self) -> float:
        return real_time.time() + self.by

    def monotonic(self) -> float:
        return real_time.monotonic() + self.by


@pytest.fixture
def clock(monkeypatch):
    made = Ahead()
    monkeypatch.setattr(pauses, "time", made)
    return made


@pytest.fixture
def new(db):
    """Make the pauses of one process."""
    return lambda: Pauses(KEY, WINDOW)


def blocks(process: Pauses) -> dict[str, float]:
    """Return the reasons that this process finds, with the seconds that are left."""
    process.look(anew=True)
    return {block.reason: block.error().retry_after for block in process.blocks()}


# After a 429


def test_a_pause_ends_in_a_slow_start_at_half_the_pace_and_creeps_back():
    pause = Pause(until=1000.0, share=0.5)

    def share(seconds):
        return pytest.approx(pause.share_at(1000.0 + seconds, WINDOW))

    assert share(-0.1) == 0
    assert share(0) == 0
    assert share(WINDOW / 2) == 0.25
    assert share(WINDOW) == share(HOLD) == 0.5
    assert share(HOLD + CREEP / 2) == 0.75
    assert share(HOLD + CREEP) == share(10 * HOUR) == 1


def test_it_never_falls_while_it_comes_back():
    pause = Pause(until=0.0, share=LEAST)

    shares = [pause.share_at(second, WINDOW) for second in range(int(HOLD + CREEP) + 10)]

    assert shares == sorted(shares)


def test_several_429s_in_one_pause_halve_once_and_those_after_it_again():
    pause = Pause(until=1000.0, share=0.5)

    assert pause.halved(999.0, WINDOW) == 0.5
    assert pause.halved(1001.0, WINDOW) == 0.25  # in the slow start
    assert pause.halved(1000.0 + WINDOW + 1, WINDOW) == 0.25
    assert pause.halved(1000.0 + HOLD + CREEP, WINDOW) == 0.5


def test_there_is_always_some_pace_left():
    share, now = 1.0, 0.0
    for _ in range(20):
        now += WINDOW
        share = Pause(now, share).halved(now + 1, WINDOW)

    assert share == LEAST


# Known to all


def test_a_429_stops_every_process(new):
    one, other = new(), new()
    assert blocks(other) == {}

    rest = one.note(RateLimited(retry_after=100))

    assert 100 <= rest <= 105
    for process in (one, other):
        assert blocks(process) == {"rate_limited": pytest.approx(rest, abs=1)}
        assert process.share() == 0


def test_all_go_on_at_half_the_pace_when_it_is_over(new, clock):
    one, other = new(), new()
    rest = one.note(RateLimited(retry_after=100))

    clock.by += rest + WINDOW + 1

    assert blocks(other) == {}
    assert one.share() == other.share() == pytest.approx(0.5)


def test_the_longer_of_two_pauses_counts_whoever_is_told_first(new):
    one, other = new(), new()

    for long, short in ((one, other), (other, one)):
        empty_redis()
        long.note(RateLimited(retry_after=500))
        short.note(RateLimited(retry_after=5))

        assert (
            490 < blocks(one)["rate_limited"] == pytest.approx(blocks(other)["rate_limited"], abs=1)
        )


def test_a_quota_is_kept_apart_and_says_nothing_of_the_pace(new, clock):
    one, other = new(), new()
    one.note(QuotaExceeded(retry_after=20 * HOUR))
    other.note(RateLimited(retry_after=60))

    assert set(blocks(one)) == set(blocks(other)) == {"quota_exceeded", "rate_limited"}
    clock.by += 2 * 60
    assert set(blocks(one)) == {"quota_exceeded"}
    assert one.share() == 0

    clock.by += 20 * HOUR + HOLD + CREEP
    assert blocks(one) == blocks(other) == {}
    assert one.share() == other.share() == 1


def test_after_a_quota_alone_the_pace_is_whole_but_begun_slowly(new, clock):
    process = new()
    rest = process.note(QuotaExceeded(retry_after=HOUR))

    clock.by += rest + WINDOW / 3

    assert process.share() == pytest.approx(1 / 3, abs=0.1)


@pytest.mark.parametrize(("asked", "most"), [(1, 1.05), (60, 63), (20 * HOUR, 20 * HOUR + 30)])
def test_what_spotify_asks_for_is_given_and_a_little_more(new, asked, most):
    rests = set()
    for _ in range(5):
        empty_redis()
        rests.add(new().note(RateLimited(retry_after=asked)))

    assert all(asked <= rest <= most + 0.1 for rest in rests)
    assert len(rests) == 5, "Each is a little different, lest several sites knock at once."


# Remembered


@pytest.fixture
def waiting(transactional_db, user, spotify):
    """Let a run wait for so many seconds."""

    def wait(seconds: float, reason: str) -> SyncRun:
        account = connect(user, spotify)
        run = request_sync(account, "tracks")
        run.start()
        run.wait(timezone.now() + timedelta(seconds=seconds), reason)
        empty_redis()
        return run

    return wait


@pytest.mark.parametrize("reason", ["rate_limited", "quota_exceeded"])
def test_what_the_cache_forgot_is_known_by_the_runs_that_wait(new, waiting, reason):
    waiting(5000, reason)

    assert blocks(new()) == {reason: pytest.approx(5000, abs=30)}


def test_what_was_remembered_is_in_the_cache_again(new, waiting):
    run = waiting(5000, "quota_exceeded")
    blocks(new())
    run.delete()

    assert set(blocks(new())) == {"quota_exceeded"}


def test_other_waits_block_nobody(new, waiting):
    waiting(5000, "pace")

    assert blocks(new()) == {}


def test_memory_does_not_put_off_the_end(new, waiting, clock):
    """Who waited and who is refused now go on at the same moment, so the end stays where it is."""
    waiting(100, "rate_limited")
    process = new()

    ends = []
    for _ in range(3):
        clock.by += 30
        ends.append(clock.time() + blocks(process)["rate_limited"])
    clock.by += 30

    assert max(ends) - min(ends) < 1
    assert blocks(process) == {}


def test_after_what_was_remembered_the_pace_is_halved(new, waiting, clock):
    waiting(100, "rate_limited")
    process = new()
    blocks(process)

    clock.by += 100 + WINDOW + 1

    assert process.share() == pytest.approx(0.5)


def test_per_process_caches_share_by_the_runs_that_wait(new, waiting, settings, clock):
    own = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "one process"}
    settings.CACHES = {**settings.CACHES, "own": own}
    settings.SPOTIFY_SYNC_CACHE = "own"
    process = new()
    assert blocks(process) == {}
    run = waiting(5000, "quota_exceeded")  # of another process, whose cache this one does not see
    run.refresh_from_db()

    clock.by += pauses.REMEMBER_EVERY

    assert set(blocks(process)) == {"quota_exceeded"}


# The cache away


@pytest.fixture
def away(settings):
    """Let Redis be gone, or be back."""
    there = settings.CACHES
    nobody = {**there["default"], "LOCATION": "redis://127.0.0.1:1/0"}

    def switch(*, gone: bool) -> None:
        settings.CACHES = {"default": nobody} if gone else there

    return switch


@pytest.mark.parametrize("error", [RateLimited, QuotaExceeded])
def test_what_was_lifted_is_forgotten_by_every_process(new, waiting, error):
    """By those that knew it by themselves, by one that is new, and by what the runs that wait remember."""
    waiting(20 * HOUR, error.code)
    learned, told = new(), new()
    learned.note(error(retry_after=20 * HOUR))
    assert blocks(told)

    freed = new().lift()

    assert freed == 1
    assert [blocks(process) for process in (learned, told, new())] == [{}, {}, {}]
    assert {process.share() for process in (learned, told, new())} == {1.0}


def test_a_run_that_was_on_its_way_brings_back_nothing_that_was_lifted(new, waiting):
    """It met the block before, and writes that it waits just after; or the runs of another site do, in its database."""
    run = waiting(HOUR, "rate_limited")
    one = new()
    one.note(RateLimited(retry_after=20 * HOUR))
    new().lift()

    SyncRun.objects.filter(pk=run.pk).update(resume_at=timezone.now() + timedelta(hours=20))

    assert [blocks(process) for process in (new(), one)] == [{}, {}]


def test_runs_that_wait_for_the_token_endpoint_are_let_go_of_too(new, waiting):
    waiting(20 * HOUR, "tokens_rate_limited")

    assert new().lift() == 1


def test_what_comes_after_a_lifting_counts(new):
    first, second = new(), new()
    first.note(RateLimited(retry_after=20 * HOUR))
    second.lift()

    second.note(RateLimited(retry_after=HOUR))

    for process in (first, second, new()):
        assert HOUR - 60 < blocks(process)["rate_limited"] < HOUR * 1.1


def test_what_is_lifted_while_the_cache_is_away_is_lifted_for_the_runs(new, waiting, away):
    waiting(20 * HOUR, "quota_exceeded")
    away(gone=True)

    with pytest.raises(CacheUnavailable):
        new().lift()

    assert SyncRun.objects.blocked() is None


def test_with_the_cache_away_a_process_knows_what_it_met_itself(new, away):
    away(gone=True)
    process = new()

    process.note(QuotaExceeded(retry_after=HOUR))

    assert set(blocks(process)) == {"quota_exceeded"}
    assert process.cache_is_away


def test_what_was_met_while_the_cache_was_away_is_told_when_it_is_back(new, away, clock):
    process, other = new(), new()
    blocks(process)
    away(gone=True)
    process.note(QuotaExceeded(retry_after=HOUR))
    away(gone=False)
    assert blocks(other) == {}

    clock.by += pauses.AWAY + 1
    assert set(blocks(process)) == {"quota_exceeded"}

    assert set(blocks(other)) == {"quota_exceeded"}


def test_with_the_cache_away_the_runs_that_wait_are_heeded(new, waiting, away):
    waiting(5000, "quota_exceeded")
    away(gone=True)

    assert set(blocks(new())) == {"quota_exceeded"}


def test_a_cache_that_is_away_is_not_asked_again_and_again(new, away, clock, caplog):
    away(gone=True)
    process = new()

    for _ in range(5):
        process.look(anew=True)

    assert caplog.text.count("the cache is away") == 1
    clock.by += pauses.AWAY
    process.look(anew=True)
    assert caplog.text.count("the cache is away") == 2

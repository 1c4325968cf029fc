"""What Spotify was seen to allow: counted by all processes, learned when a quota is met."""

from __future__ import annotations

import time as real_time

import pytest

from django_spotify_sync import pace
from django_spotify_sync.accounts import client_for
from django_spotify_sync.exceptions import QuotaExceeded, RateLimited
from django_spotify_sync.pace import tally
from django_spotify_sync.pace.tally import TELL_EVERY, Tally
from django_spotify_sync.testing import Quota
from tests.conftest import empty_redis
from tests.kit.connecting import connect
from tests.kit.outages import CACHES_AWAY

HOUR = 3600.0
DAY = 24 * HOUR


class Clock:
    """The time, from noon on, as far as it was put on."""

    def __init__(self) -> None:
        self.by = 0.0

    def time(self) -> float:
        return 1_800_000_000.0 + self.by

    monotonic = time


@pytest.fixture
def clock(monkeypatch):
    made = Clock()
    monkeypatch.setattr(tally, "time", made)
    return made


@pytest.fixture
def new(db, clock):
    """Make the tally of one process."""
    return lambda: Tally("pace:tests:")


def test_nothing_is_known_before_a_quota_is_met(new):
    process = new()
    process.count(500)

    assert process.allowance() is None


def test_a_quota_tells_how_many_went_before_it_in_all_processes(new, clock):
    one, other = new(), new()
    for _ in range(10):
        one.count(30)
        other.count(30)
        clock.by += HOUR

    one.met_quota()

    for process in (one, other, new()):
        assert process.allowance().requests == 600
        assert process.allowance().seen_at.timestamp() == clock.time()


def test_what_went_a_day_ago_is_none_of_it(new, clock):
    process = new()
    process.count(400)
    clock.by += DAY
    process.count(7)

    process.met_quota()

    assert process.allowance().requests == 7


def test_of_several_quotas_the_one_with_the_most_counts(new, clock):
    """A cache that was emptied has counted fewer."""
    process = new()
    process.count(600)
    process.met_quota()
    clock.by += 2 * DAY
    process.count(5)

    process.met_quota()

    assert process.allowance().requests == 600
    assert process.allowance().seen_at.timestamp() == clock.time()


def test_it_can_be_forgotten(new):
    process = new()
    process.count(600)
    process.met_quota()

    process.forget()

    assert new().allowance() is None


def test_the_cache_is_told_now_and_then(new, clock, monkeypatch):
    told = []
    incr = tally.shared_cache.incr

    def counted(key, by, ttl):
        told.append(by)
        return incr(key, by, ttl)

    monkeypatch.setattr(tally.shared_cache, "incr", counted)
    process = new()

    for _ in range(5):
        process.count(2)
    clock.by += TELL_EVERY
    process.count(0)
    clock.by += TELL_EVERY
    process.count(0)

    assert told == [2, 8]


@pytest.mark.parametrize("cache", CACHES_AWAY.values(), ids=[*CACHES_AWAY])
def test_what_was_counted_while_the_cache_was_away_is_told_later(new, clock, settings, cache):
    process = new()
    settings.CACHES = {**settings.CACHES, "away": cache}
    settings.SPOTIFY_SYNC_CACHE = "away"
    process.count(20)
    process.met_quota()
    assert process.allowance() is None

    settings.SPOTIFY_SYNC_CACHE = "default"
    process.met_quota()

    assert process.allowance().requests == 20


# The governor's


def test_a_quota_teaches_and_a_rate_limit_does_not(db, settings):
    mine = pace.shared_pace()
    assert mine.grant(40).requests == 40

    mine.refused(RateLimited(retry_after=1))
    assert pace.allowance() is None
    mine.refused(QuotaExceeded(retry_after=HOUR))

    assert pace.allowance().requests == 40
    pace.forget()
    assert pace.allowance().requests == 40, "a new process knows it, too"
    settings.SPOTIFY_SYNC_CLIENT_ID = "another"
    assert pace.allowance() is None, "which has a quota of its own"


def test_a_quota_that_nothing_went_before_says_nothing(new):
    process = new()

    process.met_quota()

    assert process.allowance() is None


@pytest.fixture
def quota_met(db):
    mine = pace.shared_pace()
    mine.grant(40)
    mine.refused(QuotaExceeded(retry_after=HOUR))


def test_who_lifts_a_block_knows_better(quota_met):
    assert pace.allowance() is not None

    pace.lift_blocks()

    assert pace.allowance() is None


def test_an_emptied_cache_learns_anew(quota_met):
    empty_redis()

    assert pace.allowance() is None


@pytest.mark.django_db(transaction=True)
def test_what_spotify_allows_is_learned_to_the_request(user, spotify):
    account = connect(user, spotify)  # asks /me, another kind of address
    spotify.quota = Quota(requests=20)

    def ask_on(client):
        while True:
            client.get("/me/tracks")

    with client_for(account) as client, pytest.raises(QuotaExceeded):
        ask_on(client)

    # those that were answered, /me, and the one that was not
    assert 20 <= pace.allowance().requests <= 22
    assert real_time.time() - pace.allowance().seen_at.timestamp() < HOUR

from __future__ import annotations

import json
import time as real_time
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.core.cache import caches
from django.core.management import call_command

from django_spotify_sync import pace
from django_spotify_sync.exceptions import QuotaExceeded, RateLimited
from django_spotify_sync.pace import governor, pauses, turns
from django_spotify_sync.pace.governor import Governor
from django_spotify_sync.pace.shares import Caller
from django_spotify_sync.pace.window import lifetime
from django_spotify_sync.testing import FakeSpotify, RateLimit
from tests.conftest import empty_redis
from tests.kit.concurrency import at_once, in_processes
from tests.kit.connecting import connect
from tests.pace.test_window import most_in_a_window

DOOR, PERSON, SCHEDULE = Caller
WINDOW = 10_000.0  # so long that no busy machine comes to its end


@pytest.fixture
def new(db, monkeypatch):
    """Make the governor of one process."""
    monkeypatch.setattr(governor, "LIFE", 1000.0)

    def make(requests: int | None = 100, window: float = WINDOW) -> Governor:
        return Governor("tests", requests, window)

    return make


def granted(
    process: Governor, wanted: int = 1000, caller: Caller = PERSON, owner: str = "ada"
) -> int:
    """Ask until there is no more."""
    had = 0
    while given := process.grant(wanted, caller, owner).requests:
        had += given
    return had


# How many


@pytest.mark.parametrize("requests", [1, 2, 7, 59, 60, 61, 180, 1000])
@pytest.mark.parametrize("wanted", [1, 4, 10_000])
def test_all_of_a_window_is_granted_and_no_more(new, requests, wanted):
    processes = [new(requests) for _ in range(3)]

    assert sum(granted(process, wanted, one) for process in processes for one in Caller) == requests


def test_no_more_is_granted_at_once_than_is_wanted(new):
    process = new(180)

    assert [process.grant(wanted, PERSON).requests for wanted in (1, 2, 5, 17)] == [
        1,
        2,
        5,
        17,
    ]


@pytest.mark.parametrize("requests", [5, 100, 180, 1000])
def test_scheduled_work_has_four_fifths_and_people_have_the_rest(new, requests):
    one, other = new(requests), new(requests)

    scheduled = granted(one, caller=SCHEDULE) + granted(other, caller=SCHEDULE)

    assert requests * 0.8 - requests / 50 <= scheduled <= requests * 0.8
    assert granted(one) + granted(other, caller=DOOR) == requests - scheduled


def test_people_have_all_but_the_door_s_if_nobody_else_wants_any(new):
    assert granted(new(180)) == 162


def test_each_class_has_a_tenth_that_the_others_leave_alone(new):
    for last in Caller:
        empty_redis()
        process = new(180)
        process.grant(1, SCHEDULE)  # else its tenth is lent
        for other in Caller:
            if other is not last:
                granted(process, caller=other)

        assert granted(process, caller=last) >= 17, last


@pytest.mark.parametrize(
    ("requests", "had"),
    [
        (1, (0, 0, 1)),
        (2, (1, 0, 1)),
        (3, (1, 1, 1)),
        (4, (1, 2, 1)),
        (6, (1, 4, 1)),
        (180, (18, 144, 18)),
    ],
)
def test_of_a_few_the_door_has_one_first_and_then_the_schedule(new, requests, had):
    """Asked for by the schedule, then by a person, and then at the door."""
    process = new(requests)
    process.grant(1, SCHEDULE)
    person, scheduled = granted(process), granted(process, caller=SCHEDULE)

    assert (granted(process, caller=DOOR), person, 1 + scheduled) == had


def test_what_is_left_of_a_handful_serves_the_next_but_not_for_long(new, monkeypatch):
    process = new(1800)  # ten a handful
    asked = 0
    add = process._slots._add

    def counted(slot, owner):
        nonlocal asked
        asked += 1
        return add(slot, owner)

    process._slots._add = counted
    for _ in range(10):
        assert process.grant(1, PERSON).requests == 1
    assert asked == 1
    process.grant(1, PERSON)
    assert asked == 2

    ahead(monkeypatch, governor, 1000)
    process.grant(1, PERSON)

    assert asked == 3


def ahead(monkeypatch, module, seconds: float) -> None:
    """Let a module's clocks be so far ahead."""
    clocks = SimpleNamespace(
        time=lambda: real_time.time() + seconds, monotonic=lambda: real_time.monotonic() + seconds
    )
    monkeypatch.setattr(module, "time", clocks)


def test_a_grant_says_until_when_it_is_good(new):
    before = real_time.monotonic()

    until = new(100).grant(5, PERSON).until

    assert before < until <= real_time.monotonic() + 1000


def let_slots_end(*processes: Governor) -> None:
    for process in processes:
        caches["default"].delete_many([f"spotify_sync:{process._key}{slot}" for slot in range(10)])
        process._slots._busy_until.clear()
        process._slots._owners.clear()


def test_scheduled_work_makes_way_while_somebody_waits_but_for_its_own(new):
    people, schedule = new(10), new(10)
    assert granted(people) == 9
    assert people.grant(1, PERSON, "ada").requests == 0  # waits from now on
    let_slots_end(people, schedule)

    assert granted(schedule, caller=SCHEDULE) == 1
    assert granted(schedule) == 8


def test_scheduled_work_goes_on_when_nobody_waits_any_more(new, monkeypatch):
    people, schedule = new(10), new(10)
    granted(people)
    let_slots_end(people, schedule)
    assert granted(schedule, caller=SCHEDULE) == 1
    caches["default"].delete(f"spotify_sync:{people._key}waits:person")  # which lives for 2 seconds

    ahead(monkeypatch, turns, 1)

    assert granted(schedule, caller=SCHEDULE) == 7


def test_without_a_number_there_is_no_pace_but_a_429_stops_all(new):
    one, other = new(None), new(None)
    assert one.grant(10_000, SCHEDULE).requests == 10_000

    one.refused(RateLimited(retry_after=60))

    other._pauses.look(anew=True)
    with pytest.raises(RateLimited) as caught:
        other.grant(1, PERSON)
    assert caught.value.status is None
    assert 59 < caught.value.retry_after < 64


# After a 429


def test_a_block_does_not_end_in_a_storm_but_at_half_the_pace(new, monkeypatch):
    """All that waited ask at once when it is over, from four processes."""
    processes = [new(180, window=150) for _ in range(4)]
    rest = processes[0].refused(RateLimited(retry_after=1000))

    given = []
    for seconds in (-500, 0.5, 5, 25, 75, 149):
        for module in (governor, pauses):
            ahead(monkeypatch, module, rest + seconds)
        here = 0
        for process in processes:
            process._pauses.look(anew=True)
            try:
                here += granted(process)
            except RateLimited:
                assert seconds < 0
        given.append(here)

    assert given[0] == 0
    assert given[1] <= 6  # one handful for all, one for people alone
    assert sum(given[:3]) <= 6 + 180 / 2 / 30 * 1.5
    assert 75 <= sum(given) <= 90


# Who shares what


@pytest.fixture(params=["django-redis", "Django's own Redis", "database", "per process", "file"])
def any_cache(request, db, settings, tmp_path):
    """Let the pace be in each kind of cache."""
    backends = "django.core.cache.backends."
    redis = settings.CACHES["default"]
    made = {
        "django-redis": redis,
        "Django's own Redis": {**redis, "BACKEND": backends + "redis.RedisCache"},
        "database": {"BACKEND": backends + "db.DatabaseCache", "LOCATION": "cache_of_the_pace"},
        "per process": {"BACKEND": backends + "locmem.LocMemCache", "LOCATION": "pace"},
        "file": {"BACKEND": backends + "filebased.FileBasedCache", "LOCATION": tmp_path},
    }[request.param]
    settings.CACHES = {**settings.CACHES, "any": made}
    settings.SPOTIFY_SYNC_CACHE = "any"
    if request.param == "database":
        call_command("createcachetable", "cache_of_the_pace", verbosity=0)
    if made["BACKEND"].startswith(backends) and "redis" not in made["BACKEND"]:
        caches[
            "any"
        ].clear()  # a Redis is emptied already, and its clear() empties that of every other test


def test_each_kind_of_cache_keeps_the_pace_and_its_blocks(any_cache, new):
    processes = [new(180) for _ in range(3)]

    assert sum(granted(process, 20) for process in processes) == 162
    assert granted(processes[0], caller=DOOR) == 18
    processes[0].refused(QuotaExceeded(retry_after=3600))

    assert [block.reason for block in processes[1].blocks()] == ["quota_exceeded"]


@pytest.mark.django_db(transaction=True)
def test_threads_of_one_process_share_one_pace(new):
    process = new(180)

    had = at_once(*[lambda: granted(process, 3)] * 8)

    assert sum(had) == 162


def test_another_client_id_has_a_pace_of_its_own(new, settings, db):
    settings.SPOTIFY_SYNC_REQUESTS_PER_WINDOW = 10
    mine = pace.shared_pace()
    assert mine.grant(100).requests == 9

    settings.SPOTIFY_SYNC_CLIENT_ID = "another"

    assert pace.shared_pace().grant(100).requests == 9
    assert mine.grant(100).requests == 0


# The door


def test_it_is_told_who_blocks_and_until_when(db):
    assert pace.blocked() is None
    assert pace.blocks() == []

    pace.shared_pace().refused(RateLimited(retry_after=60))
    pace.shared_pace().refused(QuotaExceeded(retry_after=7200))

    block = pace.blocked()
    assert (block.reason, block.until.tzinfo is not None) == ("quota_exceeded", True)
    assert 7190 < block.until.timestamp() - real_time.time() < 7231
    assert {one.reason for one in pace.blocks()} == {"quota_exceeded", "rate_limited"}


def test_soon_is_soon_enough(db):
    pace.ensure_open(timedelta(0))
    pace.shared_pace().refused(RateLimited(retry_after=20))

    pace.ensure_open(timedelta(seconds=30))
    with pytest.raises(RateLimited):
        pace.ensure_open(timedelta(seconds=5))


# The cache away


@pytest.fixture
def away(settings):
    """Let Redis be gone, or be back. django-redis may raise, or hide it."""
    there = settings.CACHES["default"]

    def switch(*, gone: bool, hidden: bool = False) -> None:
        options = {"IGNORE_EXCEPTIONS": True} if hidden else {}
        nobody = {**there, "LOCATION": "redis://127.0.0.1:1/0", "OPTIONS": options}
        settings.CACHES = {"default": nobody if gone else there}

    return switch


@pytest.mark.parametrize("hidden", [False, True])
def test_with_the_cache_away_each_process_has_a_careful_pace(new, away, hidden):
    away(gone=True, hidden=hidden)
    processes = [new(180) for _ in range(2)]

    had = [granted(process) for process in processes]

    assert had == [19] * 2, "an eighth of what people may have"


def test_that_pace_is_a_rolling_window_too(new, away, monkeypatch):
    away(gone=True)
    process = new(180)
    had = granted(process)
    now = [real_time.monotonic()]
    process._slots._clock = lambda: now[0]

    now[0] += WINDOW
    assert granted(process) == 0
    now[0] += lifetime(WINDOW) - WINDOW + 1

    assert granted(process) == had


def test_what_was_taken_before_the_cache_went_away_is_taken(new, away):
    process = new(180)
    assert granted(process) == 162

    away(gone=True)

    assert granted(process) == 0


def test_the_pace_is_shared_again_when_the_cache_is_back(new, away, monkeypatch):
    away(gone=True)
    one, other = new(180), new(180)
    alone = granted(one)
    away(gone=False)
    ahead(monkeypatch, pauses, pauses.AWAY + 1)

    assert granted(one) + granted(other) == 162
    assert alone > 0


# Processes

READ = """
from datetime import timedelta
import json, os
from django.conf import settings
from django_spotify_sync import pace
from django_spotify_sync.accounts.clients import client_of
from django_spotify_sync.accounts.tokens import AccountTokens
from django_spotify_sync.models import SpotifyAccount
from django_spotify_sync.spotify.client import Get
from django_spotify_sync.spotify.fetching import Fetcher

settings.SPOTIFY_SYNC_WINDOW = timedelta(seconds=2)
tokens = AccountTokens(SpotifyAccount.objects.get())
client = client_of(tokens, scheduled=%(scheduled)r)
with Fetcher(client, max_wait=60) as fetch:
    gets = [Get("/me/tracks", lambda page: page["offset"], {"offset": n}) for n in range(%(pages)d)]
    print(json.dumps(len(list(fetch.each(gets)))))
"""


@pytest.mark.parametrize(("scheduled", "limit"), [(False, 20), (True, 16)])
@pytest.mark.django_db(transaction=True)
def test_processes_keep_one_rolling_window(user, spotify, scheduled, limit):
    """FakeSpotify enforces the window on its own, and its log is held against it."""
    connect(user, spotify)
    spotify.clear_log()
    spotify.rate_limit = RateLimit(requests=limit, seconds=2)
    spotify.faults.add("/me/tracks", nth=7, status=503, times=3)  # tried again, at the same pace
    code = READ % {"scheduled": scheduled, "pages": 8}

    read = in_processes(4, code, SPOTIFY_SYNC_REQUESTS_PER_WINDOW=20, **spotify.settings)

    assert [json.loads(line) for line in read] == [8] * 4
    assert [line.status for line in spotify.requests].count(429) == spotify.rate_limit.refused == 0
    arrivals = [line.at for line in spotify.requests]
    assert len(arrivals) == 4 * 8 + 3
    assert most_in_a_window(arrivals, 2.0) <= limit
    assert most_in_a_window(arrivals, lifetime(2.0)) > limit / 2, "Bursts are allowed."


FORK = """
import os
from django_spotify_sync import pace
from django_spotify_sync.pace import governor
governor.LIFE = 60.0  # however long it takes to get here
mine = pace.shared_pace()
mine.grant(1)  # of a handful of three or four: the others are left in stock
read, write = os.pipe()
if os.fork() == 0:
    os.write(write, str(pace.shared_pace().grant(1000).requests).encode())
    os._exit(0)
child = int(os.read(read, 100))
print(1 + mine.grant(1000).requests + child + pace.at_the_door().grant(1000).requests, child)
"""


@pytest.mark.django_db(transaction=True)
def test_a_fork_does_not_use_its_parents_grants(spotify: FakeSpotify):
    [told] = in_processes(1, FORK, SPOTIFY_SYNC_REQUESTS_PER_WINDOW=600, **spotify.settings)

    both, child = map(int, told.split())
    assert child > 0
    assert both == 600

"""The pace as client and fetcher go by it, whoever sets it."""

from __future__ import annotations

import threading
import time
from math import inf

import pytest

from django_spotify_sync.exceptions import Paced, QuotaExceeded, RateLimited
from django_spotify_sync.spotify import client as client_module
from django_spotify_sync.spotify import fetching
from django_spotify_sync.spotify.client import Client
from django_spotify_sync.spotify.fetching import Fetcher
from django_spotify_sync.spotify.pace import Leave, Purse
from django_spotify_sync.testing import FakeSpotify
from tests.spotify.test_fetching import ALL, Clock, GrantedTokens, offsets


class Handfuls:
    """A pace that gives what the test says, in the coordinating thread alone."""

    def __init__(self, *handfuls: int | RateLimited, then: int = 0, life: float = inf) -> None:
        self.handfuls = list(handfuls)
        self.then = then
        self.life = life
        self.given = 0
        self.refusals: list[RateLimited] = []
        self.threads: set[int] = set()
        self.until_all_may = 0.0  # seconds, of a 429; as long as it says by itself

    def grant(self, wanted: int) -> Leave:
        self.threads.add(threading.get_ident())
        next_one = self.handfuls.pop(0) if self.handfuls else self.then
        if isinstance(next_one, RateLimited):
            raise next_one
        given = min(next_one, wanted)
        self.given += given
        return Leave(given, time.monotonic() + self.life)

    def refused(self, error: RateLimited) -> float:
        self.threads.add(threading.get_ident())
        self.refusals.append(error)
        return self.until_all_may or error.retry_after


@pytest.fixture
def spotify():
    with FakeSpotify(tracks=1000) as fake:
        yield fake


@pytest.fixture
def fetcher(spotify):
    def make(pace: Handfuls, *, workers: int = 4, max_wait: float = 30.0) -> Fetcher:
        tokens = GrantedTokens(spotify)
        client = Client(tokens, api_url=spotify.api_url, workers=workers, timeout=20, pace=pace)
        return Fetcher(client, max_wait=max_wait)

    return make


@pytest.fixture
def clock(monkeypatch):
    made = Clock()
    monkeypatch.setattr(fetching, "time", made)
    return made


# The fetcher


def test_no_more_is_sent_than_was_granted(spotify, fetcher):
    pace = Handfuls(3, 0, 5, 0, 0, 1)
    answers = []

    with fetcher(pace, max_wait=0.3) as fetch, pytest.raises(Paced):
        answers.extend(fetch.each(ALL))

    assert len(answers) == spotify.count() == pace.given == 9


def test_what_was_granted_is_read_before_it_is_given_up(spotify, fetcher):
    spotify.latency = 0.1
    answers = []

    with fetcher(Handfuls(3), workers=1, max_wait=0) as fetch, pytest.raises(Paced):
        answers.extend(fetch.each(ALL))

    assert len(answers) == 3


def test_what_was_granted_late_is_read_all_the_same(spotify, fetcher):
    with fetcher(Handfuls(0, 0, 2, 0, then=3)) as fetch:
        assert offsets(list(fetch.each(ALL))) == list(range(0, 1000, 50))

    assert spotify.count() == len(ALL)


def test_only_the_coordinating_thread_asks_the_pace(spotify, fetcher):
    pace = Handfuls(then=2)
    spotify.faults.add("/me/tracks", nth=3, status=503, times=2)

    with fetcher(pace) as fetch:
        list(fetch.each(ALL))

    assert pace.threads == {threading.get_ident()}


def test_each_attempt_of_a_request_has_a_grant_of_its_own(spotify, fetcher, monkeypatch):
    monkeypatch.setattr(client_module, "BACKOFF", 0.001)
    pace = Handfuls(then=2)
    spotify.faults.add("/me/tracks", nth=3, status=503, times=6)

    with fetcher(pace) as fetch:
        assert len(list(fetch.each(ALL))) == len(ALL)

    assert spotify.count() == pace.given == len(ALL) + 6


def test_a_grant_whose_time_is_over_starts_nothing(spotify, fetcher):
    """The second waits for the only thread until its own grant is over, and then for another one."""
    pace = Handfuls(then=3, life=0.3)
    spotify.latency = 0.5

    with fetcher(pace, workers=1) as fetch:
        assert len(list(fetch.each(ALL[:3]))) == 3

    assert spotify.count() == 3
    assert pace.given > 3


def test_who_gets_no_turn_gives_up_after_max_wait_with_what_came(spotify, fetcher, clock):
    answers = []

    with fetcher(Handfuls(4), max_wait=30) as fetch, pytest.raises(Paced) as caught:
        answers.extend(fetch.each(ALL))

    assert clock.now == pytest.approx(1000 + 30, abs=1)
    assert len(answers) == 4
    assert 15 <= caught.value.retry_after <= 45
    assert caught.value.status is None


def test_a_turn_now_and_then_makes_patience_new(spotify, fetcher, clock):
    rarely = [0] * 100  # 20 seconds

    with fetcher(Handfuls(*rarely, 1, *rarely, 1, *rarely, 1), max_wait=30) as fetch:
        assert len(list(fetch.each(ALL[:3]))) == 3

    assert clock.now > 1000 + 55


def test_a_short_block_is_waited_out_in_place(spotify, fetcher, clock):
    block = RateLimited(retry_after=7, status=None)

    with fetcher(Handfuls(block, then=20)) as fetch:
        assert len(list(fetch.each(ALL))) == len(ALL)

    assert clock.now == pytest.approx(1000 + 7)


def test_a_long_block_is_raised_and_nothing_is_sent(spotify, fetcher, clock):
    pace = Handfuls(QuotaExceeded(retry_after=3600, status=None))

    with fetcher(pace) as fetch, pytest.raises(QuotaExceeded):
        list(fetch.each(ALL))

    assert spotify.count() == 0
    assert clock.now == 1000
    assert pace.refusals == []  # nobody is told of what they told us


def test_a_429_is_told_and_waited_for_as_long_as_all_do(spotify, fetcher, clock):
    pace = Handfuls(then=20)
    pace.until_all_may = 12.0
    spotify.faults.add("/me/tracks", nth=5, status=429, retry_after=3)

    with fetcher(pace) as fetch:
        assert len(list(fetch.each(ALL))) == len(ALL)

    assert clock.now == pytest.approx(1000 + 12)
    assert [error.retry_after for error in pace.refusals] == [3]


def test_leaving_sends_those_away_that_wait_for_a_grant(spotify, fetcher, monkeypatch):
    """A request that is to be tried again has no grant, and nobody is there any more to get one."""
    monkeypatch.setattr(client_module, "BACKOFF", 0.001)
    spotify.faults.add("/me/tracks", offset=50, status=503, times=None)

    with fetcher(Handfuls(2)) as fetch:
        answers = fetch.each(ALL)
        next(answers)
        time.sleep(0.3)

    assert spotify.count() == 2


# The client


def client_of(spotify, pace) -> Client:
    return Client(GrantedTokens(spotify), api_url=spotify.api_url, pace=pace)


def test_a_single_request_waits_for_its_turn(spotify):
    pace = Handfuls(0, 0, 1)

    with client_of(spotify, pace) as client:
        assert client.get("/me")["id"] == spotify.user.id

    assert pace.handfuls == []


def test_a_single_request_whose_turn_does_not_come_is_not_sent(spotify, monkeypatch):
    monkeypatch.setattr(client_module, "PATIENCE", 0.2)

    with client_of(spotify, Handfuls()) as client, pytest.raises(Paced):
        client.get("/me")

    assert spotify.count() == 0


def test_a_single_request_is_not_sent_while_there_is_a_block(spotify):
    pace = Handfuls(QuotaExceeded(retry_after=3600, status=None))

    with client_of(spotify, pace) as client, pytest.raises(QuotaExceeded):
        client.get("/me")

    assert spotify.count() == 0
    assert pace.refusals == []


def test_a_429_to_a_single_request_is_told(spotify):
    pace = Handfuls(then=1)
    spotify.faults.add("/me", status=429, retry_after=77)

    with client_of(spotify, pace) as client, pytest.raises(RateLimited):
        client.get("/me")

    assert [error.retry_after for error in pace.refusals] == [77]


def test_each_attempt_of_a_single_request_takes_its_turn(spotify, monkeypatch):
    monkeypatch.setattr(client_module, "BACKOFF", 0.001)
    pace = Handfuls(then=1)
    spotify.faults.add("/me", status=503, times=2)
    spotify.faults.add("/me", nth=3, status=401)

    with client_of(spotify, pace) as client:
        client.get("/me")

    assert pace.given == spotify.count() == 4


# The purse


def test_a_purse_tells_how_many_wait_for_more_than_there_is():
    purse = Purse()
    purse.put(Leave(2, inf))
    taken = threading.Barrier(3)

    def take():
        purse.take()
        taken.wait(20)

    threads = [threading.Thread(target=take) for _ in range(3)]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + 20
    while purse.missing != 1:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    purse.put(Leave(1, inf))
    for thread in threads:
        thread.join(20)

    assert not any(thread.is_alive() for thread in threads)
    assert purse.missing == 0


def test_a_purse_that_is_shut_gives_what_it_has_and_nothing_more():
    purse = Purse()
    purse.put(Leave(1, inf))
    purse.put(Leave(5, time.monotonic() - 1))
    purse.shut()

    purse.take()
    with pytest.raises(Paced):
        purse.take()


def test_a_purse_that_is_held_gives_nothing_until_it_was_emptied():
    purse = Purse()
    purse.put(Leave(2, inf))
    purse.hold()
    with pytest.raises(Paced):
        purse.take()

    purse.empty()

    purse.put(Leave(1, inf))
    purse.take()
    purse.shut()
    with pytest.raises(Paced):
        purse.take()  # the two were of before


def test_a_request_handed_over_before_a_purse_was_emptied_has_no_part_in_what_comes_since():
    purse = Purse()
    before = purse.emptied
    purse.empty()
    purse.put(Leave(1, inf))

    with pytest.raises(Paced):
        purse.take(before)

    purse.take(purse.emptied)


def test_a_request_that_waits_is_sent_away_when_the_purse_is_emptied():
    purse = Purse()
    sent_away = threading.Event()

    def take() -> None:
        try:
            purse.take(purse.emptied)
        except Paced:
            sent_away.set()

    waiting = threading.Thread(target=take)
    waiting.start()
    deadline = time.monotonic() + 20
    while purse.missing != 1:
        assert time.monotonic() < deadline
        time.sleep(0.01)

    purse.empty()

    assert sent_away.wait(20)
    waiting.join(20)

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import pytest

from django_spotify_sync.exceptions import (
    AccessTokenRejected,
    NotFound,
    RateLimited,
    ReauthorizationRequired,
    SpotifyUnavailable,
)
from django_spotify_sync.secret import Secret
from django_spotify_sync.spotify import client as client_module
from django_spotify_sync.spotify import fetching
from django_spotify_sync.spotify.answers.saved import parse_saved_page
from django_spotify_sync.spotify.client import Client, Get
from django_spotify_sync.spotify.fetching import Fetcher
from django_spotify_sync.testing import FakeSpotify


class GrantedTokens:
    """The access tokens of FakeSpotify's user, one after the other."""

    def __init__(self, spotify: FakeSpotify) -> None:
        self.spotify = spotify
        self.renewals: list[Secret] = []
        self.token = self._granted()

    def _granted(self) -> Secret:
        return Secret(self.spotify.grant()["access_token"])

    def current(self) -> Secret:
        return self.token

    def renew(self, rejected: Secret) -> Secret:
        self.renewals.append(rejected)
        self.token = self._granted()
        return self.token


class Clock:
    """A clock that goes on only while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.on_sleep: Callable[[], object] = lambda: None

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.on_sleep()
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(fetching, "time", made)
    return made


@pytest.fixture
def spotify() -> Iterator[FakeSpotify]:
    with FakeSpotify(tracks=1000) as fake:
        yield fake


@pytest.fixture
def tokens(spotify: FakeSpotify) -> GrantedTokens:
    return GrantedTokens(spotify)


@pytest.fixture
def fetcher(spotify: FakeSpotify, tokens: GrantedTokens) -> Callable[..., Fetcher]:
    """Make a Fetcher of ``workers`` threads; it closes its client by itself."""

    def make(workers: int = 4, max_wait: float = 30.0, **options: Any) -> Fetcher:
        client = Client(tokens, api_url=spotify.api_url, workers=workers, timeout=20)
        return Fetcher(client, max_wait=max_wait, **options)

    return make


@pytest.fixture(autouse=True)
def no_thread_left_behind() -> Iterator[None]:
    yield
    assert [
        thread.name for thread in threading.enumerate() if thread.name.startswith("spotify-fetch")
    ] == []


def page(offset: int) -> Get[Any]:
    return Get("/me/tracks", parse_saved_page, {"limit": 50, "offset": offset})


ALL = [page(offset) for offset in range(0, 1000, 50)]


def offsets(answers: list[tuple[Get[Any], Any]]) -> list[int]:
    """Return the offsets that came, each asked for by the Get beside it."""
    assert all(get.params["offset"] == answer.offset for get, answer in answers)
    return sorted(answer.offset for _, answer in answers)


# Reading


def test_each_page_comes_once_with_what_asked_for_it(fetcher, spotify):
    with fetcher() as fetch:
        answers = list(fetch.each(ALL))

    assert offsets(answers) == list(range(0, 1000, 50))
    answers.sort(key=lambda pair: pair[1].offset)
    came = [entry.spotify_id for _, answer in answers for entry in answer.entries]
    assert came == spotify.user.track_ids()
    assert spotify.count() == len(ALL)


def test_nothing_to_read_is_no_request(fetcher, spotify):
    with fetcher() as fetch:
        assert list(fetch.each([])) == []

    assert spotify.count() == 0


def test_one_is_read_under_the_same_rules(fetcher, spotify, tokens):
    spotify.expire_access_tokens()

    with fetcher() as fetch:
        assert fetch.one(page(150)).offset == 150

    assert len(tokens.renewals) == 1


def test_as_many_requests_as_workers_are_under_way_and_no_more(fetcher, spotify):
    together = threading.Barrier(4)  # breaks, and so fails the test, if fewer come
    spotify.faults.add("/me/tracks", times=4, before=lambda fake: together.wait(20))

    with fetcher(workers=4) as fetch:
        assert len(list(fetch.each(ALL))) == len(ALL)

    assert spotify.peak_in_flight == 4


def test_answers_are_handed_on_while_others_are_still_under_way(fetcher, spotify):
    seen = threading.Event()
    spotify.faults.add("/me/tracks", offset=0, before=lambda fake: seen.wait(20))

    with fetcher(workers=2) as fetch:
        answers = fetch.each([page(0), page(50)])
        first = next(answers)
        seen.set()
        rest = list(answers)

    assert offsets([first]) == [50]
    assert offsets(rest) == [0]


# 401


def test_one_renewal_serves_all_threads_that_met_a_401(fetcher, spotify, tokens):
    stale = tokens.token
    spotify.expire_access_tokens()
    together = threading.Barrier(8)
    spotify.faults.add("/me/tracks", times=8, before=lambda fake: together.wait(20))

    with fetcher(workers=8) as fetch:
        answers = list(fetch.each(ALL))

    assert offsets(answers) == list(range(0, 1000, 50))
    assert tokens.renewals == [stale]
    assert sum(request.status == 401 for request in spotify.requests) >= 8


def test_tokens_that_expire_again_and_again_are_renewed_each_time(fetcher, spotify, tokens):
    for nth in (5, 25, 45):
        spotify.faults.add("/me/tracks", nth=nth, before=FakeSpotify.expire_access_tokens)

    with fetcher() as fetch:
        answers = list(fetch.each(ALL * 3))

    assert len(answers) == 60
    assert len(tokens.renewals) == len(set(tokens.renewals)) == 3


def test_a_token_refused_right_after_its_renewal_is_raised(fetcher, spotify, tokens):
    spotify.faults.add("/me/tracks", status=401, times=None)

    with fetcher() as fetch, pytest.raises(AccessTokenRejected):
        list(fetch.each(ALL))

    assert len(tokens.renewals) == 1
    assert spotify.count() < len(ALL)


def test_an_answer_to_the_old_token_proves_nothing_of_the_new(fetcher, spotify, tokens):
    again = threading.Event()
    spotify.faults.add("/me/tracks", offset=0, status=401)
    spotify.faults.add("/me/tracks", offset=50, before=lambda fake: again.wait(20))
    spotify.faults.add("/me/tracks", offset=0, nth=2, before=lambda fake: again.set())
    spotify.faults.add("/me/tracks", offset=0, nth=2, times=None, status=401, delay=0.3)

    with fetcher(workers=2) as fetch, pytest.raises(AccessTokenRejected):
        list(fetch.each([page(0), page(50)]))

    assert len(tokens.renewals) == 1


def test_a_renewal_that_changes_nothing_is_no_endless_loop(fetcher, spotify, tokens):
    spotify.expire_access_tokens()
    tokens.renew = lambda rejected: Secret("another, which current() never gives")

    with fetcher() as fetch, pytest.raises(AccessTokenRejected, match="in vain"):
        list(fetch.each(ALL))


def test_a_grant_that_ended_stops_everything(fetcher, spotify, tokens):
    def renew(rejected: Secret) -> Secret:
        raise ReauthorizationRequired

    spotify.faults.add("/me/tracks", nth=6, before=FakeSpotify.expire_access_tokens)
    tokens.renew = renew

    with fetcher() as fetch, pytest.raises(ReauthorizationRequired):
        list(fetch.each(ALL))


# 429


def test_a_short_pause_holds_all_and_goes_on(fetcher, spotify, clock):
    asked_while_held: list[int] = []
    clock.on_sleep = lambda: asked_while_held.append(spotify.count())
    spotify.faults.add("/me/tracks", nth=5, status=429, retry_after=7)

    with fetcher() as fetch:
        answers = list(fetch.each(ALL))

    assert offsets(answers) == list(range(0, 1000, 50))
    assert clock.now == pytest.approx(1000 + 7)
    assert len(set(asked_while_held)) == 1, "Something was sent during the pause."
    assert spotify.count() == len(ALL) + 1


def test_what_no_thread_has_begun_waits_out_the_pause(fetcher, spotify, clock):
    asked: list[int] = []
    clock.on_sleep = lambda: asked.append(spotify.count())
    spotify.latency = 0.2
    spotify.faults.add("/me/tracks", status=429, retry_after=7)

    with fetcher(workers=1) as fetch:
        answers = list(fetch.each(ALL[:4]))

    assert asked[0] == 1, "The thread that was refused has taken the next one."
    assert offsets(answers) == [0, 50, 100, 150]


def test_pauses_without_progress_add_up_to_max_wait_at_most(fetcher, spotify, clock):
    spotify.faults.add("/me/tracks", status=429, retry_after=10, times=None)

    with fetcher(max_wait=30) as fetch, pytest.raises(RateLimited):
        fetch.one(page(0))

    assert clock.now == pytest.approx(1000 + 30)
    assert spotify.count() == 4


def test_progress_makes_patience_new(fetcher, spotify, clock):
    refused = iter([True, False] * 10)
    spotify.faults.add(
        "/me/tracks", where=lambda request: next(refused), status=429, retry_after=9, times=None
    )

    with fetcher(workers=1, max_wait=10) as fetch:
        assert len(list(fetch.each(ALL[:10]))) == 10

    assert clock.now > 1000 + 10, "It has not waited for longer than max_wait altogether."


def test_a_long_pause_is_raised_after_what_was_under_way_has_arrived(fetcher, spotify, clock):
    refused = threading.Event()
    for offset in (0, 50):
        spotify.faults.add(
            "/me/tracks", offset=offset, before=lambda fake: refused.wait(20), delay=0.3
        )
    refusal = spotify.faults.add("/me/tracks", offset=100, status=429, retry_after=31)
    refusal.before = lambda fake: refused.set()
    answers: list[tuple[Get[Any], Any]] = []

    with fetcher(workers=3, max_wait=30) as fetch, pytest.raises(RateLimited) as caught:
        answers.extend(fetch.each(ALL))

    assert caught.value.retry_after == 31
    assert {0, 50} <= set(offsets(answers))
    assert clock.now == 1000
    assert spotify.count() < len(ALL)


def test_a_refusal_of_which_nobody_knows_yet_lets_nothing_more_start(fetcher, spotify):
    """The coordinating thread is busy with an answer meanwhile, as with one that is written."""
    refused = threading.Event()
    spotify.faults.add(
        "/me/tracks", offset=50, status=429, retry_after=3600, before=lambda fake: refused.set()
    )

    def read():
        with fetcher(workers=1) as fetch:
            for _ in fetch.each(ALL):
                assert refused.wait(20)
                time.sleep(0.3)

    with pytest.raises(RateLimited):
        read()

    assert spotify.count() == 2


@pytest.mark.parametrize("longest", [20, 3600])
def test_the_longest_of_several_pauses_counts(fetcher, spotify, clock, longest):
    together = threading.Barrier(2)
    for offset, seconds, delay in ((0, 1, 0.0), (50, longest, 0.3)):
        spotify.faults.add(
            "/me/tracks",
            offset=offset,
            status=429,
            retry_after=seconds,
            delay=delay,
            before=lambda fake: together.wait(20),
        )

    with fetcher(workers=2, max_wait=30) as fetch:
        if longest > 30:
            with pytest.raises(RateLimited) as caught:
                list(fetch.each([page(0), page(50)]))
            assert caught.value.retry_after == longest
            assert spotify.count() == 2, "Who asks again before its end makes a pause longer."
        else:
            assert offsets(list(fetch.each([page(0), page(50)]))) == [0, 50]
            assert clock.now == pytest.approx(1000 + longest)


def test_several_refusals_at_once_are_one_pause(fetcher, spotify, clock):
    together = threading.Barrier(8)
    spotify.faults.add(
        "/me/tracks", status=429, retry_after=20, times=8, before=lambda fake: together.wait(20)
    )

    with fetcher(workers=8, max_wait=30) as fetch:
        answers = list(fetch.each(ALL))

    assert len(answers) == len(ALL)
    assert clock.now == pytest.approx(1000 + 20)


# The tick


def test_tick_goes_on_while_all_threads_wait_for_an_answer(fetcher, spotify):
    ticks, enough = [], threading.Event()

    def tick() -> None:
        ticks.append(1)
        if len(ticks) == 4:
            enough.set()

    spotify.faults.add("/me/tracks", before=lambda fake: enough.wait(20))

    with fetcher(tick=tick) as fetch:
        assert fetch.one(page(0)).offset == 0

    assert enough.is_set()


def test_tick_goes_on_during_a_pause(fetcher, spotify, clock):
    ticks: list[float] = []
    spotify.faults.add("/me/tracks", status=429, retry_after=10)

    with fetcher(tick=lambda: ticks.append(clock.now)) as fetch:
        fetch.one(page(0))

    during = [now for now in ticks if 1000 < now < 1010]
    gaps = [later - now for now, later in pairwise(during)]
    assert during
    assert max(gaps) <= fetching.TICK + 0.001


class Stop(Exception):
    pass


@pytest.mark.parametrize("when", [1, 5])
def test_an_error_in_tick_stops_everything(fetcher, spotify, when):
    ticks = []

    def tick() -> None:
        ticks.append(1)
        if len(ticks) == when:
            raise Stop

    with pytest.raises(Stop), fetcher(tick=tick) as fetch:
        list(fetch.each(ALL * 20))  # more than even a machine that is slow to tick has done by then

    assert spotify.count() < 20 * len(ALL)


def test_leaving_does_not_wait_for_those_that_would_try_again(fetcher, spotify, monkeypatch):
    monkeypatch.setattr(client_module, "BACKOFF", 3600)
    answered = threading.Event()
    spotify.faults.add("/me/tracks", status=503, times=None)
    spotify.faults.add("/me/tracks", nth=4, before=lambda fake: answered.set())

    def tick() -> None:
        if answered.is_set():
            raise Stop

    with pytest.raises(Stop), fetcher(workers=4, tick=tick) as fetch:
        list(fetch.each(ALL))


# What goes wrong for good


def test_the_first_hard_error_stops_the_rest(fetcher, spotify, monkeypatch):
    monkeypatch.setattr(client_module, "BACKOFF", 0.001)
    spotify.faults.add("/me/tracks", offset=100, times=None, body=b"{}")
    spotify.latency = 0.02

    with fetcher(workers=2) as fetch, pytest.raises(SpotifyUnavailable):
        list(fetch.each(ALL))

    assert spotify.count() < len(ALL)


def test_after_an_error_the_next_can_be_read(fetcher, spotify, monkeypatch):
    monkeypatch.setattr(client_module, "BACKOFF", 0.001)
    spotify.faults.add("/me/tracks", offset=100, status=404, times=None)

    with fetcher() as fetch:
        with pytest.raises(NotFound):
            list(fetch.each(ALL))
        spotify.faults.clear()
        assert fetch.one(page(100)).offset == 100


def test_who_stops_listening_stops_the_reading(fetcher, spotify):
    spotify.latency = 0.02

    with fetcher(workers=2) as fetch:
        answers = fetch.each(ALL)
        next(answers)
        answers.close()

    assert spotify.count() < len(ALL)

"""What is refused in the midst of what is given may pass: it is asked again in its place."""

from __future__ import annotations

import pytest

from django_spotify_sync.exceptions import (
    AccessTokenRejected,
    BadRequest,
    Forbidden,
    NotFound,
    SpotifyError,
)
from django_spotify_sync.secret import Secret
from django_spotify_sync.spotify import client
from django_spotify_sync.spotify.answers.saved import parse_saved_page
from django_spotify_sync.spotify.client import ATTEMPTS, Client, Get
from django_spotify_sync.spotify.fetching import RENEWALS, Fetcher
from django_spotify_sync.testing import FakeSpotify

REFUSALS = [
    ({"status": 404}, NotFound),
    ({"status": 404, "html": True}, SpotifyError),
    ({"status": 403}, Forbidden),
    ({"status": 403, "body": "text"}, Forbidden),
    ({"status": 400}, BadRequest),
    ({"status": 451}, SpotifyError),
]


def page(offset):
    return Get("/me/tracks", parse_saved_page, {"limit": 50, "offset": offset})


ALL = [page(offset) for offset in range(0, 1000, 50)]


def offsets(answers):
    return sorted(answer.offset for _, answer in answers)


class GrantedTokens:
    """The access tokens of FakeSpotify's user, one after the other."""

    def __init__(self, spotify):
        self.spotify = spotify
        self.renewals = []
        self.token = Secret(spotify.grant()["access_token"])

    def current(self):
        return self.token

    def renew(self, rejected):
        self.renewals.append(rejected)
        self.token = Secret(self.spotify.grant()["access_token"])
        return self.token


@pytest.fixture
def spotify():
    with FakeSpotify(tracks=1000) as fake:
        yield fake


@pytest.fixture
def tokens(spotify):
    return GrantedTokens(spotify)


@pytest.fixture
def fetcher(spotify, tokens):
    def make(workers=4):
        client = Client(tokens, api_url=spotify.api_url, workers=workers, timeout=20)
        return Fetcher(client, max_wait=30.0)

    return make


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(client, "BACKOFF", 0.001)


@pytest.mark.parametrize(("fault", "_kind"), REFUSALS)
@pytest.mark.parametrize("times", [1, 3])
def test_a_refusal_that_passes_is_asked_again(fetcher, spotify, tokens, fault, _kind, times):
    spotify.faults.add("/me/tracks", offset=650, times=times, **fault)

    with fetcher() as fetch:
        answers = list(fetch.each(ALL))

    assert offsets(answers) == list(range(0, 1000, 50))
    assert spotify.count() == len(ALL) + times
    assert tokens.renewals == []


@pytest.mark.parametrize("times", [1, 2, 3])
def test_so_is_a_401_whatever_the_token(fetcher, spotify, tokens, times):
    spotify.faults.add("/me/tracks", offset=650, times=times, status=401)

    with fetcher() as fetch:
        answers = list(fetch.each(ALL))

    assert offsets(answers) == list(range(0, 1000, 50))
    assert len(tokens.renewals) <= RENEWALS


@pytest.mark.parametrize(("fault", "kind"), [*REFUSALS, ({"status": 401}, AccessTokenRejected)])
def test_one_that_lasts_is_raised_in_the_end(fetcher, spotify, tokens, fault, kind):
    spotify.faults.add("/me/tracks", offset=650, times=None, **fault)

    with fetcher() as fetch, pytest.raises(kind):
        list(fetch.each(ALL))

    asked = [one for one in spotify.requests if one.query["offset"] == "650"]
    assert ATTEMPTS <= len(asked) <= ATTEMPTS + RENEWALS
    assert len(tokens.renewals) <= RENEWALS


@pytest.mark.parametrize(("fault", "kind"), REFUSALS)
def test_where_nothing_was_given_a_refusal_is_raised_at_once(fetcher, spotify, fault, kind):
    spotify.faults.add("/me/tracks", times=None, **fault)

    with fetcher() as fetch, pytest.raises(kind):
        fetch.one(page(0))

    assert spotify.count() == 1


def test_what_was_given_before_tells_that_the_token_is_good(fetcher, spotify):
    with fetcher() as fetch:
        fetch.one(page(0))
        spotify.faults.add("/me/tracks", status=404)

        assert fetch.one(page(50)).offset == 50


def test_where_all_is_refused_from_now_on_few_are_asked_again(fetcher, spotify):
    with fetcher(workers=4) as fetch:
        fetch.one(page(0))
        spotify.faults.add("/me/tracks", times=None, status=403)
        with pytest.raises(Forbidden):
            list(fetch.each(ALL))

    assert spotify.count() < 20


def test_a_consent_that_lacks_something_is_told_at_once(fetcher, spotify):
    with fetcher() as fetch:
        fetch.one(page(0))
        spotify.faults.add("/me/tracks", status=403, message="Insufficient client scope")
        with pytest.raises(Forbidden):
            fetch.one(page(50))


def test_an_address_that_rejects_any_token_may_say_so_as_its_answer(fetcher, spotify, tokens):
    spotify.faults.add("/me/tracks", offset=650, times=None, status=401)
    gets = [
        Get("/me/tracks", parse_saved_page, get.params, failed=lambda error: error) for get in ALL
    ]

    with fetcher() as fetch:
        answers = [answer for _, answer in fetch.each(gets)]

    refused = [answer for answer in answers if isinstance(answer, AccessTokenRejected)]
    assert (len(answers), len(refused), len(tokens.renewals)) == (len(ALL), 1, 1)

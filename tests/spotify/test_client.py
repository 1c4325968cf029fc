from __future__ import annotations

import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from django_spotify_sync.exceptions import (
    AccessTokenRejected,
    AppForbidden,
    BadRequest,
    Forbidden,
    InsufficientScope,
    NotFound,
    QuotaExceeded,
    RateLimited,
    SpotifyError,
    SpotifyUnavailable,
)
from django_spotify_sync.secret import Secret
from django_spotify_sync.spotify.answers.profile import parse_profile
from django_spotify_sync.spotify.answers.saved import parse_saved_page
from django_spotify_sync.spotify.client import (
    ATTEMPTS,
    LONGEST_RETRY_AFTER,
    QUOTA_RETRY_AFTER,
    RETRY_AFTER_FLOOR,
    Client,
    Get,
)
from django_spotify_sync.spotify.deadlines import Deadline
from django_spotify_sync.spotify.sessions import MAX_BODY
from tests.kit.leaks import chain, shown_by
from tests.kit.wire import Wire, dripping, hang_up, reply, silent
from tests.spotify.conftest import FORBIDDEN_LIST, ME, TOKEN, OneToken, error_of

# What is sent


def test_the_token_goes_in_the_authorization_header_and_nowhere_else(make_client):
    with Wire(reply({"ok": True})) as wire:
        make_client(wire).get("/me/tracks", limit=50, offset=100)

    [request] = wire.requests
    assert request.startswith(b"GET /me/tracks?limit=50&offset=100 HTTP/1.1\r\n")
    assert request.count(TOKEN.encode()) == 1
    assert f"\r\nAuthorization: Bearer {TOKEN}\r\n".encode() in request


def test_the_language_is_the_same_for_each_request(make_client):
    with Wire(reply({})) as wire:
        client = make_client(wire, language="de")
        client.get("/me")
        client.get("/me")

    assert [b"\r\nAccept-Language: de\r\n" in request for request in wire.requests] == [True, True]


# What is tried again


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 500},
        {"status": 502, "body": "text"},
        {"status": 503, "html": True},
        {"status": 504, "body": b""},
        {"reset": True},
        {"cut": "connection"},
        {"cut": "json"},
        {"body": b""},
        {"body": b"null"},
        {"body": b"[]"},
        {"body": b'{"display_name": "no id"}'},
        {"body": b"\xff\xfe"},
        {"html": True},
        {"body": b"[" * 100_000},
        {"body": b'{"id": ' + b"9" * 5_000 + b"}"},
    ],
    ids=str,
)
def test_a_fault_of_the_moment_is_tried_again(make_client, spotify, fault):
    spotify.faults.add("/me", **fault)
    client = make_client(spotify.api_url, OneToken(spotify.grant()["access_token"]))

    assert client.get("/me", parse_profile).spotify_id == spotify.user.id
    assert client.requests == 2


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(reply({"whole": True}, length=10_000), id="short of its length"),
        pytest.param(
            b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n{"whole": true}', id="short of its chunk"
        ),
        pytest.param(
            b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nf\r\n{"whole": true}\r\n', id="no last chunk"
        ),
        pytest.param(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", id="no chunk"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Len", id="in the headers"),
        pytest.param(b"HTT", id="in the first line"),
        pytest.param(b"220 smtp.test ESMTP\r\n", id="another protocol"),
        pytest.param(reply(b"\x1f\x8b\x08 no gzip", headers={"Content-Encoding": "gzip"}), id="no gzip"),
        pytest.param(hang_up, id="nothing at all"),
    ],
)  # fmt: skip
def test_an_answer_that_was_cut_is_read_again_even_where_it_looks_whole(make_client, answer):
    with Wire(answer, reply({"read": "again"})) as wire:
        client = make_client(wire)

        assert client.get("/me") == {"read": "again"}
        assert client.requests == 2


@pytest.mark.parametrize("body", [b'{"name": "\\ud800!"}', b'{"name": "\xed\xa0\x80!"}'])
def test_half_a_surrogate_is_an_answer(make_client, body):
    """As an escape and as bytes: one bad character stops nobody's sync."""
    with Wire(reply(body)) as wire:
        assert make_client(wire).get("/me", lambda answer: answer["name"]) == "\ud800!"


def test_an_endless_answer_is_not_read_to_its_end(make_client):
    endless = dripping(b"HTTP/1.1 200 OK\r\n\r\n", b" " * (MAX_BODY // 4))

    with Wire(endless, reply({"read": "again"})) as wire:
        assert make_client(wire, timeout=30).get("/me") == {"read": "again"}


DEEP = 100_000


@pytest.mark.parametrize("status", [200, 400, 503])
@pytest.mark.parametrize("deep", [b"[" * DEEP, b'{"a":' * DEEP, b"[" * DEEP + b"]" * DEEP])
def test_json_of_absurd_depth_is_no_answer(make_client, deep, status):
    with Wire(reply(deep, status)) as wire, pytest.raises(SpotifyError):
        make_client(wire).get("/me", parse_profile)


def test_all_requests_of_a_client_have_one_deadline(make_client):
    with Wire(silent) as wire, pytest.raises(SpotifyUnavailable):
        make_client(wire, deadline=Deadline.after(0.3)).get("/me")

    assert len(wire.requests) == 1, "there was no time for another"


def test_after_its_deadline_a_client_sends_nothing(make_client):
    with Wire(reply({})) as wire, pytest.raises(SpotifyUnavailable, match="no time left"):
        make_client(wire, deadline=Deadline.after(0)).get("/me")

    assert wire.requests == []


def test_the_waits_grow_and_are_jittered(make_client, waits):
    with Wire(reply("", 503)) as wire:
        client = make_client(wire)
        for _ in range(20):
            with pytest.raises(SpotifyUnavailable):
                client.send(ME, Secret(TOKEN))

    seconds = waits(client)
    assert len(seconds) == 20 * (ATTEMPTS - 1)
    for attempt, middle in enumerate([0.3, 0.6, 1.2, 2.4]):
        those = seconds[attempt :: ATTEMPTS - 1]
        assert all(0.5 * middle <= wait <= 1.5 * middle for wait in those)
        assert len(set(those)) > 1, "All clients would come back at the same moment."


def test_it_gives_up_after_five_attempts_and_says_so(make_client):
    with Wire(reply(error_of({"message": "Server error"}), 502)) as wire:
        client = make_client(wire)
        with pytest.raises(SpotifyUnavailable) as caught:
            client.get("/me")

    assert len(wire.requests) == client.requests == ATTEMPTS == 5
    assert str(caught.value) == (
        "GET /me failed 5 times: GET /me: Spotify answered 502 (Server error)."
    )
    assert caught.value.status == 502


def test_a_refused_connection_is_unavailable(make_client):
    with Wire(hang_up) as wire:
        url = wire.url

    with pytest.raises(SpotifyUnavailable, match="the connection failed") as caught:
        make_client(url).get("/me")

    assert caught.value.status is None


def test_an_error_in_a_parser_is_not_taken_for_a_cut_answer(make_client):
    def broken(answer: Any) -> None:
        raise ValueError("a fault of ours")

    with Wire(reply({})) as wire, pytest.raises(ValueError, match="a fault of ours"):
        make_client(wire).get("/me", broken)

    assert len(wire.requests) == 1


@pytest.mark.parametrize("status", [400, 402, 403, 404, 405, 408, 410, 413, 422, 429])
def test_4xx_is_never_tried_again(make_client, waits, status):
    with Wire(reply(error_of({"message": "no"}), status)) as wire:
        client = make_client(wire)
        with pytest.raises(SpotifyError) as caught:
            client.get("/me")

    assert len(wire.requests) == client.requests == 1
    assert waits(client) == []
    assert caught.value.status == status


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (204, SpotifyError),
        (400, BadRequest),
        (402, SpotifyError),
        (403, Forbidden),
        (404, NotFound),
        (429, RateLimited),
    ],
)
def test_each_status_has_its_error(make_client, status, kind):
    answer = reply("" if status == 204 else error_of({"message": "said"}), status)
    with Wire(answer) as wire, pytest.raises(SpotifyError) as caught:
        make_client(wire).get("/me")

    assert type(caught.value) is kind


# 429


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, RETRY_AFTER_FLOOR),
        ("0", RETRY_AFTER_FLOOR),
        ("-3", RETRY_AFTER_FLOOR),
        ("", RETRY_AFTER_FLOOR),
        ("soon", RETRY_AFTER_FLOOR),
        ("nan", RETRY_AFTER_FLOOR),
        ("inf", RETRY_AFTER_FLOOR),
        ("²", RETRY_AFTER_FLOOR),
        ("1" * 400, RETRY_AFTER_FLOOR),
        ("99999999999", RETRY_AFTER_FLOOR),
        ("Wed, 21 Oct 2026 07:28:00 GMT", RETRY_AFTER_FLOOR),
        ("0.2", 1.0),
        ("1", 1.0),
        ("7", 7.0),
        ("86236", 86_236.0),
        ("86401", LONGEST_RETRY_AFTER),
        ("604800", LONGEST_RETRY_AFTER),
    ],
)
def test_429_is_raised_with_its_wait_and_never_waited_for(make_client, waits, header, seconds):
    headers = {} if header is None else {"Retry-After": header}

    with Wire(reply("Too many requests", 429, headers)) as wire:
        client = make_client(wire)
        with pytest.raises(RateLimited) as caught:
            client.get("/me")

    assert type(caught.value) is RateLimited
    assert caught.value.retry_after == seconds
    assert f"a pause of {seconds:g} s" in str(caught.value)
    assert waits(client) == []
    assert client.requests == 1


@pytest.mark.parametrize(
    ("header", "seconds"), [("48925", 48_925.0), (None, QUOTA_RETRY_AFTER), ("0", QUOTA_RETRY_AFTER)]
)  # fmt: skip
def test_a_spent_quota_is_told_from_a_rate_limit(make_client, header, seconds):
    headers = {} if header is None else {"Retry-After": header}
    body = error_of({"message": "API rate limit exceeded", "reason": "QUOTA_EXCEEDED"})

    with Wire(reply(body, 429, headers)) as wire, pytest.raises(QuotaExceeded) as caught:
        make_client(wire).get("/me")

    assert caught.value.retry_after == seconds


# 403 and bodies of all kinds


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("User not registered in the Developer Dashboard", AppForbidden),
        (b'"User not registered in the Developer Dashboard"', AppForbidden),
        (error_of({"message": "User not registered in the Developer Dashboard"}), AppForbidden),
        (
            "Active premium subscription required for the owner of the app. When the subscription status changes, "
            "it can take a few hours before requests are allowed again.",
            AppForbidden,
        ),
        (error_of({"message": "Active Premium subscription required"}), AppForbidden),
        (error_of({"message": "Insufficient client scope"}), InsufficientScope),
        (error_of({"message": "Forbidden"}), Forbidden),
        (error_of({"message": None}), Forbidden),
        ({"error": "forbidden"}, Forbidden),
        ({"error": ["forbidden"]}, Forbidden),
        ({}, Forbidden),
        ("<!DOCTYPE html><html><body>Access scope denied</body></html>", AppForbidden),
        ("", AppForbidden),
        (b"\xff\xfe\x00", AppForbidden),
    ],
)
def test_a_403_is_understood_whatever_its_body(make_client, body, kind):
    with Wire(reply(body, 403)) as wire, pytest.raises(Forbidden) as caught:
        make_client(wire).get("/me")

    assert type(caught.value) is kind
    assert "<" not in str(caught.value)


@pytest.mark.parametrize(
    "message", ["a\x00b", "a\ud800b", "a\nb\r\nGET /me: forged", "long " * 10_000]
)
@pytest.mark.parametrize("as_json", [True, False])
def test_what_spotify_says_can_be_logged_and_stored(make_client, message, as_json):
    body = error_of({"message": message}) if as_json else message.encode("utf-8", "surrogatepass")

    with Wire(reply(body, 400)) as wire, pytest.raises(BadRequest) as caught:
        make_client(wire).get("/me")

    said = str(caught.value)
    assert len(said) < 300
    assert "\x00" not in said
    assert "\n" not in said
    said.encode()


def test_a_closed_client_answers_nothing(make_client):
    get = Get("/playlists/p/items", lambda answer: "read", failed=lambda error: error.code)

    with Wire(FORBIDDEN_LIST) as wire:
        client = make_client(wire)
        client.close()
        with pytest.raises(SpotifyUnavailable):
            client.send(get, Secret(TOKEN))


# 401


def test_a_401_is_answered_by_one_renewal(make_client, spotify):
    tokens = OneToken("stale")
    fresh = Secret(spotify.grant()["access_token"])
    tokens.renew = lambda rejected: fresh  # type: ignore[method-assign]

    client = make_client(spotify.api_url, tokens)

    assert client.get("/me", parse_profile).spotify_id == spotify.user.id
    assert client.requests == 2


def test_a_token_refused_right_after_its_renewal_is_raised(make_client):
    with Wire(reply(error_of({"message": "The access token expired"}), 401)) as wire:
        tokens = OneToken()
        with pytest.raises(AccessTokenRejected):
            make_client(wire, tokens).get("/me")

    assert len(wire.requests) == 2
    assert tokens.renewals == [Secret(TOKEN)]


@pytest.mark.parametrize(
    "token", ["", "two\r\nlines", "umlaut-ü", "emoji-🎵", "half-\ud83c", "\x00"]
)
def test_a_token_that_http_cannot_carry_is_rejected_unsent(make_client, token):
    with Wire(reply({})) as wire, pytest.raises(AccessTokenRejected) as caught:
        make_client(wire).send(ME, Secret(token))

    assert wire.requests == []
    if token:
        assert token not in shown_by(caught.value)


# Nothing shows the token


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(reply(f"who is {TOKEN}?", 400), id="repeated as text"),
        pytest.param(reply(error_of({"message": f"Invalid token {TOKEN}"}), 401), id="repeated as JSON"),
        pytest.param(reply("x" * (200 - 9) + TOKEN, 400), id="repeated where the message is cut"),
        pytest.param(reply(error_of({"reason": TOKEN, "message": TOKEN}), 403), id="repeated in a 403"),
        pytest.param(reply(TOKEN, 429, {"Retry-After": "7"}), id="repeated in a 429"),
        pytest.param(reply(TOKEN, 503), id="repeated in a 503"),
        pytest.param(reply(TOKEN), id="repeated where JSON should be"),
        pytest.param(reply("", 302, {"Location": "http://["}), id="bad redirect"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 5, 6\r\n\r\n", id="two lengths"),
        pytest.param(hang_up, id="reset"),
        pytest.param(silent, id="timeout"),
    ],
)  # fmt: skip
def test_no_error_shows_the_token(make_client, caplog, answer):
    caplog.set_level(logging.DEBUG)
    logging.getLogger("urllib3").setLevel(logging.DEBUG)

    with Wire(answer) as wire, pytest.raises(SpotifyError) as caught:
        make_client(wire, timeout=0.2).send(ME, Secret(TOKEN))

    shown = shown_by(caught.value)
    assert "GET /me" in shown
    assert TOKEN not in shown
    assert TOKEN[:9] not in str(caught.value)
    assert all(type(link).__module__.startswith("django_spotify_sync") for link in chain(caught.value)), (
        "An exception of requests or urllib3 carries the request, and so the token, in its frames."
    )  # fmt: skip
    assert TOKEN not in caplog.text
    assert "urllib3" in caplog.text


# Threads


def test_requests_are_counted_exactly_by_many_threads(make_client, spotify):
    token = Secret(spotify.grant()["access_token"])
    client = make_client(spotify.api_url, workers=8)
    spotify.faults.add("/me/tracks", status=502, nth=20, times=ATTEMPTS - 1)

    with ThreadPoolExecutor(8) as pool:
        get = Get("/me/tracks", parse_saved_page, {"limit": 50, "offset": 0})
        assert len(list(pool.map(lambda _: client.send(get, token), range(60)))) == 60

    assert client.requests == spotify.count("/me/tracks") == 60 + ATTEMPTS - 1


def test_close_ends_the_waits_of_threads(spotify):
    spotify.faults.add("/me", status=503, times=None)
    answered = threading.Event()
    spotify.faults.add("/me", before=lambda fake: answered.set())
    client = Client(OneToken(), api_url=spotify.api_url)

    with ThreadPoolExecutor(1) as pool, pytest.MonkeyPatch.context() as patch:
        patch.setattr("django_spotify_sync.spotify.client.BACKOFF", 3600)
        sent = pool.submit(client.send, ME, Secret(TOKEN))
        assert answered.wait(10)
        client.close()
        error = sent.exception(timeout=30)

    assert isinstance(error, SpotifyUnavailable)
    assert "failed 1 times" in str(error)


def test_a_closed_client_sends_nothing(spotify):
    with Client(OneToken(), api_url=spotify.api_url) as client:
        pass

    with pytest.raises(SpotifyUnavailable, match="the client is closed"):
        client.get("/me")

    assert client.requests == spotify.count() == 0

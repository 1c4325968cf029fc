from __future__ import annotations

import base64
import json
import logging
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest

from django_spotify_sync.exceptions import (
    BadRequest,
    ClientRejected,
    GrantRejected,
    RateLimited,
    SpotifyError,
    SpotifyUnavailable,
)
from django_spotify_sync.secret import Secret
from django_spotify_sync.spotify import oauth, sessions
from django_spotify_sync.spotify.client import LONGEST_RETRY_AFTER, RETRY_AFTER_FLOOR
from django_spotify_sync.spotify.deadlines import Deadline
from tests.kit.leaks import chain, shown_by
from tests.kit.wire import Wire, dripping, hang_up, reply, silent

HIDDEN = {
    "secret": "the-client-secret",
    "code": "AQ-the-code",
    "verifier": "the-verifier-of-forty-three-characters-or-more",
    "refresh": "AQ-the-refresh-token",
    "access": "BQ-the-new-access-token",
}
BASIC = base64.b64encode(b"the-id:the-client-secret").decode()
GIVEN = {
    "access_token": HIDDEN["access"],
    "token_type": "Bearer",
    "expires_in": 3600,
    "scope": "user-library-read",
}


class Clock:
    """A clock that goes on by ``step`` whenever it is looked at, and sleeps in no time."""

    def __init__(self) -> None:
        self.naps: list[float] = []
        self.now, self.step = 0.0, 0.0

    def monotonic(self) -> float:
        self.now += self.step
        return self.now

    def sleep(self, seconds: float) -> None:
        self.naps.append(seconds)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr("django_spotify_sync.spotify.oauth.time", made)
    return made


@pytest.fixture
def naps(clock: Clock) -> list[float]:
    """Tell what would have been slept."""
    return clock.naps


def app(
    at: Wire | str | oauth.App, secret: str = HIDDEN["secret"], timeout: float = 10
) -> oauth.App:
    if isinstance(at, oauth.App):
        return at
    url = at if isinstance(at, str) else at.url
    return oauth.App("the-id", Secret(secret), url, timeout)


def exchange(at: Wire | str | oauth.App, **options: Any) -> oauth.Grant:
    return oauth.exchange_code(
        app(at, **options),
        code=Secret(HIDDEN["code"]),
        redirect_uri="https://site.test/callback/?a=b&c",
        verifier=Secret(HIDDEN["verifier"]),
    )


def refresh(at: Wire | str | oauth.App, **options: Any) -> oauth.Grant:
    return oauth.refresh(app(at, **options), Secret(HIDDEN["refresh"]))


def form_of(request: bytes) -> dict[str, str]:
    return dict(parse_qsl(request.split(b"\r\n\r\n", 1)[1].decode(), strict_parsing=True))


# Going there


def test_the_challenge_is_that_of_rfc_7636_appendix_b():
    verifier = Secret("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")

    assert oauth.challenge(verifier) == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def test_a_verifier_is_new_each_time_and_of_the_characters_and_length_of_rfc_7636():
    verifiers = {oauth.new_verifier() for _ in range(20)}

    assert len(verifiers) == 20
    for verifier in verifiers:
        assert 43 <= len(verifier.reveal()) <= 128
        assert verifier.reveal().replace("-", "").replace("_", "").isalnum()
        assert verifier.is_sendable


def test_the_consent_page_is_asked_for_all_it_needs_to_know():
    verifier = oauth.new_verifier()

    url = oauth.authorize_url(
        app("https://accounts.test"),
        redirect_uri="https://site.test/callback/?a=b&c",
        scopes=["user-library-read", "user-follow-read"],
        state="st&te",
        verifier=verifier,
        show_dialog=True,
    )

    assert url.startswith("https://accounts.test/authorize?")
    assert parse_qs(urlsplit(url).query, strict_parsing=True) == {
        "client_id": ["the-id"],
        "response_type": ["code"],
        "redirect_uri": ["https://site.test/callback/?a=b&c"],
        "scope": ["user-library-read user-follow-read"],
        "state": ["st&te"],
        "code_challenge_method": ["S256"],
        "code_challenge": [oauth.challenge(verifier)],
        "show_dialog": ["true"],
    }
    assert verifier.reveal() not in url
    assert HIDDEN["secret"] not in url


def test_without_a_verifier_there_is_no_challenge():
    url = oauth.authorize_url(
        app("https://accounts.test"),
        redirect_uri="https://site.test/",
        scopes=[],
        state="s",
        verifier=None,
    )

    assert "challenge" not in url
    assert "show_dialog" not in url


# What is sent


def test_a_confidential_client_sends_its_secret_by_basic_and_no_id_in_the_body():
    with Wire(reply(GIVEN)) as wire:
        exchange(wire)

    [request] = wire.requests
    assert request.startswith(b"POST /api/token HTTP/1.1\r\n")
    assert f"\r\nAuthorization: Basic {BASIC}\r\n".encode() in request
    assert b"\r\nContent-Type: application/x-www-form-urlencoded\r\n" in request
    assert form_of(request) == {
        "grant_type": "authorization_code",
        "code": HIDDEN["code"],
        "code_verifier": HIDDEN["verifier"],
        "redirect_uri": "https://site.test/callback/?a=b&c",
    }


def test_a_public_client_sends_its_id_in_the_body():
    with Wire(reply(GIVEN)) as wire:
        exchange(wire, secret="")
        refresh(wire, secret="")

    for request in wire.requests:
        assert b"authorization:" not in request.lower()
        assert form_of(request)["client_id"] == "the-id"


def test_a_refresh_sends_the_token_and_nothing_else():
    with Wire(reply(GIVEN)) as wire:
        refresh(wire)

    assert form_of(wire.requests[0]) == {
        "grant_type": "refresh_token",
        "refresh_token": HIDDEN["refresh"],
    }


def test_netrc_is_not_read(monkeypatch, tmp_path):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login mallory password from-netrc")
    monkeypatch.setenv("NETRC", str(netrc))

    with Wire(reply(GIVEN)) as wire:
        refresh(wire, secret="")

    assert b"authorization:" not in wire.requests[0].lower()


def test_the_whole_way_works_with_spotifys_own_rules(spotify):
    granted = spotify.grant()
    its = oauth.App(spotify.client_id, Secret(spotify.client_secret), spotify.accounts_url)

    grant = oauth.refresh(its, Secret(granted["refresh_token"]))

    assert grant.access_token.reveal().startswith("FAKE_ACCESS_")
    assert grant.refresh_token is None
    assert set(grant.scope.split()) == set(granted["scope"].split())


# What is given


def test_what_the_answer_holds_is_the_grant():
    with Wire(reply({**GIVEN, "refresh_token": "AQ-rotated"})) as wire:
        grant = refresh(wire)

    assert grant == oauth.Grant(
        access_token=Secret(HIDDEN["access"]),
        refresh_token=Secret("AQ-rotated"),
        expires_in=3600,
        scope="user-library-read",
    )
    assert "AQ-rotated" not in repr(grant)


@pytest.mark.parametrize(
    "renewed", [{}, {"refresh_token": None}, {"refresh_token": ""}, {"refresh_token": 5}]
)
def test_no_new_refresh_token_means_that_the_old_one_stays(renewed):
    with Wire(reply({**GIVEN, **renewed})) as wire:
        assert refresh(wire).refresh_token is None


@pytest.mark.parametrize(
    ("expires_in", "seconds"),
    [
        ("3000", 3000),
        ("3000.7", 3000),
        ("1", 1),
        ("null", 3600),
        ("true", 3600),
        ('"1800"', 3600),
        ("0", 3600),
        ("0.5", 3600),
        ("-1", 3600),
        ("1e999", 3600),
        ("NaN", 3600),
        ("9" * 400, 3600),
        ("[]", 3600),
    ],
)
def test_a_weird_expires_in_becomes_an_hour(expires_in, seconds):
    with Wire(reply(f'{{"access_token": "BQ", "expires_in": {expires_in}}}')) as wire:
        assert refresh(wire).expires_in == seconds


@pytest.mark.parametrize(
    ("scope", "kept"), [(None, None), (["a"], None), ("a\x00b", "a\ufffdb"), ("", "")]
)
def test_a_weird_scope_can_be_stored(scope, kept):
    with Wire(reply({**GIVEN, "scope": scope})) as wire:
        assert refresh(wire).scope == kept


@pytest.mark.parametrize(
    "body",
    [
        "",
        "<html>",
        b"\xff",
        "null",
        "[]",
        "[" * 100_000,
        "{}",
        {"access_token": None},
        {"access_token": ""},
        {"access_token": 5},
        {"access_token": "two\r\nlines"},
        {"access_token": "umlaut-ü"},
    ],
    ids=lambda body: str(body)[:20],
)
def test_a_200_without_a_usable_access_token_is_no_answer(naps, body):
    if isinstance(body, dict):
        body["refresh_token"] = HIDDEN["refresh"]

    with (
        Wire(reply(body)) as wire,
        pytest.raises(SpotifyUnavailable, match="no access token") as caught,
    ):
        refresh(wire)

    assert len(wire.requests) == 1
    assert HIDDEN["refresh"] not in shown_by(caught.value)


# What is refused


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, {"error": "invalid_grant", "error_description": "Refresh token revoked"}, GrantRejected),
        (400, {"error": "invalid_grant", "error_description": "code_verifier was incorrect"}, GrantRejected),
        (400, {"error": "invalid_client"}, ClientRejected),
        (401, {"error": "invalid_client", "error_description": "Invalid client secret"}, ClientRejected),
        (400, {"error": "unauthorized_client"}, ClientRejected),
        (400, {"error": "invalid_request"}, BadRequest),
        (400, {"error": "unsupported_grant_type"}, BadRequest),
        (400, {"error": {"status": 400}}, BadRequest),
        (400, {}, BadRequest),
        (400, "<html>400</html>", SpotifyUnavailable),
        (400, "", SpotifyUnavailable),
        (403, "[]", SpotifyUnavailable),
        (302, "", SpotifyUnavailable),
        (500, {"error": "server_error"}, SpotifyUnavailable),
        (503, {"error": "invalid_grant"}, SpotifyUnavailable),
        (503, "<html>503</html>", SpotifyUnavailable),
    ],
)  # fmt: skip
@pytest.mark.parametrize("ask", [exchange, refresh])
def test_each_refusal_has_its_error(naps, ask, status, body, kind):
    with (
        Wire(reply(body, status, {"Location": "http://["})) as wire,
        pytest.raises(SpotifyError) as caught,
    ):
        ask(wire)

    assert type(caught.value) is kind
    assert caught.value.status == status
    assert "Location" not in str(caught.value)


@pytest.mark.parametrize(
    ("header", "seconds"), [("7", 7.0), (None, RETRY_AFTER_FLOOR), ("²", RETRY_AFTER_FLOOR), ("0", RETRY_AFTER_FLOOR),
                          ("604800", LONGEST_RETRY_AFTER)]
)  # fmt: skip
def test_a_429_says_how_long(naps, header, seconds):
    headers = {} if header is None else {"Retry-After": header}

    with (
        Wire(reply("Too many requests", 429, headers)) as wire,
        pytest.raises(RateLimited) as caught,
    ):
        refresh(wire)

    assert caught.value.retry_after == seconds
    assert len(wire.requests) == 1
    assert naps == []


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(hang_up, id="reset"),
        pytest.param(silent, id="timeout"),
        pytest.param(reply(GIVEN, length=10_000), id="cut"),
        pytest.param(dripping(b"HTTP/1.1 200 OK\r\nX: ", b"x"), id="dripped headers"),
        pytest.param(dripping(b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n", b" "), id="dripped body"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("ask", [exchange, refresh])
def test_after_a_broken_connection_nothing_is_sent_again(naps, ask, answer):
    with (
        Wire(answer) as wire,
        pytest.raises(SpotifyUnavailable, match="the connection failed") as caught,
    ):
        ask(wire, timeout=1)  # a busy machine takes so long to connect

    assert caught.value.status is None
    assert len(wire.requests) == 1
    assert naps == []


@pytest.mark.parametrize("ask", [exchange, refresh])
def test_an_answer_that_is_too_large_is_not_read_to_its_end(naps, monkeypatch, ask):
    monkeypatch.setattr(sessions, "MAX_BODY", 100_000)
    endless = json.dumps(GIVEN | {"more": "x" * 200_000})

    with Wire(reply(endless)) as wire, pytest.raises(SpotifyUnavailable, match="TooLarge"):
        ask(wire)

    assert len(wire.requests) == 1


@pytest.mark.parametrize("ask", [exchange, refresh])
def test_after_its_deadline_nothing_is_sent(naps, ask):
    late = oauth.App("the-id", Secret("s"), "http://spotify.test", deadline=Deadline.after(0))

    with pytest.raises(SpotifyUnavailable, match="no time left"):
        ask(late)


def test_all_attempts_to_refresh_have_one_deadline():
    with Wire(silent) as wire:
        pressed = oauth.App("the-id", Secret("s"), wire.url, deadline=Deadline.after(0.3))
        with pytest.raises(SpotifyUnavailable, match="the connection failed"):
            refresh(pressed)

    assert len(wire.requests) == 1


# Again after a 5xx


def test_a_refresh_is_sent_again_after_a_5xx(naps):
    with Wire(reply("", 502), reply("<html>", 503), reply(GIVEN)) as wire:
        assert refresh(wire).access_token == Secret(HIDDEN["access"])

    assert len(wire.requests) == 3
    assert len(naps) == 2
    assert 0.15 <= naps[0] <= 0.45
    assert 0.3 <= naps[1] <= 0.9


def test_a_refresh_is_sent_three_times_at_most(naps):
    with Wire(reply("", 502)) as wire, pytest.raises(SpotifyUnavailable) as caught:
        refresh(wire)

    assert len(wire.requests) == 3
    assert caught.value.status == 502


def test_a_refresh_is_not_sent_again_when_its_time_is_over(clock):
    clock.step = 11

    with Wire(reply("", 502)) as wire, pytest.raises(SpotifyUnavailable):
        refresh(wire)

    assert len(wire.requests) == 1


@pytest.mark.parametrize("status", [400, 429, 302])
def test_a_refresh_is_not_sent_again_after_anything_else(naps, status):
    with Wire(reply({"error": "invalid_request"}, status)) as wire, pytest.raises(SpotifyError):
        refresh(wire)

    assert len(wire.requests) == 1
    assert naps == []


def test_a_code_is_never_sent_twice(naps):
    with Wire(reply("", 503)) as wire, pytest.raises(SpotifyUnavailable):
        exchange(wire)

    assert len(wire.requests) == 1


@pytest.mark.parametrize("code", ["", "two\r\nlines", "umlaut-ü", "half-\ud83c", "\x00"])
def test_a_code_that_can_be_none_is_rejected_unsent(code):
    with Wire(reply(GIVEN)) as wire, pytest.raises(GrantRejected) as caught:
        oauth.exchange_code(
            app(wire), code=Secret(code), redirect_uri="https://site.test/", verifier=None
        )

    assert wire.requests == []
    if code:
        assert code not in shown_by(caught.value)


# Nothing shows what is hidden

EVERYTHING = " ".join([*HIDDEN.values(), BASIC])


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(reply(EVERYTHING, 400), id="repeated as text"),
        pytest.param(reply({"error": HIDDEN["code"], "error_description": EVERYTHING}, 400), id="repeated as error"),
        pytest.param(reply({"error": HIDDEN["refresh"]}, 400), id="another repeated as error"),
        pytest.param(reply({"error": "invalid_grant", "error_description": EVERYTHING}, 400), id="repeated beside it"),
        pytest.param(reply({"refresh_token": HIDDEN["refresh"], "x": EVERYTHING}), id="half a grant"),
        pytest.param(reply(EVERYTHING, 503), id="repeated in a 5xx"),
        pytest.param(reply(EVERYTHING, 429), id="repeated in a 429"),
        pytest.param(reply(GIVEN, length=10_000), id="cut"),
        pytest.param(hang_up, id="reset"),
        pytest.param(silent, id="timeout"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("secret", [HIDDEN["secret"], ""])
@pytest.mark.parametrize("ask", [exchange, refresh])
def test_no_error_and_no_log_shows_what_is_hidden(naps, caplog, ask, secret, answer):
    caplog.set_level(logging.DEBUG)

    with Wire(answer) as wire, pytest.raises(SpotifyError) as caught:
        ask(wire, secret=secret, timeout=0.2)

    assert all(
        type(link).__module__.startswith("django_spotify_sync") for link in chain(caught.value)
    )
    shown = shown_by(caught.value) + caplog.text
    assert "POST /api/token" in shown
    for name, hidden in {**HIDDEN, "basic": BASIC}.items():
        assert hidden not in shown, f"The {name} is on show."

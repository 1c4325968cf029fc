from __future__ import annotations

import datetime
import ipaddress
import json
import logging
import ssl
import threading
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

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
    MAX_BODY,
    QUOTA_RETRY_AFTER,
    RETRY_AFTER_FLOOR,
    Client,
    Get,
)
from tests.leaks import chain, shown_by
from tests.spotify.conftest import TOKEN, OneToken
from tests.spotify.wire import Wire, dripping, hang_up, reply, silent

ME = Get("/me", lambda answer: answer)


def error_of(body: dict[str, Any]) -> dict[str, Any]:
    return {"error": {"status": 0, **body}}


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


@pytest.mark.parametrize("target", ["/v1/elsewhere", "//evil.test/", "http://[", ""])
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_not_followed(make_client, status, target):
    with (
        Wire(reply("", status, {"Location": target})) as wire,
        pytest.raises(SpotifyUnavailable) as caught,
    ):
        make_client(wire).get("/me")

    assert caught.value.status == status
    assert {request.split()[1] for request in wire.requests} == {b"/me"}


def test_netrc_is_not_read(make_client, monkeypatch, tmp_path):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login mallory password from-netrc")
    monkeypatch.setenv("NETRC", str(netrc))

    with Wire(reply({})) as wire:
        make_client(wire).get("/me")

    assert f"Authorization: Bearer {TOKEN}\r\n".encode() in wire.requests[0]
    assert b"Basic" not in wire.requests[0]


def test_proxies_of_the_environment_are_used(make_client, monkeypatch):
    with Wire(reply({"by": "proxy"})) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        answer = make_client("http://spotify.test/v1").get("/me")

    assert answer == {"by": "proxy"}
    assert proxy.requests[0].startswith(b"GET http://spotify.test/v1/me HTTP/1.1\r\n")


def test_a_proxy_that_drips_meets_the_deadline(make_client, monkeypatch):
    with Wire(dripping(b"HTTP/1.1 200 OK\r\nX: ", b"x")) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        with pytest.raises(SpotifyUnavailable, match=r"no whole answer within 0\.2 s"):
            make_client("http://spotify.test", timeout=0.2).get("/me")


def test_certificates_of_the_environment_are_believed(make_client, monkeypatch, tmp_path):
    authority, context = certificate(tmp_path)

    with Wire(reply({"by": "tls"}), tls=context) as wire:
        with pytest.raises(SpotifyUnavailable, match="SSLError"):
            make_client(wire).get("/me")
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority))
        answer = make_client(wire).get("/me")

    assert answer == {"by": "tls"}


def test_a_server_that_drips_over_tls_meets_the_deadline(make_client, monkeypatch, tmp_path):
    authority, context = certificate(tmp_path)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority))

    dripping_header = dripping(b"HTTP/1.1 200 OK\r\nX: ", b"x")
    with Wire(dripping_header, tls=context) as wire, pytest.raises(SpotifyUnavailable) as caught:
        make_client(wire, timeout=0.3).get("/me")

    assert "no whole answer within 0.3 s" in str(caught.value)


def test_cookies_are_not_kept(make_client):
    with Wire(reply({}, headers={"Set-Cookie": "sp_t=tracked; Path=/"})) as wire:
        client = make_client(wire)
        client.get("/me")
        client.get("/me")

    assert len(wire.requests) == 2
    assert b"cookie" not in wire.requests[1].lower()


def test_zipped_answers_are_read(make_client):
    packer = zlib.compressobj(wbits=31)
    packed = packer.compress(json.dumps({"name": "ü" * 5000}).encode()) + packer.flush()

    with Wire(reply(packed, headers={"Content-Encoding": "gzip"})) as wire:
        assert make_client(wire).get("/me") == {"name": "ü" * 5000}


# The deadline


@pytest.mark.parametrize(
    ("begin", "drop"),
    [
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", b" ", id="body"),
        pytest.param(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n", id="chunks"),
        pytest.param(b"HTTP/1.1 200 OK\r\nX-Long: ", b"x", id="one header"),
        pytest.param(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n", id="headers"),
        pytest.param(b"HTTP/1.1 200 ", b"O", id="status line"),
        pytest.param(b"", b"HTTP/1.1 100 Continue\r\n\r\n", id="continue"),
    ],
)  # fmt: skip
def test_a_server_that_drips_bytes_meets_the_deadline(make_client, begin, drop):
    # Each byte comes well within the timeout of a read, and they never end: to return at all is the proof.
    with Wire(dripping(begin, drop)) as wire, pytest.raises(SpotifyUnavailable) as caught:
        make_client(wire, timeout=0.2).get("/me")

    assert str(caught.value) == "GET /me failed 5 times: no whole answer within 0.2 s."
    assert len(wire.requests) == ATTEMPTS


def test_a_silent_server_meets_the_deadline(make_client):
    with (
        Wire(silent) as wire,
        pytest.raises(SpotifyUnavailable, match=r"no whole answer within 0\.1 s"),
    ):
        make_client(wire, timeout=0.1).get("/me")


def test_each_request_has_the_whole_time(make_client):
    slow = dripping(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", b" ")

    with Wire(slow, silent, hang_up, reply({"at": "last"})) as wire:
        assert make_client(wire, timeout=0.3).get("/me") == {"at": "last"}


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


def test_an_endless_answer_is_not_read_to_its_end(make_client):
    endless = dripping(b"HTTP/1.1 200 OK\r\n\r\n", b" " * (MAX_BODY // 4))

    with Wire(endless, reply({"read": "again"})) as wire:
        assert make_client(wire, timeout=30).get("/me") == {"read": "again"}


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


# Errors that may be answers


FORBIDDEN_LIST = reply(error_of({"message": "Forbidden"}), 403)


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        pytest.param(FORBIDDEN_LIST, "forbidden", id="403"),
        pytest.param(reply(error_of({"message": "Not found"}), 404), "not_found", id="404"),
        pytest.param(reply("", 502), "spotify_unavailable", id="502"),
        pytest.param(reply(error_of({"message": "Bad"}), 400), "bad_request", id="400"),
        pytest.param(reply("<html>404</html>", 404), "spotify_error", id="a gateway"),
        pytest.param(reply("", 451), "spotify_error", id="451"),
        pytest.param(reply("User not registered", 403), "app_forbidden", id="the app"),
    ],
)
def test_an_error_that_concerns_one_address_may_be_its_answer(make_client, answer, code):
    with Wire(answer) as wire:
        get = Get("/playlists/p/items", lambda answer: "read", failed=lambda error: error.code)

        assert make_client(wire).send(get, Secret(TOKEN)) == code


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(reply(error_of({"message": "expired"}), 401), id="the token"),
        pytest.param(reply("", 429), id="the pace"),
    ],
)
def test_an_error_that_concerns_more_is_raised_all_the_same(make_client, answer):
    get = Get("/playlists/p/items", lambda answer: "read", failed=lambda error: error.code)

    with Wire(answer) as wire, pytest.raises(SpotifyError):
        make_client(wire).send(get, Secret(TOKEN))


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


def certificate(folder: Path) -> tuple[Path, ssl.SSLContext]:
    """Make a certificate for 127.0.0.1 that only who is told to will believe."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    today = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(today - datetime.timedelta(days=1))
        .not_valid_after(today + datetime.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    authority, private = folder / "authority.pem", folder / "key.pem"
    authority.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority, private)
    return authority, context

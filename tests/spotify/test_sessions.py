"""Redirects, netrc, proxies, certificates, cookies, and the deadline of one answer."""

from __future__ import annotations

import datetime
import ipaddress
import json
import socket
import ssl
import zlib
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from django_spotify_sync.exceptions import SpotifyUnavailable
from django_spotify_sync.spotify.client import ATTEMPTS
from tests.kit.wire import Wire, dripping, hang_up, reply, silent
from tests.spotify.conftest import TOKEN


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


@pytest.fixture
def swallowing() -> Iterator[tuple[str, int]]:
    """Give an address that answers no attempt to connect: its queue is full, and nobody empties it."""
    with ExitStack() as opened:
        server = opened.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(8):
            waiting = opened.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(server.getsockname())
        yield server.getsockname()


@pytest.fixture
def many_addresses(monkeypatch):
    """Let the host spotify.test have these addresses."""

    def have(*addresses: tuple[str, int]) -> None:
        look_up = socket.getaddrinfo

        def getaddrinfo(host, *args, **kwargs):
            if host != "spotify.test":
                return look_up(host, *args, **kwargs)
            kind = (socket.AF_INET, socket.SOCK_STREAM, 6, "")
            return [(*kind, address) for address in addresses]

        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)

    return have


def test_all_addresses_of_a_host_share_the_time_of_one_request(
    make_client, swallowing, many_addresses
):
    """Three that swallow everything, and one that answers: within the time of one request."""
    with Wire(reply({"at": "last"})) as wire:
        host, _, port = wire.address.rpartition(":")
        many_addresses(swallowing, swallowing, swallowing, (host, int(port)))
        client = make_client("http://spotify.test", timeout=2)

        assert client.get("/me") == {"at": "last"}
        assert client.requests == 1


def test_addresses_that_all_swallow_everything_are_one_request_that_took_too_long(
    make_client, swallowing, many_addresses
):
    many_addresses(*[swallowing] * 3)

    with pytest.raises(SpotifyUnavailable, match=r"failed 5 times: no whole answer within 0\.3 s"):
        make_client("http://spotify.test", timeout=0.3).get("/me")


def test_an_address_that_refuses_keeps_nobody_from_the_next(make_client, many_addresses):
    with socket.create_server(("127.0.0.1", 0)) as gone:
        refusing = gone.getsockname()
    with Wire(reply({"at": "last"})) as wire:
        host, _, port = wire.address.rpartition(":")
        many_addresses(refusing, (host, int(port)))

        assert make_client("http://spotify.test").get("/me") == {"at": "last"}


def test_a_host_without_an_address(make_client, many_addresses):
    many_addresses()

    with pytest.raises(SpotifyUnavailable):
        make_client("http://spotify.test").get("/me")


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

"""The fake as a server: connections, the log, pictures, and coming and going."""

from __future__ import annotations

import http.client
import socket
import struct
import threading
import zlib
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest
import requests

from django_spotify_sync.testing import FakeSpotify
from django_spotify_sync.testing.music.pictures import picture
from tests.testing.conftest import Get


def test_there_is_no_address_before_the_start() -> None:
    with pytest.raises(RuntimeError, match="start"):
        _ = FakeSpotify().url


def test_settings_lead_to_it(fake: FakeSpotify) -> None:
    assert fake.settings == {
        "SPOTIFY_SYNC_CLIENT_ID": fake.client_id,
        "SPOTIFY_SYNC_CLIENT_SECRET": fake.client_secret,
        "SPOTIFY_SYNC_API_URL": f"{fake.url}/v1",
        "SPOTIFY_SYNC_ACCOUNTS_URL": fake.url,
    }


def test_a_public_address_is_what_everybody_is_told() -> None:
    with FakeSpotify(tracks=1, public_url="http://fake.localhost:81/") as fake:
        token = fake.grant()["access_token"]
        page = requests.get(
            f"http://127.0.0.1:{fake.port}/v1/me/tracks",
            headers={"Authorization": f"Bearer {token}"},
            timeout=10,
        ).json()

    assert fake.settings["SPOTIFY_SYNC_ACCOUNTS_URL"] == "http://fake.localhost:81"
    assert page["href"].startswith("http://fake.localhost:81/v1/me/tracks")
    images = page["items"][0]["track"]["album"]["images"]
    assert all(image["url"].startswith("http://fake.localhost:81/image/") for image in images)


def test_one_connection_serves_many_requests(fake: FakeSpotify) -> None:
    connection = http.client.HTTPConnection(urlsplit(fake.url).netloc, timeout=10)
    headers = {"Authorization": f"Bearer {fake.grant()['access_token']}"}
    ports = set()
    for _ in range(3):
        connection.request("GET", "/v1/me/tracks", headers=headers)
        connection.getresponse().read()
        ports.add(connection.sock.getsockname()[1])
    connection.close()

    assert len(ports) == 1


def test_a_caller_can_ask_for_the_connection_to_end(fake: FakeSpotify) -> None:
    with socket.create_connection((fake.host, fake.port), 10) as wire:
        wire.sendall(b"GET /v1/me HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        answer = b"".join(iter(lambda: wire.recv(65_536), b""))

    assert answer.startswith(b"HTTP/1.1 401 Unauthorized\r\n")
    assert b"Connection: close" in answer


def test_what_is_not_http_is_hung_up_on(fake: FakeSpotify) -> None:
    with socket.create_connection((fake.host, fake.port), 10) as wire:
        wire.sendall(b"hello\r\n\r\n")
        assert wire.recv(100) == b""


def test_gzip_only_for_those_who_take_it(fake: FakeSpotify, session: requests.Session) -> None:
    token = fake.grant()["access_token"]

    def ask(encoding: str) -> requests.Response:
        headers = {"Authorization": f"Bearer {token}", "Accept-Encoding": encoding}
        return session.get(f"{fake.api_url}/me/tracks?limit=50", headers=headers, timeout=10)

    plain, zipped = ask("identity"), ask("gzip, deflate")
    assert "Content-Encoding" not in plain.headers
    assert zipped.headers["Content-Encoding"] == "gzip"
    assert int(zipped.headers["Content-Length"]) < len(plain.content) / 3
    assert zipped.json() == plain.json() == ask("identity").json()


def test_the_log_tells_everything(fake: FakeSpotify, get: Get) -> None:
    get("/me/tracks", limit=5, offset=10)
    get("/nonsense")

    first, second = fake.requests
    assert (first.method, first.path, first.status) == ("GET", "/v1/me/tracks", 200)
    assert first.query == {"limit": "5", "offset": "10"}
    assert first.user_id == fake.user.id
    assert first.at <= second.at
    assert first.seconds >= 0
    assert second.status == 404
    assert fake.count() == 2
    assert fake.count("/me") == fake.count("/v1/me/tracks") == 1
    with pytest.raises(AttributeError):
        first.status = 500  # type: ignore[misc]
    fake.clear_log()
    assert (fake.requests, fake.count(), fake.peak_in_flight) == ([], 0, 0)


def test_requests_in_flight_are_counted_at_their_peak(fake: FakeSpotify, get: Get) -> None:
    meeting = threading.Barrier(3)
    fake.faults.add("/me", times=None, before=lambda _: meeting.wait(10))
    token = fake.grant()["access_token"]

    def ask(_: int) -> int:
        headers = {"Authorization": f"Bearer {token}"}
        return requests.get(f"{fake.api_url}/me", headers=headers, timeout=10).status_code

    get("/me/tracks")
    assert fake.peak_in_flight == 1
    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(ask, range(3))) == [200] * 3

    assert fake.peak_in_flight == 3


def test_one_caller_after_another_is_never_two_in_flight(fake: FakeSpotify, get: Get) -> None:
    for _ in range(30):
        get("/me")

    assert fake.peak_in_flight == 1


def test_latency_is_counted_from_arrival(fake: FakeSpotify, get: Get) -> None:
    fake.latency = 0.05

    get("/me")

    assert fake.requests[-1].seconds >= 0.05


def test_stopping_closes_the_door_and_starting_opens_the_same_one(
    session: requests.Session,
) -> None:
    fake = FakeSpotify(tracks=1).start()
    url, headers = fake.api_url, {"Authorization": f"Bearer {fake.grant()['access_token']}"}
    assert session.get(f"{url}/me", headers=headers, timeout=10).status_code == 200

    fake.stop()
    fake.stop()
    with pytest.raises(requests.ConnectionError):
        session.get(f"{url}/me", headers=headers, timeout=10)
    fake.start()

    assert fake.api_url == url
    assert session.get(f"{url}/me", headers=headers, timeout=10).status_code == 200
    fake.stop()


def test_stopping_does_not_wait_for_the_slow() -> None:
    fake = FakeSpotify(tracks=1).start()
    fake.faults.add("/me", delay=30.0)
    arrived = threading.Event()
    fake.faults.add("/me", before=lambda _: arrived.set())
    with socket.create_connection((fake.host, fake.port), 10) as wire:
        wire.sendall(b"GET /v1/me HTTP/1.1\r\nHost: x\r\n\r\n")
        assert arrived.wait(10)

        fake.stop()

        assert [line.path for line in fake.requests] == ["/v1/me"]


def test_a_fault_of_the_fake_itself_is_told(fake: FakeSpotify, get: Get) -> None:
    fake.faults.add("/me", where=lambda request: 1 // 0 == 1)

    assert get("/me").status_code == 500
    assert "ZeroDivisionError" in fake.errors.pop()


def test_other_addresses_of_the_host_are_404(fake: FakeSpotify, session: requests.Session) -> None:
    assert session.get(f"{fake.url}/", timeout=10).status_code == 404


def test_two_users_of_one_name_are_refused(fake: FakeSpotify) -> None:
    with pytest.raises(ValueError, match="listener"):
        fake.add_user("listener")


def test_a_second_user_shares_part_of_the_catalogue(fake: FakeSpotify) -> None:
    ada = fake.add_user("ada", tracks=100)

    both = set(fake.user.track_ids()) & set(ada.track_ids())

    assert len(both) == 50


def test_ipv6_loopback_serves_too(session: requests.Session) -> None:
    with FakeSpotify(host="::1") as fake:
        assert fake.url.startswith("http://[::1]:")
        assert session.get(f"{fake.api_url}/me", timeout=10).status_code == 401


def test_pictures_are_drawn_by_the_fake(
    fake: FakeSpotify, get: Get, session: requests.Session
) -> None:
    images = get("/me/tracks", limit=1).json()["items"][0]["track"]["album"]["images"]
    fake.clear_log()

    drawn = [session.get(image["url"], timeout=10) for image in images]

    assert [image["width"] for image in images] == [640, 300, 64]
    assert all(image["url"].startswith(f"{fake.url}/image/") for image in images)
    for image, answer in zip(images, drawn, strict=True):
        assert answer.headers["Content-Type"] == "image/png"
        width, height = struct.unpack(">II", answer.content[16:24])
        assert (width, height) == (image["width"], image["height"])
    assert fake.requests == []


def test_pictures_are_whole_and_distinct() -> None:
    pictures = {picture(f"0064{name}") for name in range(200)}
    one = picture("0064x")

    assert len(pictures) == 200
    start = one.index(b"IDAT")
    (length,) = struct.unpack(">I", one[start - 4 : start])
    pixels = zlib.decompress(one[start + 4 : start + 4 + length])
    assert len(pixels) == 64 * 65
    assert len(set(pixels)) > 2
    assert picture("no size")[16:24] == struct.pack(">II", 300, 300)

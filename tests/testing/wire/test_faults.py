"""Every way of going wrong that can be scripted."""

from __future__ import annotations

import http.client
import json
from time import monotonic
from typing import Any

import pytest
import requests

from django_spotify_sync.testing import FakeSpotify, Fault
from tests.testing.conftest import Get


def ids(answer: requests.Response) -> list[str]:
    return [item["track"]["id"] for item in answer.json()["items"]]


def test_a_fault_at_one_offset_fires_so_many_times(fake: FakeSpotify, get: Get) -> None:
    fault = fake.faults.add("/me/tracks", offset=50, times=3, status=502)

    statuses = [get("/me/tracks", offset=offset).status_code for offset in (0, 50, 50, 50, 50)]

    assert statuses == [200, 502, 502, 502, 200]
    assert (fault.fired, fault.seen) == (3, 4)


def test_a_fault_waits_for_its_turn(fake: FakeSpotify, get: Get) -> None:
    fake.faults.add("/me/tracks", nth=3, status=503)

    statuses = [get("/me/tracks").status_code for _ in range(4)]

    assert statuses == [200, 200, 503, 200]


def test_a_fault_can_last_and_be_taken_away(fake: FakeSpotify, get: Get) -> None:
    fault = fake.faults.add("/me", times=None, status=500)
    other = fake.faults.add("/me/tracks", times=None, status=504)

    assert [get("/me").status_code for _ in range(5)] == [500] * 5
    fake.faults.remove(fault)
    assert get("/me").status_code == 200
    assert get("/me/tracks").status_code == 504
    assert list(fake.faults) == [other]
    fake.faults.clear()
    assert len(fake.faults) == 0
    assert get("/me/tracks").status_code == 200


def test_two_faults_take_two_requests(fake: FakeSpotify, get: Get) -> None:
    page = fake.faults.add("/me/tracks", short=1)
    fake.faults.add("/me/tracks", status=502)
    fake.faults.add("/me/tracks", status=429)

    statuses = [get("/me/tracks").status_code for _ in range(2)]

    assert statuses == [502, 429]
    assert page.fired == 0
    assert len(ids(get("/me/tracks"))) == 19


@pytest.mark.parametrize(
    ("pattern", "hit"),
    [
        ("/me/tracks", {"/me/tracks"}),
        ("/v1/me/tracks", {"/me/tracks"}),
        ("/me", {"/me"}),
        ("/playlists/*/items", {"items"}),
        ("*", {"/me", "/me/tracks", "items"}),
    ],
)
def test_the_path_is_exact_or_a_pattern(
    fake: FakeSpotify, get: Get, pattern: str, hit: set[str]
) -> None:
    fake.faults.add(pattern, times=None, status=418)
    paths = {
        "/me": "/me",
        "/me/tracks": "/me/tracks",
        "items": f"/playlists/{fake.user.playlists[0].id}/items",
    }

    assert {name for name, path in paths.items() if get(path).status_code == 418} == hit


def test_method_and_function_narrow_a_fault(fake: FakeSpotify, get: Get) -> None:
    fake.faults.add("/me/tracks", method="PUT", status=500, times=None)
    fake.faults.add(
        "/me/tracks", where=lambda request: request.query.get("limit") == "7", status=502
    )

    assert get("/me/tracks").status_code == 200
    assert get("/me/tracks", limit=7).status_code == 502


@pytest.mark.parametrize(
    ("effects", "status", "retry_after", "body"),
    [
        (
            {"status": 429, "retry_after": 7},
            *(429, "7", {"error": {"status": 429, "message": "API rate limit exceeded"}}),
        ),
        (
            {"status": 429, "reason": "QUOTA_EXCEEDED", "retry_after": 72_000, "message": "m"},
            *(429, "72000"),
            {"error": {"status": 429, "message": "m", "reason": "QUOTA_EXCEEDED"}},
        ),
        (
            {"status": 401},
            *(401, None, {"error": {"status": 401, "message": "Access token missing"}}),
        ),
        ({"status": 502}, 502, None, {"error": {"status": 502, "message": "Bad gateway."}}),
    ],
)
def test_a_status_has_its_body_and_header(
    fake: FakeSpotify,
    get: Get,
    effects: dict[str, Any],
    status: int,
    retry_after: str | None,
    body: object,
) -> None:
    fake.faults.add("/me", **effects)

    answer = get("/me")

    assert answer.status_code == status
    assert answer.headers.get("Retry-After") == retry_after
    assert answer.json() == body


@pytest.mark.parametrize(
    ("effects", "status", "kind", "text"),
    [
        ({"status": 429, "body": "text"}, 429, "text/plain", "Too many requests"),
        ({"status": 403, "body": "No."}, 403, "text/plain", "No."),
        ({"body": b'{"half": '}, 200, "application/json", '{"half": '),
        ({"status": 502, "html": True}, 502, "text/html", "Something went wrong"),
    ],
)
def test_bodies_need_not_be_json(
    fake: FakeSpotify, get: Get, effects: dict[str, Any], status: int, kind: str, text: str
) -> None:
    fake.faults.add("/me", headers={"X-Gateway": "yes"}, **effects)

    answer = get("/me")

    assert answer.status_code == status
    assert answer.headers["Content-Type"].startswith(kind)
    assert answer.headers["X-Gateway"] == "yes"
    assert text in answer.text


def test_the_accounts_service_has_errors_of_its_own_shape(
    fake: FakeSpotify, session: requests.Session
) -> None:
    fake.faults.add("/api/token", status=400, reason="invalid_grant", message="Gone")
    fake.faults.add("/api/token", status=503)

    first, second = (session.post(f"{fake.url}/api/token", timeout=10) for _ in range(2))

    assert first.json() == {"error": "invalid_grant", "error_description": "Gone"}
    assert (second.status_code, second.json()["error"]) == (503, "server_error")


def test_a_body_can_end_short_of_its_length(fake: FakeSpotify, get: Get) -> None:
    fake.faults.add("/me/tracks", cut=True)

    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        get("/me/tracks")
    assert get("/me/tracks").status_code == 200


def test_json_can_be_cut_under_a_right_length(fake: FakeSpotify, get: Get) -> None:
    fake.faults.add("/me/tracks", cut="json")

    answer = get("/me/tracks")

    assert answer.status_code == 200
    assert answer.text.startswith('{"href"')
    with pytest.raises(json.JSONDecodeError):
        json.loads(answer.text)
    assert len(ids(get("/me/tracks"))) == 20


def test_a_connection_can_be_reset(fake: FakeSpotify, get: Get) -> None:
    fake.faults.add("/me/tracks", reset=True)

    with pytest.raises(requests.ConnectionError):
        get("/me/tracks")
    assert fake.requests[-1].status == 0


def test_an_answer_can_be_late(fake: FakeSpotify, get: Get) -> None:
    fake.faults.add("/me", delay=0.2)
    start = monotonic()

    get("/me")

    assert monotonic() - start >= 0.2
    assert fake.requests[-1].seconds >= 0.2


def test_the_library_can_move_just_before_an_answer(fake: FakeSpotify, get: Get) -> None:
    before = fake.user.track_ids()
    fake.faults.add("/me/tracks", nth=2, before=lambda fake: fake.user.like(1))

    first = get("/me/tracks", limit=50)
    second = get("/me/tracks", limit=50, offset=50)

    assert ids(first) == before[:50]
    assert ids(second) == before[49:99]
    assert (first.json()["total"], second.json()["total"]) == (230, 231)


def test_an_edit_that_fails_is_not_swallowed(session: requests.Session) -> None:
    def hit() -> int:
        with FakeSpotify(tracks=1) as fake:
            fake.faults.add("/me", before=lambda fake: fake.user.unlike(99))
            headers = {"Authorization": f"Bearer {fake.grant()['access_token']}"}
            return session.get(f"{fake.api_url}/me", headers=headers, timeout=10).status_code

    with pytest.raises(RuntimeError, match="IndexError"):
        hit()


def test_pages_can_lie_about_themselves(fake: FakeSpotify, get: Get) -> None:
    true = fake.user.track_ids()

    def twisted(offset: int = 50, **effects: Any) -> requests.Response:
        fake.faults.add("/me/tracks", **effects)
        return get("/me/tracks", limit=50, offset=offset)

    assert twisted(total=lambda total: total + 2).json()["total"] == 232
    assert twisted(total=7).json()["next"] is None
    assert ids(twisted(short=3)) == true[50:97]
    assert ids(twisted(repeat=True)) == true[0:50]
    assert ids(twisted(offset=100, start_over=True)) == true[0:50]
    assert twisted(offset=200, endless=True).json()["next"] is not None
    empty = twisted(empty=True).json()
    assert (empty["items"], empty["total"], empty["next"]) == ([], 0, None)
    assert ids(get("/me/tracks", limit=50, offset=50)) == true[50:100]


def test_a_replica_can_be_behind(fake: FakeSpotify, get: Get) -> None:
    before = fake.user.track_ids()
    fake.user.like(1)
    between = fake.user.track_ids()
    fake.user.unlike(10)
    fake.faults.add("/me/tracks", lag=True)
    fake.faults.add("/me/tracks", lag=2, nth=2)

    assert ids(get("/me/tracks", limit=20)) == between[:20]
    assert ids(get("/me/tracks", limit=20)) == before[:20]
    assert ids(get("/me/tracks", limit=20)) == fake.user.track_ids()[:20]


def test_lag_counts_edits_of_the_whole_world(fake: FakeSpotify, get: Get) -> None:
    fake.user.like(1)
    fake.add_user("ada").like(1)
    fake.faults.add("/me/tracks", lag=True)

    assert ids(get("/me/tracks", limit=20)) == fake.user.track_ids()[:20]


def test_a_fault_says_what_it_is() -> None:
    assert Fault("/me", status=502).answers
    assert Fault("/me", cut=True).twists
    assert Fault("/me", lag=1).twists
    assert not Fault("/me", delay=1.0).twists


def test_gzip_is_cut_too(fake: FakeSpotify) -> None:
    fake.faults.add("/me/tracks", cut=True)
    connection = http.client.HTTPConnection(fake.host, fake.port, timeout=10)
    headers = {
        "Authorization": f"Bearer {fake.grant()['access_token']}",
        "Accept-Encoding": "gzip",
    }

    connection.request("GET", "/v1/me/tracks?limit=50", headers=headers)
    answer = connection.getresponse()
    length = int(answer.headers["Content-Length"])
    with pytest.raises(http.client.IncompleteRead) as caught:
        answer.read()
    connection.close()

    assert answer.headers["Content-Encoding"] == "gzip"
    assert len(caught.value.partial) == length // 2

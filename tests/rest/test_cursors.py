from __future__ import annotations

import base64
import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from django_spotify_sync.models import SavedTrack, SpotifyAccount
from tests.kit.browsing import browser_of
from tests.kit.libraries import EPOCH, account_of, save, track_of

pytestmark = pytest.mark.django_db

TRACKS = "/spotify/tracks/"


@pytest.fixture
def account(user: Any) -> SpotifyAccount:
    return account_of(user)


@pytest.fixture
def ada(user: Any) -> Client:
    return browser_of(user)


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make pages of 5, so that few rows fill many."""
    monkeypatch.setattr("django_spotify_sync.rest.cursors.CursorPages.page_size", 5)


def ids(page: dict[str, Any]) -> list[str]:
    return [track["spotify_id"] for track in page["results"]]


def walk(client: Client, url: str | None, way: str) -> list[list[str]]:
    """Follow `next` or `previous` to the end; return the ids of each page."""
    pages = []
    while url:
        page = client.get(url).json()
        pages.append(ids(page))
        url = page[way]
    return pages


def last_page(client: Client, url: str = TRACKS) -> str:
    while following := client.get(url).json()["next"]:
        url = following
    return url


@pytest.mark.parametrize("nulls", [0, 1, 4, 7, 12])
@pytest.mark.parametrize("dated", [0, 1, 4, 5, 6, 10, 13])
def test_every_row_comes_once_forwards_and_backwards(
    ada: Client, account: SpotifyAccount, dated: int, nulls: int
) -> None:
    rows = [save(account, EPOCH + timedelta(seconds=number // 3)) for number in range(dated)]
    unknown = [save(account, None) for _ in range(nulls)]
    order = [row.spotify_id for row in [*reversed(rows), *reversed(unknown)]]

    forwards = walk(ada, TRACKS, "next")
    backwards = walk(ada, last_page(ada), "previous")

    assert [spotify_id for page in forwards for spotify_id in page] == order
    assert [spotify_id for page in reversed(backwards) for spotify_id in page] == order
    assert all(len(page) == 5 for page in forwards[:-1])


def test_rows_that_come_and_go_move_no_page(ada: Client, account: SpotifyAccount) -> None:
    rows = [save(account, EPOCH + timedelta(hours=number)) for number in range(12)]
    first = ada.get(TRACKS).json()

    save(account, EPOCH + timedelta(days=9))
    SavedTrack.objects.filter(spotify_id=ids(first)[0]).delete()
    second = ada.get(first["next"]).json()

    assert ids(second) == [row.spotify_id for row in reversed(rows[2:7])]
    back = ada.get(second["previous"]).json()
    assert ids(back)[-4:] == ids(first)[1:]


def test_a_page_that_was_emptied_meanwhile(ada: Client, account: SpotifyAccount) -> None:
    for _ in range(7):
        save(account)
    following = ada.get(TRACKS).json()["next"]
    SavedTrack.objects.all().delete()

    page = ada.get(following).json()

    assert page == {"next": None, "previous": None, "results": []}


def test_links_keep_the_rest_of_the_query(ada: Client, account: SpotifyAccount) -> None:
    for _ in range(7):
        save(account)

    following = ada.get(TRACKS, {"search": "track", "format": "a&b"}).json()["next"]

    assert following.startswith("http://127.0.0.1/spotify/tracks/?cursor=")
    assert "search=track" in following
    assert "format=a%26b" in following


def encoded(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode()


@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "ü",
        "%00",
        "cD0yMDI0",
        encoded([]),
        encoded(["2024-05-01T00:00:00Z", 1, 0]),
        encoded({"a": 1}),
        encoded(None),
        encoded(7),
        encoded(["-added_at", "yesterday", 1, 0]),
        encoded(["-added_at", "2024-13-45T00:00:00Z", 1, 0]),
        encoded(["-added_at", "0001-01-01T00:00:00+23:00", 1, 0]),
        encoded(["-added_at", ["2024-01-01"], 1, 0]),
        encoded(["-added_at", "2024-01-01T00:00:00Z", "1 OR 1=1", 0]),
        encoded(["-added_at", "2024-01-01T00:00:00Z", 2**63, 0]),
        encoded(["-added_at", "2024-01-01T00:00:00Z", -1, 0]),
        encoded(["-added_at", "2024-01-01T00:00:00Z", None, 0]),
        "W" * 5000,
        base64.urlsafe_b64encode(b"[" * 100_000).decode()[:5000],
    ],
)
def test_a_cursor_of_somebody_s_own_making(
    ada: Client, account: SpotifyAccount, cursor: str
) -> None:
    save(account)

    response = ada.get(TRACKS, {"cursor": cursor})

    assert response.status_code == 400
    assert response.json() == {"code": "invalid", "detail": {"cursor": ["Invalid cursor."]}}


def test_a_cursor_without_a_time_zone_is_read_as_one_with(
    ada: Client, account: SpotifyAccount
) -> None:
    row = save(account)

    response = ada.get(TRACKS, {"cursor": encoded(["-added_at", "2030-01-01T00:00:00", 1, 0])})

    assert ids(response.json()) == [row.spotify_id]


def test_a_cursor_opens_no_other_library(
    ada: Client, account: SpotifyAccount, other_user: Any
) -> None:
    for _ in range(7):
        save(account)
    following = ada.get(TRACKS).json()["next"]
    account_of(other_user)

    assert ids(browser_of(other_user).get(following).json()) == []


@pytest.mark.parametrize(
    ("ordering", "edge"),
    [
        ("name", ["-added_at", "2024-05-01T12:00:00+00:00"]),
        ("name", ["-name", "a"]),
        ("name", ["artist", "a"]),
        ("name", ["name", "a\0b"]),
        ("name", ["name", "\ud800"]),
        ("name", ["name", None]),
        ("name", ["name", 7]),
        ("name", [["name"], "a"]),
        ("duration", ["duration", "7"]),
        ("duration", ["duration", -1]),
        ("duration", ["duration", 2**63]),
        ("duration", ["duration", True]),
        ("duration", ["duration", 1.5]),
        ("added_at", ["added_at", 7]),
        ("", ["added_at", "2024-05-01T12:00:00+00:00"]),
    ],
)
def test_a_cursor_of_another_ordering_or_kind(
    ada: Client, account: SpotifyAccount, ordering: str, edge: list[Any]
) -> None:
    save(account)

    response = ada.get(TRACKS, {"ordering": ordering, "cursor": encoded([*edge, 1, 0])})

    assert response.status_code == 400
    assert list(response.json()["detail"]) == ["cursor"]


@pytest.mark.parametrize("ordering", ["added_at", "name", "artist", "duration"])
@pytest.mark.parametrize("minus", ["", "-"])
def test_every_order_has_every_row_once_both_ways(
    ada: Client, account: SpotifyAccount, ordering: str, minus: str
) -> None:
    """Among rows that are alike in the order, and with the rows of others between."""
    for number in range(13):
        track = track_of(f"Name {number // 4}", artists=[f"Artist {number // 5}"][: number % 3])
        save(account, EPOCH if number % 2 else None, track=track)
    url = f"{TRACKS}?ordering={minus}{ordering}"

    forwards = walk(ada, url, "next")
    backwards = walk(ada, last_page(ada, url), "previous")

    order = [spotify_id for page in forwards for spotify_id in page]
    assert len(order) == len(set(order)) == 13
    assert [spotify_id for page in reversed(backwards) for spotify_id in page] == order
    if ordering == "added_at":
        assert all(order.index(row) >= 6 for row in undated(account))


def undated(account: SpotifyAccount) -> list[str]:
    rows = SavedTrack.objects.filter(account=account, added_at=None)
    return [spotify_id for spotify_id in rows.values_list("spotify_id", flat=True) if spotify_id]


@pytest.mark.postgres
@pytest.mark.parametrize("ordering", ["-added_at", "added_at"])
@pytest.mark.parametrize("page", ["first", "second"])
def test_the_default_order_is_read_off_its_index(
    ada: Client, account: SpotifyAccount, ordering: str, page: str
) -> None:
    for number in range(13):
        save(account, EPOCH + timedelta(hours=number))
    url = f"{TRACKS}?ordering={ordering}"
    if page == "second":
        url = ada.get(url).json()["next"]

    with CaptureQueriesContext(connection) as queries:
        assert ada.get(url).status_code == 200
    [made] = [one["sql"] for one in queries if 'FROM "spotify_sync_savedtrack"' in one["sql"]]
    with connection.cursor() as cursor:
        for way in ("seqscan", "bitmapscan", "sort"):
            cursor.execute(f"SET LOCAL enable_{way} = off")
        cursor.execute(f"EXPLAIN {made}")
        plan = "\n".join(line for (line,) in cursor.fetchall())

    assert "using spotify_sync_saved_recent" in plan
    assert "Sort" not in plan
    assert ("Backward" in plan) == (ordering == "added_at")

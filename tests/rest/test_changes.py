"""The REST door to the journal."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from django_spotify_sync.models import SpotifyAccount
from tests.kit.api import CHANGES, NOON, NOON_JSON, names, run_of
from tests.kit.browsing import JSON
from tests.kit.changes import write_change
from tests.kit.libraries import EPOCH, account_of

pytestmark = pytest.mark.django_db


def test_a_change(ada: Client, account: SpotifyAccount) -> None:
    run = run_of(account)
    change = write_change(
        account,
        "A song",
        "removed",
        spotify_id="4uLU6hMCjMI75M1A2tKUQC",
        likely_withdrawn=True,
        seen_at=NOON,
        run=run,
    )

    assert ada.get(CHANGES).json()["results"] == [
        {
            "id": change.pk,
            "resource": "tracks",
            "kind": "removed",
            "count": 1,
            "spotify_id": "4uLU6hMCjMI75M1A2tKUQC",
            "title": "A song",
            "subtitle": "Somebody, Somebody else",
            "playlist": None,
            "likely_withdrawn": True,
            "seen_at": NOON_JSON,
            "run": run.pk,
        }
    ]


def test_an_item_has_its_playlist_and_an_import_its_number(
    ada: Client, account: SpotifyAccount
) -> None:
    nothing = {"spotify_id": "", "title": "", "subtitle": ""}
    write_change(account, kind="imported", count=10_000, **nothing)
    write_change(
        account, resource="playlists", playlist_spotify_id="list", playlist_name="For the road"
    )

    item, imported = ada.get(CHANGES).json()["results"]

    assert item["playlist"] == {"spotify_id": "list", "name": "For the road"}
    assert (imported["count"], imported["playlist"]) == (10_000, None)
    assert imported.items() >= nothing.items()
    assert item["run"] is None, "The run's record is kept for less long."


@pytest.fixture
def lines(account: SpotifyAccount) -> None:
    """Write five lines, the oldest first."""
    for age, title, kind, resource in [
        (4, "oldest", "imported", "albums"),
        (3, "old", "added", "tracks"),
        (2, "gone", "removed", "tracks"),
        (1, "list", "renamed", "playlists"),
        (0, "new", "removed", "playlists"),
    ]:
        write_change(account, title, kind, resource=resource, seen_at=EPOCH - timedelta(days=age))


ALL = ["new", "list", "gone", "old", "oldest"]


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ({}, ALL),
        ({"ordering": "-seen_at"}, ALL),
        ({"ordering": "seen_at"}, ALL[::-1]),
        ({"resource": "tracks"}, ["gone", "old"]),
        ({"resource": "episodes"}, []),
        ({"kind": "removed"}, ["new", "gone"]),
        ({"kind": "returned"}, []),
        ({"resource": "tracks", "kind": "removed"}, ["gone"]),
        ({"since": "2024-04-30T12:00:00Z"}, ["new", "list"]),
        ({"since": "2024-04-30T12:00:00"}, ["new", "list"]),
        ({"since": "2024-04-30T14:00:00+02:00"}, ["new", "list"]),
        ({"since": "2024-04-30T12:00:00.000001Z"}, ["new"]),
        ({"since": "2024-04-30T12:00:00Z", "kind": "removed"}, ["new"]),
        ({"resource": "", "kind": "", "since": ""}, ALL),
    ],
)
def test_what_is_asked_for(
    ada: Client, lines: None, query: dict[str, str], wanted: list[str]
) -> None:
    assert names(ada, CHANGES, **query) == wanted


def test_what_the_site_no_longer_syncs_was_seen_all_the_same(
    ada: Client, lines: None, settings: Any
) -> None:
    settings.SPOTIFY_SYNC_RESOURCES = ["following"]

    assert names(ada, CHANGES) == ALL
    assert names(ada, CHANGES, resource="albums") == ["oldest"]


KINDS = "added, removed, returned, renamed, unavailable, available, imported"
RESOURCES = "tracks, playlists, following, albums, shows, episodes, audiobooks"


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("resource", "songs", f"There is: {RESOURCES}."),
        ("resource", "TRACKS", f"There is: {RESOURCES}."),
        ("resource", "tracks,albums", f"There is: {RESOURCES}."),
        ("resource", "\0", f"There is: {RESOURCES}."),
        ("kind", "gone", f"There is: {KINDS}."),
        ("kind", "{0}", f"There is: {KINDS}."),
        ("since", "yesterday", "Datetime has wrong format."),
        ("since", "2024-13-01T00:00:00Z", "Datetime has wrong format."),
        ("since", "0001-01-01T00:00:00+23:00", "Datetime value out of range."),
        ("ordering", "title", "There is: seen_at."),
        ("cursor", "x", "Invalid cursor."),
    ],
)
def test_what_cannot_be_read_is_said(
    ada: Client, lines: None, name: str, value: str, words: str
) -> None:
    answer = ada.get(CHANGES, {name: value})

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    [(about, [said])] = answer.json()["detail"].items()
    assert about == name
    assert said.startswith(words)


def test_pages_keep_the_query_and_no_row_is_shifted(
    ada: Client, account: SpotifyAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("django_spotify_sync.rest.cursors.CursorPages.page_size", 2)
    for number in range(5):  # all seen in one moment, as the lines of a run are
        write_change(account, f"gone {number}", "removed")
        write_change(account, f"new {number}")

    first = ada.get(CHANGES, {"kind": "removed"}).json()
    write_change(account, "gone meanwhile", "removed")
    second = ada.get(first["next"]).json()
    third = ada.get(second["next"]).json()

    pages = [[row["title"] for row in page["results"]] for page in (first, second, third)]
    assert pages == [["gone 4", "gone 3"], ["gone 2", "gone 1"], ["gone 0"]]
    assert third["next"] is None
    back = ada.get(second["previous"]).json()
    assert [row["title"] for row in back["results"]] == ["gone 4", "gone 3"]


@pytest.mark.parametrize("rows", [1, 9])
def test_ten_lines_cost_as_many_queries_as_one(
    ada: Client, account: SpotifyAccount, django_assert_num_queries: Any, rows: int
) -> None:
    for _ in range(rows):
        write_change(account, run=run_of(account, finished_at=NOON))

    with django_assert_num_queries(4):  # session, user, account, lines
        assert len(ada.get(CHANGES).json()["results"]) == rows


def test_nobody_reads_another_s(
    client: Client, ada: Client, grace: Client, lines: None, other_user: Any
) -> None:
    refused = client.get(CHANGES, headers=JSON)
    unconnected = grace.get(CHANGES)
    write_change(account_of(other_user), "hers")

    assert (refused.status_code, refused.json()["code"]) == (403, "not_authenticated")
    assert (unconnected.status_code, unconnected.json()["code"]) == (409, "not_connected")
    assert names(grace, CHANGES) == ["hers"]
    assert names(ada, CHANGES) == ALL


@pytest.mark.parametrize("status", ["suspect", "reauthorization_required", "disconnected"])
def test_it_is_read_whatever_became_of_the_account(ada: Client, lines: None, status: str) -> None:
    SpotifyAccount.objects.update(status=status)

    assert names(ada, CHANGES) == ALL


@pytest.mark.postgres
@pytest.mark.parametrize("page", ["first", "second"])
@pytest.mark.parametrize("ordering", ["-seen_at", "seen_at"])
def test_pages_are_read_off_their_index(
    ada: Client,
    account: SpotifyAccount,
    lines: None,
    ordering: str,
    page: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("django_spotify_sync.rest.cursors.CursorPages.page_size", 2)
    url = f"{CHANGES}?ordering={ordering}&since=2020-01-01T00:00:00Z"
    if page == "second":
        url = ada.get(url).json()["next"]

    with CaptureQueriesContext(connection) as queries:
        assert ada.get(url).status_code == 200
    [made] = [one["sql"] for one in queries if 'FROM "spotify_sync_librarychange"' in one["sql"]]
    with connection.cursor() as cursor:
        for way in ("seqscan", "bitmapscan", "sort"):
            cursor.execute(f"SET LOCAL enable_{way} = off")
        cursor.execute(f"EXPLAIN {made}")
        plan = "\n".join(line for (line,) in cursor.fetchall())

    assert "using spotify_sync_change_recent" in plan
    assert "Sort" not in plan
    assert ("Backward" in plan) == (ordering == "seen_at")

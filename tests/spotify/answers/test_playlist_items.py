"""Items of a list: tracks, episodes, local files, and what is none of them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import requests

from django_spotify_sync.spotify.answers.playlist_items import ItemRow, parse_items_page
from django_spotify_sync.spotify.answers.playlists import parse_playlists_page
from django_spotify_sync.spotify.answers.storable import Malformed
from django_spotify_sync.testing import FakeSpotify
from tests.kit.playlist_answers import ADDED, TRACK, item, page

EPISODE = {
    "id": "e1",
    "type": "episode",
    "uri": "spotify:episode:e1",
    "name": "An episode",
    "duration_ms": 2000,
    "track": False,
    "show": {"name": "A show"},
}
DRESSED = {  # recorded: an episode as callers see it who did not ask for episodes
    "id": "e1",
    "type": "episode",
    "uri": "spotify:episode:e1",
    "name": "An episode",
    "duration_ms": 2000,
    "artists": [{"id": None, "name": "A publisher"}],
    "album": {"id": "s1", "name": "A show", "type": "show"},
    "track_number": 1,
}
LOCAL = {
    "id": None,
    "type": "track",
    "is_local": True,
    "uri": "spotify:local:An+Artist:An+Album:A+%26+B:61",
    "name": "A & B",
    "duration_ms": 61_500,
    "artists": [{"id": None, "name": "An Artist"}],
    "album": {"id": None, "name": "An Album", "images": []},
}
WHEN = {"added_at": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), "added_by": "ada"}


@pytest.mark.parametrize("name", ["item", "track"])
def test_a_track_is_told_by_its_catalogue_row(name):
    parsed = parse_items_page(page({**ADDED, name: TRACK}))

    assert parsed.entries == (ItemRow("track", "spotify:track:t1", "t1", is_playable=True, **WHEN),)
    assert parsed.catalog.tracks["t1"].name == "A track"
    assert set(parsed.catalog.artists) == {"a1"}


def test_of_both_names_at_once_one_is_enough():
    both = {**ADDED, "item": TRACK, "track": TRACK}

    assert parse_items_page(page(both)).entries == (item(TRACK),)
    assert parse_items_page(page({**both, "item": None})).entries == (item(TRACK),)
    assert parse_items_page(page({**both, "track": True})).entries == (item(TRACK),)


@pytest.mark.parametrize("content", [EPISODE, DRESSED, {**EPISODE, "type": "track"}])
def test_an_episode_is_one_however_it_is_dressed(content):
    assert item(content) == ItemRow(
        "episode", "spotify:episode:e1", None, "An episode", "A show", 2000, **WHEN
    )


def test_a_local_file_is_named_by_its_object():
    assert item(LOCAL) == ItemRow("local", LOCAL["uri"], None, "A & B", "An Artist", 61_500, **WHEN)


@pytest.mark.parametrize(
    ("uri", "title", "subtitle", "duration_ms"),
    [
        ("spotify:local:An+Artist:An+Album:A+%26+B:61", "A & B", "An Artist", 61_000),
        ("spotify:local:::A%3Ab:", "A:b", "", None),
        ("spotify:local:", "", "", None),
        ("spotify:local:a:b:c:-5:more", "c", "a", None),
        ("spotify:local:a:b:c:99999999999999", "c", "a", None),
        ("spotify:local:a:b:%00%ED%A0%80:1", "\ufffd" * 4, "a", 1000),
    ],
)
def test_a_local_file_is_named_by_its_uri_where_the_object_does_not(
    uri, title, subtitle, duration_ms
):
    row = item({"uri": uri})

    assert (row.kind, row.uri, row.track_id) == ("local", uri, None)
    assert (row.title, row.subtitle, row.duration_ms) == (title, subtitle, duration_ms)


@pytest.mark.parametrize("entry", [None, 7, "x", []])
def test_an_entry_that_is_none_keeps_its_place(entry):
    assert parse_items_page(page(entry)).entries == (ItemRow("unavailable", ""),)


@pytest.mark.parametrize("content", [None, True, "x"])
def test_content_that_is_none_keeps_its_date(content):
    assert item(content) == ItemRow("unavailable", "", **WHEN)


def test_what_cannot_be_found_again_keeps_its_name():
    assert item({**TRACK, "id": None, "uri": None}) == ItemRow(
        "unavailable", "", None, "A track", None, 1000, is_playable=True, **WHEN
    )
    assert item({**EPISODE, "id": None, "uri": "spotify:episode:null"}).uri == ""
    assert item({"type": "chapter", "id": None, "uri": "spotify:chapter:c"}).uri == ""


@pytest.mark.parametrize("uri", ["spotify:chapter:c1", "spotify:episode:c1"])
@pytest.mark.parametrize("kind", ["chapter", "episode", None])
def test_a_chapter_of_an_audiobook_is_an_episode(uri, kind):
    book = {"audiobook": {"name": "A book", "authors": [{"name": "Somebody"}]}}
    chapter = {"type": kind, "id": "c1", "uri": uri, "name": "One", "duration_ms": 5, **book}

    assert item(chapter) == ItemRow("episode", uri, None, "One", "A book", 5, **WHEN)


@pytest.mark.parametrize(
    ("entry", "added_at", "added_by"),
    [
        ({}, None, None),
        ({"added_at": None, "added_by": None}, None, ""),
        ({"added_at": "1970-01-01T00:00:00Z", "added_by": {"id": ""}}, None, ""),
        ({"added_at": "0000", "added_by": {"id": None}}, None, None),
        ({"added_at": 5, "added_by": "ada"}, None, None),
        ({"added_by": {"id": "x" * 300}}, None, "x" * 255),
    ],
)
def test_dates_and_people_may_be_missing(entry, added_at, added_by):
    [row] = parse_items_page(page({"item": TRACK, **entry})).entries

    assert (row.added_at and row.added_at.year, row.added_by) == (added_at, added_by)


@pytest.mark.parametrize(
    "broken", [None, {}, {"items": []}, {"items": 3, "total": 1}, page() | {"total": -1}]
)
def test_a_page_that_is_none_is_malformed(broken):
    for parse in (parse_items_page, parse_playlists_page):
        with pytest.raises(Malformed):
            parse(broken)


def test_all_cohorts_are_read_alike():
    """What the fake answers a development app of today, an older one and one with extended quota."""
    rows = []
    with FakeSpotify(playlists=10) as fake:
        for cohort in ("new", "legacy", "extended"):
            fake.cohort = cohort
            rows.append(_all_items(fake))

    assert rows[0] == rows[1] == rows[2]
    assert {row.kind for row in rows[0]} == {"track", "episode", "local", "unavailable"}


def _all_items(fake):
    token = fake.grant()["access_token"]
    query = {"limit": "50", "additional_types": "track,episode"}
    answer = requests.get(
        f"{fake.api_url}/playlists/{fake.user.playlists[7].id}/items",
        params=query,
        headers={"Authorization": f"Bearer {token}"},
        timeout=10,
    )
    return [
        ItemRow(**{name: getattr(row, name) for name in row.__slots__} | {"is_playable": None})
        for row in parse_items_page(answer.json()).entries
    ]

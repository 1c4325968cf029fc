from __future__ import annotations

from datetime import UTC, datetime

import pytest
import requests

from django_spotify_sync.spotify.answers.following import parse_following_page
from django_spotify_sync.spotify.answers.playlist_items import ItemRow, parse_items_page
from django_spotify_sync.spotify.answers.playlists import parse_playlist, parse_playlists_page
from django_spotify_sync.spotify.answers.storable import Malformed
from django_spotify_sync.testing import FakeSpotify

TRACK = {
    "id": "t1",
    "type": "track",
    "uri": "spotify:track:t1",
    "name": "A track",
    "duration_ms": 1000,
    "track": True,
    "episode": False,
    "is_playable": True,
    "artists": [{"id": "a1", "name": "An artist"}],
    "album": {"id": "b1", "name": "An album"},
}
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
ADDED = {"added_at": "2026-01-02T03:04:05Z", "added_by": {"id": "ada"}}
WHEN = {"added_at": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), "added_by": "ada"}


def page(*items, **more):
    return {"offset": 0, "limit": 50, "total": len(items), "items": list(items), **more}


def item(content, name="item", **more):
    [row] = parse_items_page(page({**ADDED, name: content, **more})).entries
    return row


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
    assert item({"type": "chapter", "id": "c", "uri": "spotify:chapter:c"}).kind == "unavailable"


@pytest.mark.parametrize(
    ("entry", "added_at", "added_by"),
    [
        ({}, None, None),
        ({"added_at": None, "added_by": None}, None, ""),
        ({"added_at": "1970-01-01T00:00:00Z", "added_by": {"id": ""}}, 1970, ""),
        ({"added_at": "0000", "added_by": {"id": None}}, None, None),
        ({"added_at": 5, "added_by": "ada"}, None, None),
        ({"added_by": {"id": "x" * 300}}, None, "x" * 255),
    ],
)
def test_dates_and_people_may_be_missing(entry, added_at, added_by):
    [row] = parse_items_page(page({"item": TRACK, **entry})).entries

    assert (row.added_at and row.added_at.year, row.added_by) == (added_at, added_by)


LISTED = {
    "id": "p1",
    "name": "A list",
    "description": "&quot;A&quot; &amp; B &#x2F; C",
    "owner": {"id": "ada", "display_name": "Ada"},
    "collaborative": False,
    "public": True,
    "images": [
        {"url": "https://i.example/60", "width": 60},
        {"url": "https://i.example/640", "width": 640},
    ],
    "snapshot_id": "s1",
    "items": {"href": "…", "total": 3},
}


def listed(**changes):
    [row] = parse_playlists_page(page({**LISTED, **changes})).entries
    return row


def test_every_field_of_a_list_is_read():
    row = listed()

    assert (row.spotify_id, row.name, row.description) == ("p1", "A list", '"A" & B / C')
    assert (row.owner_id, row.owner_name, row.collaborative, row.public) == (
        "ada",
        "Ada",
        False,
        True,
    )
    assert (row.image_url, row.snapshot_id, row.total) == ("https://i.example/640", "s1", 3)
    assert not row.has_tracks_address


@pytest.mark.parametrize(
    ("changes", "total"),
    [
        ({"items": {"total": 3}}, 3),
        ({"tracks": {"total": 3}}, 3),
        ({"items": {"total": None}, "tracks": {"total": 3}}, 3),
        ({"items": {"total": 3}, "tracks": {"total": None}}, 3),
        ({"items": {"total": 3.0}}, 3),
        ({"items": {"total": None}}, None),
        ({"items": None}, None),
        ({"items": []}, None),
        ({}, None),
    ],
)
def test_the_number_of_items_has_two_names(changes, total):
    [row] = parse_playlists_page(page({"id": "p1", **changes})).entries

    assert row.total == total
    assert row.has_tracks_address == ("tracks" in changes)


def test_what_is_absent_is_not_empty():
    [row] = parse_playlists_page(page({"id": "p1"})).entries

    assert {getattr(row, name) for name in row.__slots__} == {"p1", None, False}


def test_null_is_said_of_descriptions_and_covers_that_there_are_none():
    row = listed(description=None, images=None, name=None, public=None, owner=None)

    assert (row.description, row.image_url) == ("", "")
    assert (row.name, row.public, row.owner_id, row.owner_name) == (None, None, None, None)
    assert listed(images=[]).image_url == ""


@pytest.mark.parametrize("entry", [None, {}, {"id": None}, {"id": ""}, {"id": "x" * 300}, 3])
def test_a_list_without_an_id_counts_all_the_same(entry):
    assert parse_playlists_page(page(entry)).entries == (None,)


def test_spotifys_own_lists_are_told():
    assert listed(owner={"id": "spotify"}).is_spotifys
    assert not listed().is_spotifys


@pytest.mark.parametrize("name", ["items", "tracks"])
def test_items_are_embedded_under_either_name(name):
    answer = {**LISTED, "items": None, name: page({**ADDED, "item": TRACK}, limit=100)}

    parsed = parse_playlist(answer)

    assert parsed.items.entries == (item(TRACK),)
    assert parsed.items.limit == 100
    assert parsed.playlist.snapshot_id == "s1"


def test_items_that_are_not_embedded_are_none():
    assert parse_playlist(LISTED).items is None
    with pytest.raises(Malformed):
        parse_playlist({"name": "no id"})
    with pytest.raises(Malformed):
        parse_playlist(None)


@pytest.mark.parametrize(
    "broken", [None, {}, {"items": []}, {"items": 3, "total": 1}, page() | {"total": -1}]
)
def test_a_page_that_is_none_is_malformed(broken):
    for parse in (parse_items_page, parse_playlists_page):
        with pytest.raises(Malformed):
            parse(broken)


# Followed artists


def artists(**more):
    return {
        "artists": {
            "items": [{"id": "a1", "name": "An artist", "images": [], "genres": ["pop"]}],
            "total": 2,
            "next": "…",
            "cursors": {"after": "a1"},
            **more,
        }
    }


def test_a_page_of_artists_is_read():
    parsed = parse_following_page(artists())

    assert (parsed.ids, parsed.total, parsed.after) == (("a1",), 2, "a1")
    row = parsed.catalog.artists["a1"]
    assert (row.name, row.image_url, row.genres) == ("An artist", "", ("pop",))


@pytest.mark.parametrize(
    "end",
    [{"next": None}, {"cursors": {"after": None}}, {"cursors": None}, {"cursors": {}}],
)
def test_the_end_is_said_in_several_ways(end):
    assert parse_following_page(artists(**end)).after is None


def test_a_cursor_needs_no_next():
    answer = artists()
    del answer["artists"]["next"]

    assert parse_following_page(answer).after == "a1"


def test_null_artists_keep_their_place():
    assert parse_following_page(artists(items=[None, {"id": None}, {"id": "a2"}])).ids == (
        None,
        None,
        "a2",
    )


@pytest.mark.parametrize(
    "answer",
    [
        None,
        {},
        {"artists": None},
        artists(items=None),
        artists(total=None),
        artists(cursors={"after": 5}),
    ],
)
def test_what_is_no_page_of_artists_is_malformed(answer):
    with pytest.raises(Malformed):
        parse_following_page(answer)


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

"""Lists as they are listed, and with the items that come along."""

from __future__ import annotations

import pytest

from django_spotify_sync.spotify.answers.playlists import parse_playlist, parse_playlists_page
from django_spotify_sync.spotify.answers.storable import Malformed
from tests.kit.playlist_answers import ADDED, TRACK, item, page

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

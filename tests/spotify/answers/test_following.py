"""Pages of followed artists."""

from __future__ import annotations

import pytest

from django_spotify_sync.spotify.answers.following import parse_following_page
from django_spotify_sync.spotify.answers.storable import Malformed


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


def ids_of(page):
    return [entry.spotify_id for entry in page.entries]


def test_a_page_of_artists_is_read():
    parsed = parse_following_page(artists())

    assert (ids_of(parsed), parsed.total, parsed.after) == (["a1"], 2, "a1")
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
    parsed = parse_following_page(artists(items=[None, {"id": None}, {"id": "a2"}]))

    assert ids_of(parsed) == [None, None, "a2"]


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

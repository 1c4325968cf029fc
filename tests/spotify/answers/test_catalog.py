"""Tracks, albums and artists as they come with a saved track."""

from __future__ import annotations

import pytest

from django_spotify_sync.spotify.answers.catalog import Catalog, parse_track
from tests.kit.answers import album, parsed


def test_the_same_artist_many_times_is_one_row_with_the_picture():
    full = {"id": "artist1", "name": "One", "images": [], "genres": ["a", None, "", "b\x00"]}
    catalog = Catalog()

    for artists in ([{"id": "artist1"}], [full], [{"id": "artist1", "name": "One"}]):
        parse_track({"id": "t", "artists": artists}, catalog)

    assert catalog.artists["artist1"].image_url == ""
    assert catalog.artists["artist1"].genres == ("a", "b\ufffd")


def test_catalogs_are_put_together():
    _, first = parsed(name="Old")
    _, second = parsed(id="track2")
    _, third = parsed(name="New")

    first.update(second)
    first.update(third)

    assert {row.spotify_id: row.name for row in first.tracks.values()} == {
        "track1": "New",
        "track2": "A song",
    }


@pytest.mark.parametrize(
    ("given", "stored", "year"),
    [
        ("1981-12-15", "1981-12-15", 1981),
        ("1981-12", "1981-12", 1981),
        ("1981", "1981", 1981),
        ("2024-02-29", "2024-02-29", 2024),
        ("0001", "0001", 1),
        ("9999-12-31", "9999-12-31", 9999),
        ("0000", None, None),
        ("0000-00-00", None, None),
        ("1981-13", None, None),
        ("1981-00", None, None),
        ("1981-02-30", None, None),
        ("2023-02-29", None, None),
        ("1981-1", None, None),
        ("1981--15", None, None),
        ("1981-12-15T00:00:00Z", None, None),
        ("1981\n", None, None),
        ("١٩٨١", None, None),
        ("-198", None, None),
        ("", None, None),
        (None, None, None),
        (1981, None, None),
    ],
)
def test_release_date(given, stored, year):
    row = album(release_date=given)

    assert (row.release_date, row.release_year) == (stored, year)


@pytest.mark.parametrize(
    ("artists", "ids"),
    [
        (None, None),
        ({}, None),
        ("artist", None),
        ([], ()),
        ([None, 5, {}, {"id": None}, {"id": ""}, {"id": "x" * 300}], ()),
        ([{"id": "b"}, {"id": "a"}, {"id": "b"}], ("b", "a")),
    ],
)
def test_artists_come_in_their_order_and_each_once(artists, ids):
    _, catalog = parsed(artists=artists)

    assert catalog.tracks["track1"].artist_ids == ids


@pytest.mark.parametrize(
    ("external_ids", "isrc"),
    [
        (None, None),
        ([], None),
        ({}, None),
        ({"isrc": None}, None),
        ({"isrc": "i" * 60}, "i" * 50),
        ({"isrc": "a\x00"}, "a\ufffd"),
    ],
)
def test_isrc(external_ids, isrc):
    _, catalog = parsed(external_ids=external_ids)

    assert catalog.tracks["track1"].isrc == isrc

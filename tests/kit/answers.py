"""Answers as Spotify gives them, and anything at all."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from hypothesis import strategies as st

from django_spotify_sync.spotify.answers.catalog import Catalog
from django_spotify_sync.spotify.answers.saved import SavedRow, parse_saved_page


def page_of(*items: Any, **more: Any) -> dict[str, Any]:
    return {"offset": 0, "limit": 50, "total": len(items), "items": list(items), **more}


def saved(**track: Any) -> dict[str, Any]:
    return {
        "added_at": "2026-02-03T04:05:06Z",
        "track": {
            "id": "track1",
            "name": "A song",
            "duration_ms": 180_000,
            "explicit": False,
            "disc_number": 1,
            "track_number": 2,
            "external_ids": {"isrc": "GBAYE0000351"},
            "is_playable": True,
            "artists": [{"id": "artist1", "name": "One"}, {"id": "artist2", "name": "Two"}],
            "album": {
                "id": "album1",
                "name": "An album",
                "album_type": "album",
                "release_date": "1981-12-15",
                "release_date_precision": "day",
                "total_tracks": 12,
                "images": [{"url": "https://i.test/640", "width": 640, "height": 640}],
                "artists": [{"id": "artist1", "name": "One"}],
            },
            **track,
        },
    }


def parsed(**track: Any) -> tuple[SavedRow, Catalog]:
    page = parse_saved_page(page_of(saved(**track)))
    return page.entries[0], page.catalog


def album(**values: Any) -> Any:
    _, catalog = parsed(album={"id": "album1", **values})
    return catalog.albums["album1"]


# Anything at all

texts = st.text() | st.sampled_from(
    ["\x00", "\ud800", "a\udfffb", "x" * 5000, "0000", "2020-13-01", "0001-01-01T00:00:00+23:59"]
)
numbers = (
    st.integers()
    | st.floats()
    | st.sampled_from([True, 2**31, 2**63, 10**400, float("nan"), float("-inf")])
)
anything = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=8,
)
ids = st.sampled_from(["a", "b", "c", "i" * 255, "ü", " "]) | texts


def shaped(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Give objects that have, lack or distort the fields."""
    return st.fixed_dictionaries(
        {}, optional={name: values | anything for name, values in fields.items()}
    )


dates = st.dates().map(str) | st.from_regex(r"[0-9]{4}(-[0-9]{2}){0,2}", fullmatch=True)
moments = st.datetimes(timezones=st.timezones() | st.none()).map(datetime.isoformat)
images = st.lists(shaped(url=texts.map("https://{}".format), width=numbers), max_size=3)
artists = st.lists(
    shaped(id=ids, name=texts, images=images, genres=st.lists(texts, max_size=3)), max_size=4
)
albums = shaped(
    id=ids,
    name=texts,
    album_type=texts,
    release_date=dates,
    release_date_precision=texts,
    total_tracks=numbers,
    images=images,
    artists=artists,
)
tracks = shaped(
    id=ids,
    name=texts,
    album=albums,
    artists=artists,
    duration_ms=numbers,
    explicit=st.booleans(),
    is_playable=st.booleans(),
    external_ids=shaped(isrc=texts),
    disc_number=numbers,
    track_number=numbers,
)
items = st.lists(shaped(added_at=moments, track=tracks) | anything, max_size=5)
pages = st.builds(page_of, items=items) | shaped(
    items=items, offset=numbers, limit=numbers, total=numbers
)

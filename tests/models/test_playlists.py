"""At which place of its list an item stands, whatever the numbers are that order them."""

from __future__ import annotations

import random

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from django_spotify_sync.models import Playlist, PlaylistItem

pytestmark = pytest.mark.django_db


def filled(name: str, count: int) -> Playlist:
    """Make a list whose items are numbered anyhow, and stored in another order than they stand."""
    playlist = Playlist.objects.create(spotify_id=name)
    numbers = sorted(random.Random(name).sample(range(2**31), count))
    items = [
        PlaylistItem(playlist=playlist, position=number, kind="local", title=f"{place}")
        for place, number in enumerate(numbers)
    ]
    random.Random(1).shuffle(items)
    PlaylistItem.objects.bulk_create(items)
    return playlist


def places(items: list[PlaylistItem]) -> list[str]:
    return [f"{item.place}" for item in items]


def titles(items: list[PlaylistItem]) -> list[str]:
    return [item.title for item in items]


def test_items_of_any_lists_are_numbered_in_one_query() -> None:
    filled("long", 90)
    filled("short", 2)
    filled("another", 40)
    items = random.Random(2).sample(list(PlaylistItem.objects.all()), 50)

    with CaptureQueriesContext(connection) as queries:
        numbered = PlaylistItem.objects.numbered(items)

    assert len(queries) == 1
    assert numbered == items
    assert places(numbered) == titles(items)


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("start", [0, 40, 89])
def test_items_in_a_row_are_numbered_in_one_query(turned: bool, start: int) -> None:
    filled("another", 40)
    rows = filled("long", 90).items.in_order()
    items = list((rows.reverse() if turned else rows)[start : start + 20])

    with CaptureQueriesContext(connection) as queries:
        numbered = PlaylistItem.objects.numbered(items)

    assert len(queries) == 1
    assert numbered == items
    assert places(numbered) == titles(items)


def test_items_of_one_number_are_told_apart_by_their_age() -> None:
    playlist = Playlist.objects.create(spotify_id="list")
    for title, position in [("1", 5), ("0", 0), ("2", 5), ("3", 5), ("4", 9)]:
        PlaylistItem.objects.create(playlist=playlist, position=position, kind="local", title=title)
    in_order = list(playlist.items.in_order())

    for items in (in_order, in_order[2:4], in_order[1::2], in_order[3:]):
        assert places(PlaylistItem.objects.numbered(items)) == titles(items)


def test_no_items_cost_no_query() -> None:
    with CaptureQueriesContext(connection) as queries:
        assert PlaylistItem.objects.numbered([]) == []
    assert len(queries) == 0


def test_what_is_gone_meanwhile_is_left_out() -> None:
    items = list(filled("long", 5).items.in_order())
    PlaylistItem.objects.filter(pk=items[1].pk).delete()

    numbered = PlaylistItem.objects.numbered(items)

    assert [(item.title, item.place) for item in numbered] == [
        ("0", 0),
        ("2", 1),
        ("3", 2),
        ("4", 3),
    ]

from __future__ import annotations

import random

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from django_spotify_sync.db.positions import Move, Range, move, out_of_order, places, plan
from django_spotify_sync.db.rising import rising
from django_spotify_sync.models import Playlist, PlaylistItem


def moves(new_order):
    """Say that the row that stood at ``new_order[i]`` stands at i now; row n has pk n + 100."""
    return [Move(100 + old, old, new) for new, old in enumerate(new_order)]


def carried(ranges, single, positions):
    """Do what ``move`` does, on a dict of position by pk."""
    after = {}
    for pk, position in positions.items():
        by = next((part.by for part in ranges if part.start <= position < part.end), 0)
        after[pk] = position + by
    return after | {one.pk: one.new for one in single}


@pytest.mark.parametrize(
    ("values", "indexes"),
    [
        ([], []),
        ([None], []),
        ([1, 2, 3], [0, 1, 2]),
        ([3, 1, 2], [1, 2]),
        ([5, None, 6], [0, 2]),
        ([2, 2, 2], [2]),
    ],
)
def test_the_longest_rise_is_found(values, indexes):
    assert rising(values) == indexes


def test_an_insertion_is_one_range():
    order = [*range(50), *range(50, 100)]
    shifted = [Move(100 + old, old, old + (3 if old >= 50 else 0)) for old in order]

    assert plan(shifted) == ([Range(50, 100, 3)], [])


def test_one_row_that_moved_far_is_one_row_and_one_range():
    order = [*range(10), *range(11, 90), 10, *range(90, 100)]

    ranges, single = plan(moves(order))

    assert ranges == [Range(11, 90, -1)]
    assert single == [Move(110, 10, 89)]
    assert out_of_order(moves(order)) == {110}


def test_rows_of_one_position_are_placed_one_by_one():
    twice = [Move(1, 0, 0), Move(2, 0, 1), Move(3, 1, 2)]

    assert plan(twice) == ([], [Move(2, 0, 1), Move(3, 1, 2)])


@given(st.integers(0, 60).flatmap(lambda count: st.permutations(range(count))), st.data())
def test_every_row_comes_to_its_place(order, data):
    gone = data.draw(st.sets(st.sampled_from(order), max_size=10)) if order else set()
    gaps = data.draw(st.lists(st.integers(0, 3), min_size=len(order), max_size=len(order)))
    wanted, place = [], 0
    for old, gap in zip((old for old in order if old not in gone), gaps, strict=False):
        place += gap
        wanted.append(Move(100 + old, old, place))
        place += 1

    ranges, single = plan(wanted)

    after = carried(ranges, single, {100 + old: old for old in order})
    assert {pk: after[pk] for pk in after if pk - 100 not in gone} == {
        one.pk: one.new for one in wanted
    }
    assert min(after.values(), default=0) >= 0  # not even rows that are to go fall off the column


def test_ten_thousand_rows_move_in_one_statement(db):
    playlist = Playlist.objects.create(spotify_id="list")
    PlaylistItem.objects.bulk_create(
        PlaylistItem(playlist=playlist, position=index, kind="track") for index in range(10_000)
    )
    rows = PlaylistItem.objects.filter(playlist=playlist)
    before = dict(rows.values_list("pk", "position"))
    wanted = [Move(pk, old, old + (2 if old >= 5000 else 0)) for pk, old in before.items()]

    with CaptureQueriesContext(connection) as queries:
        move(rows, wanted, batch_size=1000)

    assert len(queries) == 1
    assert dict(rows.values_list("pk", "position")) == {one.pk: one.new for one in wanted}


def test_a_shuffle_is_right_too(db):
    playlist = Playlist.objects.create(spotify_id="list")
    PlaylistItem.objects.bulk_create(
        PlaylistItem(playlist=playlist, position=index, kind="track") for index in range(300)
    )
    rows = PlaylistItem.objects.filter(playlist=playlist)
    before = dict(rows.values_list("pk", "position"))
    order = random.Random(3).sample(range(300), k=300)
    wanted = [Move(pk, old, order[old]) for pk, old in before.items()]

    move(rows, wanted, batch_size=100)

    assert dict(rows.values_list("pk", "position")) == {one.pk: one.new for one in wanted}
    with CaptureQueriesContext(connection) as queries:
        move(rows, [Move(one.pk, one.new, one.new) for one in wanted], batch_size=100)
    assert len(queries) == 0


def test_what_stands_before_each_is_counted_within_its_group(db):
    lists = [Playlist.objects.create(spotify_id=name) for name in "ab"]
    PlaylistItem.objects.bulk_create(
        PlaylistItem(playlist=one, position=index * 7, kind="track")
        for index in range(30)
        for one in lists
    )
    rows = PlaylistItem.objects.all()
    true = {item.pk: item.position // 7 for item in rows}
    asked = random.Random(5).sample(sorted(true), 12)

    with CaptureQueriesContext(connection) as queries:
        counted = places(rows, [*asked, -1], group="playlist")

    assert len(queries) == 1
    assert counted == {pk: true[pk] for pk in asked}
    assert places(rows, [], group="playlist") == {}

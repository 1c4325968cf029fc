from __future__ import annotations

from functools import partial
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from django_spotify_sync.db import ranks as module
from django_spotify_sync.db.ranks import STEP, falling_ranks
from django_spotify_sync.db.rising import rising

HIGHEST = 2**31 - 1
MIDDLE = HIGHEST // 2

ranks = partial(module.ranks, lowest=0, highest=HIGHEST)


def kept(current: list[int | None], given_ranks: list[int]) -> int:
    """Count the rows that are not written."""
    return sum(old == new for old, new in zip(current, given_ranks, strict=True))


@given(st.lists(st.none() | st.integers(0, 200), max_size=20))
def test_ranks_rise_within_what_there_is(current: list[int | None]) -> None:
    given_ranks = ranks(current)

    assert len(given_ranks) == len(current)
    assert all(one < after for one, after in pairwise([-1, *given_ranks, HIGHEST + 1]))


@given(st.lists(st.none() | st.integers(1, HIGHEST // STEP).map(STEP.__mul__), max_size=20))
def test_where_there_is_room_no_row_changes_but_those_that_moved(current: list[int | None]) -> None:
    assert kept(current, ranks(current)) >= len(rising(current))


def test_a_first_list_stands_in_the_middle_with_room_on_all_sides() -> None:
    first, second, third = ranks([None, None, None])

    assert (second - first, third - second) == (STEP, STEP)
    assert abs(second - MIDDLE) <= STEP
    assert ranks([]) == []


def test_a_long_list_leaves_half_of_all_numbers_to_its_ends() -> None:
    given_ranks = ranks([None] * 100_000)

    assert given_ranks[0] > HIGHEST // 5
    assert given_ranks[-1] < HIGHEST // 5 * 4
    assert {after - one for one, after in pairwise(given_ranks)} == {HIGHEST // 200_000}


def test_what_comes_first_or_last_moves_no_row() -> None:
    assert ranks([None, None, MIDDLE]) == [MIDDLE - 2 * STEP, MIDDLE - STEP, MIDDLE]
    assert ranks([MIDDLE, None, None]) == [MIDDLE, MIDDLE + STEP, MIDDLE + 2 * STEP]


def test_what_comes_between_stands_between() -> None:
    assert ranks([20, None, 30]) == [20, 25, 30]
    assert ranks([20, None, None, 26]) == [20, 22, 24, 26]


def test_one_that_moved_is_the_only_one_to_change() -> None:
    assert ranks([STEP * 9, STEP * 8, STEP * 10]) == [STEP * 7, STEP * 8, STEP * 10]


def test_between_two_there_is_room_for_one_16_times_over() -> None:
    current = ranks([None, None])
    for _ in range(16):
        after = ranks([current[0], None, current[-1]])
        assert (after[0], after[-1]) == (current[0], current[-1])
        current = after[:2]

    assert ranks([current[0], None, current[1]])[0] != current[0]


def test_near_an_end_room_is_parted_before_it_runs_out() -> None:
    assert ranks([None, 8]) == [4, 8]
    assert ranks([HIGHEST - 8, None]) == [HIGHEST - 8, HIGHEST - 4]


def test_without_room_all_are_numbered_anew() -> None:
    anew = ranks([None, None, None])

    assert ranks([1, None, 2]) == anew
    assert ranks([None, 1, 2]) == anew
    assert ranks([1, HIGHEST, None]) == anew


def test_falling_ranks_are_the_same_the_other_way() -> None:
    assert falling_ranks([None, 30, 20]) == [30 + STEP, 30, 20]
    assert falling_ranks([30, 20, None]) == [30, 20, 20 - STEP]
    assert falling_ranks([30, None, 20]) == [30, 25, 20]
    assert falling_ranks([10, 30, 20]) == [30 + STEP, 30, 20]
    assert falling_ranks([2, None, 1]) == falling_ranks([None, None, None])


@given(st.lists(st.none() | st.integers(-100, 100), max_size=20))
def test_falling_ranks_fall(current: list[int | None]) -> None:
    assert all(above > below for above, below in pairwise(falling_ranks(current)))


@given(st.lists(st.integers(-(10**6), 10**6), unique=True, max_size=20))
def test_falling_ranks_that_fall_already_stay(current: list[int]) -> None:
    ordered = sorted(current, reverse=True)

    assert falling_ranks(ordered) == ordered

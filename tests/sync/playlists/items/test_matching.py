from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_spotify_sync.sync.playlists.items.matching import add_only, match, match_some

START = datetime(2026, 1, 1, tzinfo=UTC)


def key(what, second=0, by="ada"):
    return (what or None, START + timedelta(seconds=second), by)


def keys(text):
    """Make one entry of each letter; a dot holds nothing."""
    return [key("" if letter == "." else letter) for letter in text]


@pytest.mark.parametrize(
    ("before", "after", "indexes"),
    [
        ("", "", []),
        ("", "ab", [None, None]),
        ("abc", "", []),
        ("abc", "abc", [0, 1, 2]),
        ("abc", "abxc", [0, 1, None, 2]),
        ("abc", "xabc", [None, 0, 1, 2]),
        ("abc", "abcx", [0, 1, 2, None]),
        ("abc", "ac", [0, 2]),
        ("abc", "cab", [2, 0, 1]),
        ("abc", "cba", [2, 1, 0]),
        ("aaa", "aa", [0, 1]),
        ("aaa", "aaaa", [0, 1, 2, None]),
        ("aba", "aab", [0, 2, 1]),
        ("a.b", "a.b", [0, 1, 2]),
        ("abc", "a.c", [0, 1, 2]),  # taken away by Spotify: its place keeps its row
        ("a.c", "abc", [0, 1, 2]),  # and brought back
        ("abc", "axc", [0, 1, 2]),  # answered with another id
    ],
)
def test_each_entry_finds_its_row(before, after, indexes):
    assert match(keys(before), keys(after)) == indexes


def test_what_was_added_anew_keeps_its_row():
    assert match([key("a"), key("b")], [key("b", 9), key("a")]) == [1, 0]


def test_a_new_entry_takes_no_row_of_another_second():
    assert match([key("a"), key("b", 1), key("c")], [key("a"), key("x", 2), key("c")]) == [
        0,
        None,
        2,
    ]


def test_of_equal_tracks_the_one_of_the_same_time_is_the_same():
    stored = [key("x"), key("a", 1), key("a", 2), key("a", 3)]
    remote = [key("a", 3), key("x"), key("a", 1)]

    assert match(stored, remote) == [3, 0, 1]


letters = st.sampled_from("abcd.")
entries = st.lists(
    st.builds(key, letters.map(lambda x: x.strip(".")), st.integers(0, 3)), max_size=14
)
edits = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 99), st.integers(0, 99), entries), max_size=5
)


def edited(before, steps):
    """Make insertions, removals and moves of stretches, as their owners do."""
    after = list(before)
    for kind, at, to, what in steps:
        if kind == 0:
            after[at % (len(after) + 1) : 0] = what
        elif kind == 1 and after:
            del after[at % len(after)]
        elif after:
            taken = after[at % len(after) : at % len(after) + kind]
            del after[at % len(after) : at % len(after) + kind]
            after[to % (len(after) + 1) : 0] = taken
    return after


@given(entries, edits)
def test_rows_are_kept_wherever_entries_stay(before, steps):
    after = edited(before, steps)

    indexes = match(before, after)

    claimed = [index for index in indexes if index is not None]
    assert len(indexes) == len(after)
    assert len(set(claimed)) == len(claimed)
    assert set(claimed) <= set(range(len(before)))
    same = sum(
        before[index] == after[place] for place, index in enumerate(indexes) if index is not None
    )
    assert same == sum(min(before.count(one), after.count(one)) for one in set(before))
    if before == after:
        assert indexes == list(range(len(before)))


@given(entries, entries)
def test_an_unproved_reading_loses_nothing_and_doubles_nothing(before, read):
    places = add_only(before, read)

    kept = [index for _, index in places if index is not None]
    added = [read[entry] for entry, index in places if index is None]
    assert sorted(kept) == list(range(len(before)))
    assert len(set(added)) == len(added)
    assert not set(added) & set(before)
    assert set(added) == set(read) - set(before)
    assert add_only(before, before) == [(index, index) for index in range(len(before))]


def test_rows_that_were_not_read_stay_behind_their_neighbours():
    assert add_only(keys("abcd"), keys("axc")) == [(0, 0), (None, 1), (1, None), (2, 2), (None, 3)]


def test_guesses_are_for_whole_readings_only():
    assert match_some(keys("abc"), keys("axc")) == [0, None, 2]


def test_a_long_list_is_matched_in_no_time():
    before = [key(f"t{index}", index) for index in range(10_000)]
    after = random.Random(1).sample(before, k=10_000)

    assert [before[index] for index in match(before, after)] == after

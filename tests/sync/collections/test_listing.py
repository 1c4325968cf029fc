"""What several looks at one list show together."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from django_spotify_sync.spotify.answers.paging import Entry
from django_spotify_sync.sync.collections.listing import Listing, joined

DAY = datetime(2026, 1, 1, tzinfo=UTC)


def look(ids, *, total=4, nulls=0, is_steady=True, problem="drift"):
    """Return a look that shows these ids, a letter each, and so many nulls behind them."""
    entries = [*map(Entry, ids), *[Entry(None, DAY)] * nulls]
    return Listing(list(dict.fromkeys(ids)), total, entries, is_steady, problem)


@pytest.mark.parametrize(
    "looks",
    [
        ["aabc", "daab"],
        ["daab", "aabc"],
        ["abba", "bcca", "cdda"],
        ["abcd"],
    ],
)
def test_what_one_look_skipped_another_one_shows(looks):
    together = joined([look(ids) for ids in looks], hidden=0)

    assert together is not None
    assert (sorted(together.ids), together.total, together.problem) == ([*"abcd"], 4, "")
    assert together.came == 4
    assert sorted(entry.spotify_id for entry in together.entries) == [*"abcd"]


@pytest.mark.parametrize("looks", [["aabc"], ["aabc", "bbca"], ["aabc", "eeda"]])
def test_what_does_not_add_up_to_the_total_is_no_whole_list(looks):
    assert joined([look(ids) for ids in looks], hidden=0) is None


def test_looks_of_two_totals_are_no_one_list():
    assert joined([look("aab", total=3), look("daab")], hidden=0) is None


def test_a_look_that_is_not_steady_shows_nothing():
    assert joined([look("daab", is_steady=False), look("aabc")], hidden=0) is None
    assert joined([look("abcd", is_steady=False)], hidden=0) is None


def test_what_is_hidden_is_not_waited_for():
    looks = [look("aab", total=4), look("aac", total=4)]

    together = joined(looks, hidden=1)

    assert together is not None
    assert sorted(together.ids) == [*"abc"]
    assert joined(looks, hidden=0) is None


def test_nulls_are_those_of_one_look():
    """They have no ids by which those of two looks could be told apart."""
    together = joined([look("aab", nulls=1), look("cca", nulls=1)], hidden=0)

    assert together is not None
    assert sorted(together.ids) == [*"abc"]
    assert (together.nulls, together.dates) == (1, {DAY: 1})

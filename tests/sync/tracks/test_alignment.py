from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from django_spotify_sync.spotify.answers.saved import Key
from django_spotify_sync.sync.tracks.alignment import _align, align

START = datetime(2026, 1, 1, tzinfo=UTC)


def at(second: int) -> datetime:
    return START + timedelta(seconds=second)


def library(text: str) -> list[Key]:
    """Read "a9 b9 .7": newest first, a letter an id (a dot for none), a digit its second."""
    return [(None if word[0] == "." else word[0], at(int(word[1:]))) for word in text.split()]


# align()


def gone(stored: list[Key], remote: list[Key]) -> list[str | None]:
    return [stored[index][0] for index in align(stored, remote).gone]


def test_the_same_list_claims_every_index():
    keys = library("a9 b8 .7 .7 c6")

    alignment = align(keys, keys)

    assert alignment.indexes == [0, 1, 2, 3, 4]
    assert alignment.kept == [0, 1, 2, 3, 4]
    assert alignment.gone == []


def test_new_and_gone():
    alignment = align(library("b8 c7 d6"), library("a9 b8 d6"))

    assert alignment.indexes == [None, 0, 2]
    assert alignment.gone == [1]
    assert alignment.kept == [1, 2]


def test_an_entry_liked_anew_keeps_its_index():
    alignment = align(library("a9 b8 c7"), library("c10 a9 b8"))

    assert alignment.indexes == [2, 0, 1]
    assert alignment.gone == []
    assert alignment.kept == [1, 2]


def test_a_relinked_entry_keeps_its_index():
    alignment = align(library("a9 b8 c7"), library("a9 x8 c7"))

    assert alignment.indexes == [0, 1, 2]
    assert alignment.relinked == [1]


def test_an_entry_that_became_null_keeps_its_index():
    assert align(library("a9 b8 c7"), library("a9 .8 c7")).indexes == [0, 1, 2]


def test_the_same_second_beyond_a_neighbour_is_no_relink():
    assert gone(library("a9 b9 c9"), library("b9 c9 x9")) == ["a"]


def test_without_relinks_an_id_that_was_not_read_is_not_overwritten():
    alignment = align(library("a9 b8 c7"), library("a9 x8 c7"), relinks=False)

    assert alignment.indexes == [0, None, 2]
    assert alignment.gone == [1]


keys = st.lists(
    st.tuples(st.none() | st.sampled_from("abcdefgh"), st.integers(0, 3).map(at)), max_size=12
)


@given(keys, keys)
def test_each_slot_is_claimed_once_or_gone(stored, remote):
    alignment = align(stored, remote)

    claimed = [index for index in alignment.indexes if index is not None]
    assert sorted(claimed + alignment.gone) == list(range(len(stored)))
    kept = [alignment.indexes[position] for position in alignment.kept]
    assert kept == sorted(kept)
    assert alignment.kept == sorted(alignment.kept)


edits = st.lists(st.tuples(st.integers(0, 12), st.sampled_from("-+="), st.sampled_from("abc.")))


few_keys = st.lists(st.tuples(st.none() | st.just("a"), st.integers(0, 1).map(at)), max_size=8)


@given(keys | few_keys, edits, st.booleans())
def test_what_is_the_same_at_both_ends_changes_no_alignment(stored, edits, relinks):
    """It is left out only to save time; alike entries are told apart by their order all the same."""
    remote = list(stored)
    for where, what, letter in edits:
        where = min(where, len(remote))
        if what != "+":
            del remote[where : where + 1]
        if what != "-":
            remote.insert(where, (None if letter == "." else letter, at(where % 4)))

    assert align(stored, remote, relinks=relinks) == _align(stored, remote, relinks=relinks)


def test_of_alike_entries_the_first_is_kept():
    assert align(library("a9 b8 a9"), library("b8 a9")).indexes == [1, 0]

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_spotify_sync.exceptions import NotWhole
from django_spotify_sync.spotify.rows import Catalog, Key, Page, SavedRow
from django_spotify_sync.sync.delta import RANK_STEP, align, is_large_loss, ranks, seams, whole

START = datetime(2026, 1, 1, tzinfo=UTC)


def at(second: int) -> datetime:
    return START + timedelta(seconds=second)


def library(text: str) -> list[Key]:
    """Read "a9 b9 .7": newest first, a letter an id (a dot for none), a digit its second."""
    return [(None if word[0] == "." else word[0], at(int(word[1:]))) for word in text.split()]


def page(offset: int, keys: list[Key], *, total: int, limit: int = 3) -> Page[SavedRow]:
    entries = tuple(SavedRow(*key) for key in keys)
    return Page(offset=offset, limit=limit, total=total, entries=entries, catalog=Catalog())


def paged(keys: list[Key], *, limit: int = 3) -> dict[int, Page[SavedRow]]:
    offsets = range(0, max(1, len(keys)), limit)
    return {
        offset: page(offset, keys[offset : offset + limit], total=len(keys), limit=limit)
        for offset in offsets
    }


# whole()


@pytest.mark.parametrize("size", [0, 1, 2, 3, 4, 6, 7])
def test_pages_that_fit_together_are_whole(size):
    keys: list[Key] = [(f"t{number}", at(100 - number)) for number in range(size)]

    assert [entry.key for entry in whole(paged(keys))] == keys


def test_another_total_is_drift():
    pages = paged(library("a9 b8 c7 d6"))
    pages[3] = page(3, library("d6"), total=5)

    with pytest.raises(NotWhole) as caught:
        whole(pages)

    assert caught.value.reason == "drift"


@pytest.mark.parametrize("text", ["a9 b8", "a9 b8 c7 d6"])
def test_a_page_that_is_short_or_long_is_not_whole(text):
    pages = paged(library("a9 b8 c7 d6 e5"))
    pages[0] = page(0, library(text), total=5)

    with pytest.raises(NotWhole) as caught:
        whole(pages)

    assert caught.value.reason == "page_length"


def test_a_missing_page_is_not_whole():
    pages = paged(library("a9 b8 c7 d6 e5 f4 g3"))
    del pages[3]

    with pytest.raises(NotWhole):
        whole(pages)


def test_a_missing_last_page_is_not_whole():
    pages = paged(library("a9 b8 c7 d6"))
    del pages[3]

    with pytest.raises(NotWhole) as caught:
        whole(pages)

    assert caught.value.reason == "count"


def test_a_key_that_came_twice_is_drift():
    with pytest.raises(NotWhole) as caught:
        whole(paged(library("a9 b8 c7 c7")))

    assert caught.value.reason == "drift"


def test_nulls_of_one_second_are_no_doubles():
    assert len(whole(paged(library("a9 .8 .8")))) == 3


def test_hidden_entries_are_reckoned_with():
    pages = {0: page(0, library("a9 b8 c7"), total=5), 3: page(3, library("d6"), total=5)}

    with pytest.raises(NotWhole):
        whole(pages)
    assert len(whole(pages, hidden=1)) == 4


# align()


def gone(stored: list[Key], remote: list[Key]) -> list[str | None]:
    return [stored[slot][0] for slot in align(stored, remote).gone]


def test_the_same_list_claims_every_slot():
    keys = library("a9 b8 .7 .7 c6")

    alignment = align(keys, keys)

    assert alignment.slots == [0, 1, 2, 3, 4]
    assert alignment.kept == [0, 1, 2, 3, 4]
    assert alignment.gone == []


def test_new_and_gone():
    alignment = align(library("b8 c7 d6"), library("a9 b8 d6"))

    assert alignment.slots == [None, 0, 2]
    assert alignment.gone == [1]
    assert alignment.kept == [1, 2]


def test_an_entry_liked_anew_keeps_its_slot():
    alignment = align(library("a9 b8 c7"), library("c10 a9 b8"))

    assert alignment.slots == [2, 0, 1]
    assert alignment.gone == []
    assert alignment.kept == [1, 2]


def test_a_relinked_entry_keeps_its_slot():
    alignment = align(library("a9 b8 c7"), library("a9 x8 c7"))

    assert alignment.slots == [0, 1, 2]
    assert alignment.relinked == [1]


def test_an_entry_that_became_null_keeps_its_slot():
    assert align(library("a9 b8 c7"), library("a9 .8 c7")).slots == [0, 1, 2]


def test_the_same_second_beyond_a_neighbour_is_no_relink():
    assert gone(library("a9 b9 c9"), library("b9 c9 x9")) == ["a"]


def test_without_relinks_an_id_that_was_not_read_is_not_overwritten():
    alignment = align(library("a9 b8 c7"), library("a9 x8 c7"), relinks=False)

    assert alignment.slots == [0, None, 2]
    assert alignment.gone == [1]


keys = st.lists(
    st.tuples(st.none() | st.sampled_from("abcdefgh"), st.integers(0, 3).map(at)), max_size=12
)


@given(keys, keys)
def test_each_slot_is_claimed_once_or_gone(stored, remote):
    alignment = align(stored, remote)

    claimed = [slot for slot in alignment.slots if slot is not None]
    assert sorted(claimed + alignment.gone) == list(range(len(stored)))
    kept = [alignment.slots[position] for position in alignment.kept]
    assert kept == sorted(kept)
    assert alignment.kept == sorted(alignment.kept)


# seams()


def seams_of(stored: list[Key], remote: list[Key], *, limit: int = 4) -> list[int]:
    pages = [(p.offset, p.end) for p in paged(remote, limit=limit).values()]
    return seams(align(stored, remote), len(remote), pages, limit=limit)


FULL = "a9 b9 c8 d8 e7 f7 g6 h6 i5 j5"


def test_nothing_gone_needs_no_seam():
    assert seams_of(library(FULL), library(FULL)) == []


def test_a_loss_inside_a_page_is_certified_by_it():
    assert seams_of(library("a9 b9 x8 c8 d8 e7 f7 g6 h6 i5"), library(FULL)) == []


def test_a_loss_between_two_pages_needs_their_seam():
    assert seams_of(library("a9 b9 c8 d8 x7 e7 f7 g6 h6"), library(FULL)) == [2]


def test_a_loss_of_the_newest_is_seen_by_the_head():
    assert seams_of(library("x9 a9 b9 c8"), library("a9 b9 c8")) == []


def test_a_loss_of_the_oldest_is_seen_by_a_short_page():
    assert seams_of(library("a9 b9 c8 x1"), library("a9 b9 c8")) == []


def test_a_loss_of_the_oldest_behind_a_full_page_needs_the_end():
    assert seams_of(library("a9 b9 c8 d8 x1"), library("a9 b9 c8 d8")) == [2]


def test_a_seam_that_was_read_certifies():
    remote = library(FULL)
    alignment = align(library("a9 b9 c8 d8 x7 e7 f7 g6 h6"), remote)

    assert seams(alignment, 10, [(0, 4), (4, 8), (8, 10), (2, 6)], limit=4) == []


def test_what_is_relinked_has_to_be_certified_too():
    assert seams_of(library("a9 b9 c8 x8 e7 f7"), library("a9 b9 c8 d8 e7 f7")) == [2]


def test_everything_gone_is_seen_by_the_empty_head():
    assert seams(align(library("a9"), []), 0, [(0, 0)], limit=4) == []


# ranks()


@given(st.lists(st.none() | st.integers(-100, 100), max_size=20))
def test_ranks_fall(current):
    given_ranks = ranks(current)

    assert len(given_ranks) == len(current)
    assert all(above > below for above, below in pairwise(given_ranks))


@given(st.lists(st.integers(-(10**6), 10**6), unique=True, max_size=20))
def test_ranks_that_fall_already_stay(current):
    ordered = sorted(current, reverse=True)

    assert ranks(ordered) == ordered


def test_a_new_head_moves_no_row():
    assert ranks([None, None, 30, 20]) == [30 + 2 * RANK_STEP, 30 + RANK_STEP, 30, 20]


def test_an_old_dated_entry_goes_between():
    assert ranks([30, None, 20]) == [30, 25, 20]


def test_one_that_moved_up_is_the_only_one_to_change():
    assert ranks([10, 30, 20]) == [30 + RANK_STEP, 30, 20]


def test_without_room_all_are_numbered_anew():
    assert ranks([2, None, 1]) == [3 * RANK_STEP, 2 * RANK_STEP, RANK_STEP]


# is_large_loss()


@pytest.mark.parametrize(
    ("stored", "lost", "large"),
    [
        (0, 0, False),
        (100, 0, False),
        (100, 50, False),
        (100, 51, True),
        (1000, 500, False),
        (1000, 501, True),
        (60, 40, False),
        (3, 3, True),
    ],
)
def test_what_is_a_large_loss(stored, lost, large):
    assert is_large_loss(stored=stored, gone=lost, max_share=0.5) is large

from __future__ import annotations

import random
from itertools import chain, combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_spotify_sync.exceptions import NotWhole
from django_spotify_sync.sync.removals import is_large_loss
from django_spotify_sync.sync.tracks.chart import Answer, Chart
from django_spotify_sync.sync.tracks.delta import Known, cover, next_step
from django_spotify_sync.sync.tracks.seams import stitch, torn
from tests.kit.model import Library, second, settle

SIZE = 10_000
# With ties about two thirds of the entries lie in runs of one second.
TIES = pytest.mark.parametrize("ties", [0.0, 1.0])


def every(few: int, most: int) -> pytest.MarkDecorator:
    """Walk through a list in great steps, or as an exhaustive test in small ones."""
    return pytest.mark.parametrize("step", [few, pytest.param(most, marks=pytest.mark.exhaustive)])


@pytest.fixture(scope="module")
def libraries():
    """Give a library of 10,000 by its share of ties; each test edits a copy."""
    return {ties: Library.of(SIZE, ties=ties, seed=7) for ties in (0.0, 1.0)}


@pytest.fixture
def edited(libraries):
    def edit(ties, change):
        library = Library(list(libraries[ties].keys))
        change(library)
        outcome = settle(libraries[ties].keys, library)
        assert outcome.keys == library.keys
        return outcome

    return edit


# What it costs


@TIES
@pytest.mark.parametrize(
    ("likes", "requests"), [(0, 1), (1, 1), (25, 1), (49, 1), (50, 2), (98, 2), (99, 3), (500, 11)]
)
def test_new_likes_cost_their_pages(edited, ties, likes, requests):
    assert edited(ties, lambda library: library.like(likes)).requests == requests


@pytest.mark.parametrize(("count", "requests"), [(10, 1), (49, 1), (60, 3)])
def test_likes_anew_cost_what_likes_cost(edited, count, requests):
    def relike(library):
        for position in random.Random(count).sample(range(500, SIZE), count):
            library.relike(position)

    assert edited(0.0, relike).requests == requests


@every(2503, 397)
def test_one_unlike_costs_ten_wherever_it_was(edited, step):
    for position in range(0, SIZE, step):
        outcome = edited(0.0, lambda library, position=position: library.unlike(position))
        assert outcome.requests <= 10, position
        assert len(outcome.gone) == 1


@every(67, 1)
def test_one_unlike_costs_ten_at_every_single_place(step):
    """204 pages, as 10,000 entries have, but of six entries each."""
    base = Library.of(1021).keys
    for position in range(0, len(base), step):
        library = Library(list(base))
        library.unlike(position)
        outcome = settle(base, library, limit=6)
        assert outcome.requests <= 10, position
        assert outcome.keys == library.keys


@every(2501, 499)
def test_one_unlike_among_ties_costs_twelve_at_most(edited, step):
    for position in range(3, SIZE, step):
        outcome = edited(1.0, lambda library, position=position: library.unlike(position))
        assert outcome.requests <= 12, position


@TIES
@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.exhaustive)])
@pytest.mark.parametrize(
    ("count", "requests"), [(2, 19), (5, 40), (20, 100), (80, 165), (200, 205)]
)
def test_scattered_unlikes(edited, ties, count, requests, seed):
    positions = random.Random(seed).sample(range(SIZE), count)
    outcome = edited(ties, lambda library: library.unlike(*positions))
    assert outcome.requests <= requests
    assert len(outcome.gone) == count


@TIES
@pytest.mark.parametrize("count", [20, 200])
@every(4903, 2453)
def test_unlikes_in_one_run_cost_little(edited, ties, count, step):
    for start in range(17, SIZE - count, step):
        outcome = edited(
            ties, lambda library, start=start: library.unlike(*range(start, start + count))
        )
        assert outcome.requests <= 20


def test_likes_and_unlikes_together(edited):
    positions = random.Random(1).sample(range(SIZE), 5)

    def change(library):
        library.unlike(*positions)
        library.like(25)

    assert edited(0.0, change).requests <= 40


@TIES
@every(4001, 1997)
def test_an_old_dated_save_is_found(edited, ties, step):
    for position in range(60, SIZE, step):
        outcome = edited(ties, lambda library, position=position: library.add_old(position))
        assert outcome.requests <= 10


# That it is right


def everything(size: int):
    return chain.from_iterable(combinations(range(size), taken) for taken in range(size + 1))


@pytest.mark.parametrize("limit", [2, 3, 4])
@pytest.mark.parametrize("ties", [1, 2, 9])
@pytest.mark.parametrize("most", [5, pytest.param(6, marks=pytest.mark.exhaustive)])
def test_every_small_library_and_every_human_edit(limit, ties, most):
    for size in range(most + 1):
        base = [(f"t{index}", second(-(index // ties))) for index in range(size)]
        for removed in everything(size):
            for likes in (0, 1, 2):
                for relike in [None, *range(size - len(removed))]:
                    library = Library(list(base))
                    library.unlike(*removed)
                    if relike is not None:
                        library.relike(relike)
                    library.like(likes)

                    assert settle(base, library, limit=limit).keys == library.keys


libraries_of = st.lists(st.integers(0, 3), max_size=25)
edits = st.lists(
    st.tuples(st.sampled_from(["like", "unlike", "relike"]), st.integers(0, 30)), max_size=8
)


def edit_by(library: Library, edits) -> None:
    for what, where in edits:
        if what == "like":
            library.like()
        elif library.keys:
            getattr(library, what)(where % len(library.keys))


def build(gaps) -> Library:
    """Make a library of entries so many seconds apart; every seventh is a null."""
    moment, keys = 0, []
    for index, gap in enumerate(gaps):
        moment -= gap
        keys.append((None if index % 7 == 6 else f"t{index}", second(moment)))
    return Library(keys)


@given(libraries_of, edits, st.integers(3, 7))
def test_whatever_people_do_it_ends_at_the_truth(gaps, edits, limit):
    library = build(gaps)
    known = list(library.keys)
    edit_by(library, [edit for edit in edits if library.keys or edit[0] == "like"])

    outcome = settle(known, library, limit=limit)

    assert outcome.keys == library.keys


@given(libraries_of, edits, st.lists(st.integers(0, 30), max_size=3), st.integers(3, 7))
def test_with_old_dates_it_is_exact_or_could_not_have_known(gaps, edits, olds, limit):
    library = build(gaps)
    known = list(library.keys)
    edit_by(library, edits)
    for where in olds:
        if library.keys:
            library.add_old(where % len(library.keys))

    outcome = settle(known, library, limit=limit)

    if outcome.keys != library.keys:
        # A list that is what was concluded would have given the very same answers.
        concluded = Library(outcome.keys)
        assert len(outcome.keys) == len(library.keys)
        assert all(
            concluded.page(offset, limit) == library.page(offset, limit)
            for offset in outcome.offsets
        )


@given(libraries_of, edits, st.integers(0, 10**6), st.integers(3, 7))
def test_ties_in_another_order_lose_nothing(gaps, edits, seed, limit):
    library = build(gaps)
    known = list(library.keys)
    edit_by(library, edits)
    rng = random.Random(seed)
    runs: dict = {}
    for key in library.keys:
        runs.setdefault(key[1], []).append(key)
    library.keys = [key for run in runs.values() for key in rng.sample(run, len(run))]

    try:
        outcome = settle(known, library, limit=limit)
    except NotWhole:
        return  # partial: the next run makes a full pass

    present = {key[0] for key in library.keys}
    assert not {key[0] for key in outcome.gone if key[0] is not None} & present


# Pages


def test_pages_that_contradict_each_other_are_drift():
    with pytest.raises(NotWhole) as caught:
        Chart(
            4,
            [Answer(0, (("a", None), ("b", None))), Answer(1, (("c", None), ("d", None)))],
            limit=2,
        )

    assert caught.value.reason == "drift"


def test_an_entry_that_came_twice_is_drift():
    keys = [("a", second(3)), ("b", second(2)), ("a", second(3))]

    with pytest.raises(NotWhole) as caught:
        next_step(Known([]), Chart(3, [Answer(0, tuple(keys))], limit=4))

    assert caught.value.reason == "drift"


def test_what_stood_in_the_same_two_places_at_the_look_before_is_there_twice():
    keys = [("a", second(3)), ("b", second(2)), ("a", second(3))]
    answers = [Answer(0, tuple(keys))]
    first = Chart(3, answers, limit=4)
    with pytest.raises(NotWhole):
        next_step(Known([]), first)

    assert first.doubled == {("a", second(3)): [0, 2]}
    assert (
        next_step(Known([]), Chart(3, answers, limit=4, doubled_before=first.doubled)).reads == []
    )
    elsewhere = {("a", second(3)): [0, 1]}
    with pytest.raises(NotWhole):
        next_step(Known([]), Chart(3, answers, limit=4, doubled_before=elsewhere))


def test_more_entries_than_the_total_says_are_drift():
    keys = tuple(Library.of(5).keys)

    with pytest.raises(NotWhole) as caught:
        Chart(3, [Answer(0, keys)], limit=5)

    assert caught.value.reason == "drift"


def test_two_of_one_second_in_one_answer_are_two():
    """Spotify relinked one to the other's id; both are there for good."""
    keys = (("a", second(3)), ("b", second(3)), ("a", second(3)), ("c", second(1)))

    assert next_step(Known([]), Chart(4, [Answer(0, keys)], limit=5)).reads == []
    assert next_step(Known(keys), Chart(4, [Answer(0, keys[:2])], limit=2)).reads == []
    with pytest.raises(NotWhole):
        next_step(Known([]), Chart(4, [Answer(0, keys[:2]), Answer(2, keys[2:])], limit=2))


def test_nulls_of_one_second_are_no_doubles():
    keys = ((None, second(3)), (None, second(3)))

    assert next_step(Known([]), Chart(2, [Answer(0, keys)], limit=4)).reads == []


@pytest.mark.parametrize(
    ("total", "pages"), [(0, 0), (1, 0), (50, 0), (51, 1), (100, 1), (10_000, 199)]
)
def test_a_first_pass_reads_each_page_once(total, pages):
    keys = Library.of(total).keys
    reads = cover(Chart(total, [Answer(0, tuple(keys[:50]))], limit=50), overlapping=False)

    assert reads == list(range(50, total, 50))
    assert len(reads) == pages


def test_a_later_pass_overlaps_by_one():
    keys = Library.of(10_000).keys

    reads = cover(Chart(10_000, [Answer(0, tuple(keys[:50]))], limit=50), overlapping=True)

    assert reads[:3] == [49, 98, 147]
    assert len(reads) == 204


def test_the_end_is_seen_only_by_a_page_that_came_short():
    keys = tuple(Library.of(4).keys)

    assert Chart(4, [Answer(0, keys)], limit=5).unseen == []
    assert Chart(4, [Answer(0, keys)], limit=4).unseen == [4]


def test_a_page_of_an_earlier_day_proves_no_loss():
    keys = Library.of(6).keys
    known = [*keys[:3], ("gone", keys[3][1]), *keys[3:]]
    pages = [Answer(0, tuple(keys[:4])), Answer(3, tuple(keys[3:]))]
    stale = [Answer(page.offset, page.keys, is_fresh=False) for page in pages]

    assert next_step(Known(known), Chart(6, pages, limit=4)).reads == []
    assert next_step(Known(known), Chart(6, stale, limit=4)).reads != []


# Stitching


def test_seams_that_do_not_fit_are_torn():
    a, b, c, d, e = ((name, None) for name in "abcde")

    assert torn([(0, 5, [a, b]), (1, 5, [b, c]), (2, 5, [c, d])]) == []
    assert torn([(0, 5, [a, b]), (1, 5, [c, d]), (2, 5, [d, e])]) == [1]
    assert torn([(0, 5, [a, b]), (2, 4, [c, d]), (4, 4, [e])]) == [1]


def names(pages, fresh):
    pages = [[(name, None) for name in page] for page in pages]
    fresh = {number: [(name, None) for name in page] for number, page in fresh.items()}
    return "".join(
        (fresh[-1 - number] if number < 0 else pages[number])[index][0]
        for number, index in stitch(pages, fresh)
    )


def test_pages_that_fit_are_joined():
    assert names(["abc", "cde", "ef"], {}) == "abcdef"


def test_what_was_missed_at_a_seam_comes_from_the_fresh_page():
    assert names(["abc", "efg"], {1: "bcdef"}) == "abcdefg"


def test_what_came_twice_at_a_seam_is_taken_once():
    assert names(["abcd", "cdef"], {1: "bcde"}) == "abcdef"


def test_what_a_fresh_page_no_longer_shows_is_cut():
    assert names(["abxcd", "efg"], {1: "bcdefg"}) == "abcdefg"


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
    assert is_large_loss(known=stored, gone=lost, max_share=0.5) is large

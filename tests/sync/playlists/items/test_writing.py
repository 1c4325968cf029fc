"""How few rows an edit of a list writes, and that the order is right all the same."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from django_spotify_sync.db.upsert import Counts
from django_spotify_sync.models import Playlist, PlaylistItem
from django_spotify_sync.spotify.answers.playlist_items import ItemRow
from django_spotify_sync.sync.playlists.items.writing import HIGHEST, LOWEST, write_items
from tests.kit.libraries import EPOCH

pytestmark = pytest.mark.django_db


@pytest.fixture
def playlist() -> Playlist:
    return Playlist.objects.create(spotify_id="list")


def entries(names: Sequence[int | str]) -> list[ItemRow]:
    """Make an entry for each name; those of one name are alike."""
    return [
        ItemRow("local", f"spotify:local:{name}", title=f"{name}", added_at=EPOCH) for name in names
    ]


def write(playlist: Playlist, names: Sequence[int | str]) -> Counts:
    """Make the list these, and prove that it is."""
    with transaction.atomic():
        counts, *_ = write_items(
            playlist.pk, entries(names), {}, whole=True, same_reader=True, using="default"
        )
    rows = list(playlist.items.order_by("position").values_list("title", "position"))
    assert [title for title, _ in rows] == [f"{name}" for name in names]
    positions = [position for _, position in rows]
    assert all(one < after for one, after in pairwise([LOWEST - 1, *positions, HIGHEST + 1]))
    return counts


def rows_written(work: Callable[[], object]) -> int:
    """Do the work; return how many rows of items the database wrote, one as often as it was written."""
    before = _rows_written()
    work()
    return _rows_written() - before


def _rows_written() -> int:
    if connection.vendor == "sqlite":
        return int(connection.connection.total_changes)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT n_tup_ins + n_tup_upd + n_tup_del FROM pg_stat_xact_user_tables"
            " WHERE relname = 'spotify_sync_playlistitem'"
        )
        return int(cursor.fetchone()[0])


def moved(names: list[int], start: int, to: int) -> list[int]:
    rest = [*names[:start], *names[start + 1 :]]
    return [*rest[:to], names[start], *rest[to:]]


SIZE = 300
EDITS = {
    "inserted at the head": lambda names: [-1, *names],
    "inserted in the middle": lambda names: [*names[:150], -1, *names[150:]],
    "appended": lambda names: [*names, -1],
    "moved to the head": lambda names: moved(names, 200, 0),
    "moved on": lambda names: moved(names, 50, 250),
    "moved back": lambda names: moved(names, 250, 50),
    "moved to the end": lambda names: moved(names, 0, len(names) - 1),
    "the head is gone": lambda names: names[1:],
    "one is gone": lambda names: [*names[:150], *names[151:]],
    "the end is gone": lambda names: names[:-1],
}


@pytest.mark.parametrize("edit", EDITS)
def test_one_edit_writes_one_row(playlist: Playlist, edit: str) -> None:
    names = list(range(SIZE))
    write(playlist, names)

    assert rows_written(lambda: write(playlist, EDITS[edit](names))) == 1


@pytest.mark.parametrize(
    ("edit", "counts"),
    [
        ("inserted in the middle", Counts(created=1, unchanged=SIZE)),
        ("moved back", Counts(updated=1, unchanged=SIZE - 1)),
        ("one is gone", Counts(removed=1, unchanged=SIZE - 1)),
    ],
)
def test_an_edit_is_counted(playlist: Playlist, edit: str, counts: Counts) -> None:
    names = list(range(SIZE))
    write(playlist, names)

    assert write(playlist, EDITS[edit](names)) == counts


def test_what_is_the_same_writes_nothing(playlist: Playlist) -> None:
    write(playlist, range(SIZE))

    assert rows_written(lambda: write(playlist, range(SIZE))) == 0


@pytest.mark.exhaustive
def test_one_edit_of_ten_thousand_writes_one_row(playlist: Playlist) -> None:
    names = list(range(10_000))
    write(playlist, names)

    for edit in EDITS.values():
        assert rows_written(lambda edit=edit: write(playlist, edit(names))) == 1  # type: ignore[misc]
        assert rows_written(lambda: write(playlist, names)) == 1


def make_dense(playlist: Playlist) -> None:
    """Number the items as the versions before did."""
    for position, item in enumerate(playlist.items.in_order()):
        PlaylistItem.objects.filter(pk=item.pk).update(position=position)


def test_a_list_stored_by_dense_positions_is_numbered_anew_once(playlist: Playlist) -> None:
    names: list[int | str] = list(range(SIZE))
    write(playlist, names)
    make_dense(playlist)

    assert rows_written(lambda: write(playlist, names)) == 0
    names.append("end")
    assert rows_written(lambda: write(playlist, names)) == 1
    names.insert(100, "one")
    assert rows_written(lambda: write(playlist, names)) == SIZE + 2
    names.insert(100, "two")
    assert rows_written(lambda: write(playlist, names)) == 1


def test_rows_that_are_numbered_anew_count_as_unchanged(playlist: Playlist) -> None:
    write(playlist, "abc")
    make_dense(playlist)

    assert write(playlist, "abxc") == Counts(created=1, unchanged=3)


def test_where_room_runs_out_all_are_numbered_anew_and_there_is_room_again(
    playlist: Playlist,
) -> None:
    names: list[int | str] = ["a", "b", "c", "d"]
    write(playlist, names)
    sizes = []

    for number in range(40):
        names.insert(2, number)
        sizes.append(rows_written(lambda: write(playlist, names)))

    assert sizes[:16] == [1] * 16
    assert [size for size in sizes if size > 1] == [21, 38]


def test_rows_of_one_position_are_parted(playlist: Playlist) -> None:
    write(playlist, "abcdef")
    playlist.items.filter(title__in="cde").update(position=HIGHEST // 2)

    write(playlist, [item.title for item in playlist.items.in_order()])


def test_positions_of_another_list_are_left_alone(playlist: Playlist) -> None:
    other = Playlist.objects.create(spotify_id="other")
    write(other, "abc")
    playlist.items.bulk_create(
        PlaylistItem(playlist=playlist, position=at, kind="local", title=title, uri=title)
        for at, title in enumerate("abc")
    )
    before = list(other.items.order_by("pk").values())

    write(playlist, "xaybzc")

    assert list(other.items.order_by("pk").values()) == before


#: An edit: which one, where, where to and how many; taken by what there is.
edits = st.tuples(
    st.sampled_from("imrs"), st.integers(0, 99), st.integers(0, 99), st.integers(1, 4)
)


class EditsInARow(TestCase):
    @given(st.lists(edits, max_size=25), st.booleans())
    def test_any_edits_keep_the_order(self, row: list[Any], is_dense: bool) -> None:
        playlist = Playlist.objects.create(spotify_id="list")
        names: list[int | str] = [*range(6), 3, 3]  # the same thing may stand there many times
        write(playlist, names)
        if is_dense:
            make_dense(playlist)
        for kind, start, to, count in row:
            start, to = start % (len(names) + 1), to % (len(names) + 1)
            if kind == "i":
                names[start:start] = [f"new {len(names)}"] * count
            elif kind == "s":  # always in the same place, until there is no room left
                names[2:2] = [start]
            else:
                taken = names[start : start + count]
                del names[start : start + count]
                if kind == "m":
                    names[to:to] = taken
            write(playlist, names)

"""How few rows an edit of a list writes, and that the order is right all the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
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
        counts, _ = write_items(
            playlist.pk, entries(names), {}, whole=True, same_reader=True, using="default"
        )
    rows = list(playlist.items.order_by("position").values_list("title", "position"))
    assert [title for title, _ in rows] == [f"{name}" for name in names]
    positions = [position for _, position in rows]
    assert all(one < after for one, after in pairwise([LOWEST - 1, *positions, HIGHEST + 1]))
    return counts


@contextmanager
def rows_written() -> Iterator[list[int]]:
    """Note how many rows of items each statement writes."""
    written: list[int] = []

    def note(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        result = execute(sql, params, many, context)
        if "spotify_sync_playlistitem" in sql and not sql.startswith("SELECT"):
            written.append(context["cursor"].rowcount)
        return result

    with connection.execute_wrapper(note):
        yield written


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

    with rows_written() as written:
        counts = write(playlist, EDITS[edit](names))

    assert written == [1]
    assert counts.created + counts.updated + counts.removed == 1
    assert counts.unchanged == SIZE - (counts.updated + counts.removed)


def test_what_is_the_same_writes_nothing(playlist: Playlist) -> None:
    write(playlist, range(SIZE))

    with rows_written() as written:
        write(playlist, range(SIZE))

    assert written == []


@pytest.mark.exhaustive
def test_one_edit_of_ten_thousand_writes_one_row(playlist: Playlist) -> None:
    names = list(range(10_000))
    write(playlist, names)

    for edit in EDITS.values():
        with rows_written() as there:
            write(playlist, edit(names))
        with rows_written() as back:
            write(playlist, names)
        assert there == back == [1]


def test_a_list_stored_by_dense_positions_is_numbered_anew_once(playlist: Playlist) -> None:
    write(playlist, range(SIZE))
    for position, item in enumerate(playlist.items.in_order()):
        PlaylistItem.objects.filter(pk=item.pk).update(position=position)
    names = list(range(SIZE))

    with rows_written() as unchanged:
        write(playlist, names)
    with rows_written() as appended:
        write(playlist, names := [*names, "end"])
    with rows_written() as first:
        counts = write(playlist, names := [*names[:100], "one", *names[100:]])
    with rows_written() as second:
        write(playlist, [*names[:100], "two", *names[100:]])

    assert (unchanged, appended) == ([], [1])
    assert sorted(first) == [1, SIZE + 1]
    assert (counts.created, counts.updated, counts.unchanged) == (1, 0, SIZE + 1)
    assert second == [1]


def test_where_room_runs_out_all_are_numbered_anew_and_there_is_room_again(
    playlist: Playlist,
) -> None:
    names: list[int | str] = ["a", "b", "c", "d"]
    write(playlist, names)
    sizes = []

    for number in range(40):
        names.insert(2, number)
        with rows_written() as written:
            counts = write(playlist, names)
        assert (counts.created, counts.updated, counts.removed) == (1, 0, 0)
        sizes.append(sum(written))

    assert sizes.count(1) >= 37
    assert [size > 1 for size in sizes[:17]] == [False] * 16 + [True]


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
            for position, item in enumerate(playlist.items.in_order()):
                PlaylistItem.objects.filter(pk=item.pk).update(position=position)
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

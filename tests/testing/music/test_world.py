"""The world's memory of what was."""

from __future__ import annotations

from django_spotify_sync.testing.music.world import KEPT_VALUES, Versioned, World


def test_values_of_old_are_found_by_the_edits_of_the_whole_world() -> None:
    world = World()
    one, other = Versioned(world, "a"), Versioned(world, "x")
    for holder, value in ((one, "b"), (other, "y"), (one, "c")):
        with world.edit():
            holder.set(value)

    assert [one.behind(edits)[1] for edits in range(5)] == ["c", "b", "b", "a", "a"]
    assert [other.behind(edits)[1] for edits in range(4)] == ["y", "y", "x", "x"]


def test_edits_inside_an_edit_are_one() -> None:
    world = World()
    holder = Versioned(world, 0)

    with world.edit(), world.edit():
        holder.set(1)
        holder.set(2)

    assert (world.serial, holder.value, holder.behind(1)[1]) == (1, 2, 0)


def test_memory_is_bounded() -> None:
    world = World()
    holder = Versioned(world, 0)
    for value in range(1, 3 * KEPT_VALUES):
        with world.edit():
            holder.set(value)

    oldest = holder.behind(10 * KEPT_VALUES)[1]

    assert oldest == 3 * KEPT_VALUES - KEPT_VALUES

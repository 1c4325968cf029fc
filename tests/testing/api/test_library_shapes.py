"""Details of saved things as JSON that no comparison of keys and types shows."""

from __future__ import annotations

from typing import Any

import pytest

from django_spotify_sync.testing.api.library_shapes import LibraryShapes, dated
from django_spotify_sync.testing.api.shapes import Shapes
from django_spotify_sync.testing.music.library import Entry
from django_spotify_sync.testing.music.podcasts import Podcasts
from django_spotify_sync.testing.music.world import World

SHAPES = LibraryShapes(Shapes("legacy", "http://fake"))
PODCASTS = Podcasts(World(), 1)


def widths(thing: Any) -> list[int]:
    return [image["width"] for image in thing["images"]]


def test_pictures_of_saved_shows_come_smallest_first() -> None:
    [episode], shows = PODCASTS.first_episodes(1), PODCASTS.first_shows(8)

    assert widths(SHAPES.show(shows[0])) == [64, 300, 640]
    assert widths(SHAPES.episode(episode)["show"]) == [640, 300, 64]
    [bare] = [one for one in shows if one.cover is None]
    assert SHAPES.show(bare)["images"] == []


def test_where_an_episode_was_left_is_a_round_place_or_none() -> None:
    points = [SHAPES.episode(one)["resume_point"] for one in PODCASTS.first_episodes(40)]

    assert all(point["resume_position_ms"] % 10_000 == 0 for point in points)
    assert all(point["resume_position_ms"] == 0 for point in points if point["fully_played"])
    assert {point["fully_played"] for point in points} == {True, False}


@pytest.mark.parametrize("cohort", ["new", "legacy", "extended"])
def test_what_the_new_cohort_lost_is_lacking_everywhere(cohort: Any) -> None:
    shapes = LibraryShapes(Shapes(cohort, "http://fake"))
    [book] = PODCASTS.first_audiobooks(1)

    keys = [set(shapes.audiobook(book)), set(shapes.book_as_show(book))]

    assert [{"publisher", "available_markets"} & one for one in keys] == (
        [set(), set()] if cohort == "new" else [{"publisher", "available_markets"}] * 2
    )
    assert ("publisher" in shapes.gone_episode()["show"]) == (cohort != "new")


def test_an_entry_is_a_date_around_a_thing() -> None:
    [show] = PODCASTS.first_shows(1)
    entry = Entry(show, "2026-01-02T03:04:05Z", raw={"show": {"name": ""}})

    assert dated(entry, "show", {"id": show.id, "name": show.name}) == {
        "added_at": "2026-01-02T03:04:05Z",
        "show": {"id": show.id, "name": ""},
    }

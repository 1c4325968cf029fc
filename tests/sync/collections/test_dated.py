"""Nulls and audiobooks: what stands for what, in lists that do not say it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from django_spotify_sync.models import (
    Album,
    AlbumTrack,
    Audiobook,
    Episode,
    SavedEpisode,
    Show,
    Track,
)
from django_spotify_sync.spotify.answers.paging import Entry
from django_spotify_sync.sync import sync
from django_spotify_sync.sync.collections.dated import DatedShelf, StoredRow
from django_spotify_sync.sync.collections.listing import Listing
from django_spotify_sync.sync.collections.shelf import Stored
from django_spotify_sync.upkeep.pruning import prune
from tests.kit.saved import ALL, rows_of

pytestmark = pytest.mark.django_db(transaction=True)
SECOND = datetime(2026, 1, 1, tzinfo=UTC)


# Audiobooks


def test_audiobooks_that_are_gone_at_the_second_look_crash_nothing(spotify, who, lena):
    sync(lena, "audiobooks")
    before = rows_of(lena, "audiobooks")
    who.audiobooks.remove(2)
    spotify.faults.add("/me/audiobooks", nth=2, status=404, times=None)

    run = sync(lena, "audiobooks")

    assert run.status in ("succeeded", "partial"), run.error_detail
    assert rows_of(lena, "audiobooks") == before


def test_an_audiobook_that_is_null_among_shows_shields_no_show(spotify, who, lena):
    for resource in ("audiobooks", "shows", "audiobooks", "shows"):
        sync(lena, resource)
    who.audiobooks.null(0)
    [gone] = who.shows.remove(3)

    for _ in range(3):
        sync(lena, "shows")

    assert gone.id not in {row[0] for row in rows_of(lena, "shows")}


@pytest.mark.parametrize("trigger", ["user", "schedule"])
def test_resources_go_back_and_forth(spotify, who, lena, settings, trigger):
    books, shows = set(who.audiobooks.ids()), set(who.shows.ids())
    for with_books in (True, False, True, False, True):
        settings.SPOTIFY_SYNC_RESOURCES = ["shows", "audiobooks"] if with_books else ["shows"]
        for _ in range(2):
            for resource in settings.SPOTIFY_SYNC_RESOURCES:
                assert sync(lena, resource, trigger=trigger).status == "succeeded"
        wanted = shows if with_books else shows | books
        assert {row[0] for row in rows_of(lena, "shows")} == wanted


def test_a_book_that_is_an_audiobook_no_more_is_a_show_again(spotify, who, lena):
    """It is in no list of audiobooks by now, as in another market, and among the shows as before."""
    for resource in ("audiobooks", "shows"):
        sync(lena, resource)
    books = who.audiobooks.ids()
    spotify.faults.add("/me/audiobooks", short=1, total=6, times=None)
    for _ in range(2):
        assert sync(lena, "audiobooks").status == "succeeded"
    assert len(rows_of(lena, "audiobooks")) == 6

    sync(lena, "shows", trigger="schedule")

    assert len({row[0] for row in rows_of(lena, "shows")} & set(books)) == 1


# Nulls


@pytest.mark.parametrize("which", [0, 1])
def test_of_two_episodes_of_one_second_the_dead_one_stays(spotify, who, lena, which):
    pair = who.episodes.save(2, at=timezone.now() - timedelta(days=2))
    dead, other = pair[which], pair[1 - which]
    sync(lena, "episodes")
    who.episodes.null(dead.id)
    sync(lena, "episodes")
    assert {row[0] for row in rows_of(lena, "episodes") if not row[2]} == {dead.id}
    who.episodes.remove(other.id)

    sync(lena, "episodes")

    here = {row[0]: row[2] for row in rows_of(lena, "episodes")}
    assert other.id not in here
    assert here[dead.id] is False


def test_a_dated_null_stands_first_for_what_it_stood_for_before():
    rows = {"removed": StoredRow(1, 1, SECOND, True), "dead": StoredRow(2, 2, SECOND, False)}
    listing = Listing([], 1, [Entry(None, SECOND)], True, "")

    verdict = DatedShelf(SavedEpisode, "episode").verdict(
        Stored(rows, set()), list(rows), listing, nulls=0
    )

    assert (verdict.gone, verdict.unavailable) == ({"removed"}, {"dead"})


@pytest.mark.parametrize("step", [1, -1])
def test_nulls_stand_for_what_was_unavailable_and_then_for_the_latest(step):
    """A null without a date may be any of those that are missing, in whatever order they are stored."""
    day = timedelta(days=1)
    rows = {
        "undated": StoredRow(1, 1, None, True),
        "old": StoredRow(2, 2, SECOND, True),
        "latest": StoredRow(3, 3, SECOND + 3 * day, True),
        "later": StoredRow(4, 4, SECOND + 2 * day, True),
        "dead": StoredRow(5, 5, SECOND - day, False),
        "dead and undated": StoredRow(6, 6, None, False),
    }
    missing = list(rows)[::step]
    order = ["dead", "dead and undated", "latest", "later", "old", "undated"]

    for count in range(len(rows) + 1):
        listing = Listing([], count, [Entry(None)] * count, True, "")
        verdict = DatedShelf(SavedEpisode, "episode").verdict(
            Stored(rows, set()), missing, listing, nulls=0
        )

        assert (verdict.unavailable, verdict.gone) == ({*order[:count]}, {*order[count:]})


def test_a_show_that_was_not_available_before_is_the_one_that_a_null_keeps(spotify, who, lena):
    sync(lena, "shows")
    [dead, new] = [who.shows.entries[index].id for index in (20, 3)]
    who.shows.null(dead)
    sync(lena, "shows")
    who.shows.remove(new)

    run = sync(lena, "shows")

    assert (run.status, run.removed) == ("succeeded", 1)
    assert {row[0] for row in rows_of(lena, "shows") if not row[2]} == {dead}


def test_a_null_keeps_the_latest_of_those_that_are_missing(spotify, who, lena):
    """Which of them Spotify does not say."""
    sync(lena, "shows")
    [old, new] = [who.shows.entries[index].id for index in (20, 3)]
    who.shows.null(old)
    who.shows.remove(new)

    run = sync(lena, "shows")

    assert (run.status, run.removed) == ("succeeded", 1)
    assert {row[0] for row in rows_of(lena, "shows") if not row[2]} == {new}


def test_a_dated_null_that_always_was_there_shields_nothing(spotify, who, lena):
    dead, alive = who.episodes.save(2, at=timezone.now() - timedelta(days=2))
    who.episodes.null(dead.id)
    sync(lena, "episodes")
    who.episodes.remove(alive.id)

    for _ in range(3):
        sync(lena, "episodes")

    assert alive.id not in {row[0] for row in rows_of(lena, "episodes")}


def test_nulls_of_a_first_run_that_was_partial_shield_nothing(spotify, who, lena):
    """Three nulls were there all the time; the first run could not prove its list whole."""
    who.shows.null([0, 1, 2])
    spotify.faults.add("/me/shows", total=lambda total: total + 2, times=None)
    assert sync(lena, "shows").status == "partial"
    spotify.faults.clear()
    [gone] = who.shows.remove(5)

    for _ in range(3):
        sync(lena, "shows")

    assert gone.id not in {row[0] for row in rows_of(lena, "shows")}


# Checks of the schedule


@pytest.mark.parametrize("resource", ["albums", "shows", "episodes", "audiobooks"])
def test_a_null_at_the_head_is_seen_by_a_check(spotify, who, lena, resource):
    """A null in the first page that was none before is there to be seen."""
    sync(lena, resource)
    getattr(who, resource).null(1)

    sync(lena, resource, trigger="schedule")

    assert len([row for row in rows_of(lena, resource) if not row[2]]) == 1


# Two looks at a whole list


def test_a_row_that_turned_null_between_two_listings_is_not_removed(spotify, who, lena):
    """The first listing lacks one and the second has a null for it: its total is another one."""
    sync(lena, "shows")
    kept = who.shows.entries[3]
    [removed] = who.shows.remove(3)

    def back(fake):
        who.shows.save(things=[removed])
        who.shows.null(removed.id)

    spotify.faults.add("/me/shows", nth=2, before=back, times=1)

    run = sync(lena, "shows")

    assert kept.id in {row[0] for row in rows_of(lena, "shows")}, (run.status, run.removed)


# Upkeep


def test_what_nobody_saves_any_more_is_pruned(spotify, who, lena):
    who.albums.save(1, tracks=60)
    for resource in ALL:
        sync(lena, resource)
    lena.delete()

    prune()

    for model in (AlbumTrack, Album, Track, Show, Episode, Audiobook):
        assert not model.objects.exists(), model

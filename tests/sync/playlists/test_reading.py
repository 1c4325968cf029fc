"""What a sync of playlists asks for, and how little."""

from __future__ import annotations

import threading
from datetime import timedelta
from math import ceil

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from django_spotify_sync.models import Playlist, PlaylistItem
from django_spotify_sync.sync import sync
from django_spotify_sync.testing.music.contents import Stranger
from tests.kit.playlists import COHORTS, closed, paths, seeded
from tests.kit.queries import tables_written
from tests.kit.truth import check_playlists, stored_items, true_items

# Economy


@pytest.mark.parametrize("cohort", COHORTS)
@pytest.mark.parametrize("count", [1, 50, 51, 100])
def test_an_unchanged_library_costs_its_list_pages(account, spotify, cohort, count):
    spotify.user.listed.unfollow(slice(None))
    for number in range(count):
        spotify.user.add_playlist(f"List {number}", 2)
    spotify.cohort = cohort
    sync(account, "playlists")
    spotify.clear_log()

    with CaptureQueriesContext(connection) as queries:
        run = sync(account, "playlists")

    assert (run.status, run.mode, run.unchanged) == ("succeeded", "probe", 3 * count)
    assert paths(spotify) == ["/me/playlists"] * ceil(count / 50)
    assert tables_written(queries) <= {
        "spotify_sync_syncrun",
        "spotify_sync_syncstate",
        "spotify_sync_stagedpage",
        "spotify_sync_hour",
    }
    assert (run.done, run.total) == (count, count)


def test_lists_that_may_not_be_read_cost_nothing_more(account, spotify):
    seeded(spotify, 20)
    sync(account, "playlists")
    spotify.clear_log()

    run = sync(account, "playlists")

    assert (run.mode, paths(spotify)) == ("probe", ["/me/playlists"])


@pytest.mark.parametrize(
    ("cohort", "size", "reads"),
    [
        ("new", 0, 1),
        ("new", 100, 1),
        ("new", 101, 2),
        ("new", 250, 4),
        ("legacy", 250, 3),
        ("extended", 100, 1),
        ("extended", 101, 2),
        ("extended", 300, 3),
    ],
)
def test_one_edited_list_costs_its_own_pages(account, spotify, cohort, size, reads):
    """In one piece with its snapshot up to 100; beyond, the playlists are listed once more."""
    playlist = spotify.user.add_playlist("Edited", size)
    spotify.cohort = cohort
    sync(account, "playlists")
    spotify.clear_log()
    playlist.touch()

    run = sync(account, "playlists")

    assert (run.status, run.mode) == ("succeeded", "delta")
    assert spotify.count("/playlists/") == reads
    assert spotify.count("/me/playlists") == (1 if size <= 100 else 2)
    assert (run.created, run.updated, run.removed) == (0, 0, 0)
    check_playlists(account, spotify.user)


def test_a_full_run_opens_all_lists(account, spotify):
    seeded(spotify)
    sync(account, "playlists")
    spotify.user.playlists[0].null(1)  # which gives no new snapshot
    assert sync(account, "playlists").mode == "probe"

    run = sync(account, "playlists", full=True)

    assert (run.status, run.mode) == ("succeeded", "full")
    check_playlists(account, spotify.user, unreadable=closed(spotify))


def test_all_lists_are_opened_once_an_interval(account, spotify, settings):
    sync(account, "playlists")
    settings.SPOTIFY_SYNC_FULL_SYNC_INTERVAL = timedelta(microseconds=1)

    assert sync(account, "playlists").mode == "full"


def test_a_list_with_fewer_rows_than_it_is_listed_with_is_read_again(account, spotify):
    playlist = spotify.user.playlists[0]
    sync(account, "playlists")
    PlaylistItem.objects.filter(playlist__spotify_id=playlist.id).in_order()[2].delete()

    run = sync(account, "playlists")

    assert (run.mode, run.created) == ("delta", 1)
    check_playlists(account, spotify.user)


def test_lists_of_spotifys_own_are_read_once_a_day(account, spotify):
    spotify.cohort = "extended"
    daily = spotify.user.add_playlist("D", 130, owner=Stranger("spotify", "S"), spotify_owned=True)
    sync(account, "playlists")
    assert stored_items(daily) == true_items(daily)
    spotify.clear_log()

    assert sync(account, "playlists").mode == "probe"
    assert paths(spotify) == ["/me/playlists"]
    daily.remove(0)
    assert (sync(account, "playlists").removed, stored_items(daily)) == (1, true_items(daily))
    daily.move(0, 5)
    long_ago = timezone.now() - timedelta(hours=25)
    Playlist.objects.filter(spotify_id=daily.id).update(items_synced_at=long_ago)
    assert (sync(account, "playlists").status, stored_items(daily)) == (
        "succeeded",
        true_items(daily),
    )


def test_tracks_is_left_for_items_where_it_does_not_answer(account, spotify):
    spotify.cohort = "legacy"
    playlist = spotify.user.add_playlist("Long", 420)
    spotify.faults.add("/playlists/*/tracks", status=403, times=None)

    run = sync(account, "playlists")

    assert run.status == "succeeded"
    check_playlists(account, spotify.user)
    assert spotify.count(f"/playlists/{playlist.id}/items") == 7


def test_lists_are_read_side_by_side(account, spotify):
    """None of five is answered before all five have been asked for, however busy the machine is."""
    seeded(spotify)
    five = threading.Barrier(5)
    spotify.faults.add("/playlists/*", times=5, before=lambda fake: five.wait(20))

    run = sync(account, "playlists")

    assert run.status == "succeeded"
    assert spotify.peak_in_flight >= 5

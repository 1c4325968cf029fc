"""A playlist whose total never agrees with its items: learned when two readings agree."""

from __future__ import annotations

import pytest

from django_spotify_sync.models import Playlist
from django_spotify_sync.sync import sync
from tests.kit.truth import item_ids, stored_items, true_items

pytestmark = pytest.mark.usefixtures("impatient")


def lie_about_items(spotify, playlist, by):
    spotify.faults.add(f"/playlists/{playlist.id}*", total=lambda total: total + by, times=None)


def lie_in_the_listing(spotify, playlist, by):
    index = spotify.user.playlists.index(playlist)
    spotify.user.listed.patch(index, items={"total": len(playlist.items) + by})


def lie_everywhere(spotify, playlist, by):
    lie_about_items(spotify, playlist, by)
    lie_in_the_listing(spotify, playlist, by)


LIES = [lie_about_items, lie_in_the_listing, lie_everywhere]


@pytest.mark.parametrize("lie", LIES)
@pytest.mark.parametrize("by", [2, -2])
@pytest.mark.parametrize("size", [60, 230])
def test_a_total_that_never_fits_is_learned(account, spotify, lie, by, size):
    playlist = spotify.user.add_playlist("Odd", size)
    sync(account, "playlists")
    gone = playlist.remove(slice(10, 15))
    lie(spotify, playlist, by)

    first = sync(account, "playlists")

    assert (first.status, first.removed) == ("partial", 0)
    assert {item.uri for item in gone} <= {item[1] for item in stored_items(playlist)}
    second = sync(account, "playlists")
    assert (second.status, second.reason, second.removed) == ("succeeded", "", 5)
    assert stored_items(playlist) == true_items(playlist)
    third = sync(account, "playlists")
    assert (third.status, third.mode, third.requests) == ("succeeded", "probe", 1)


@pytest.mark.parametrize("lie", LIES)
@pytest.mark.parametrize("size", [60, 230])
def test_what_is_learned_costs_no_more_than_any_list(account, spotify, lie, size):
    playlist = spotify.user.add_playlist("Odd", size)
    lie(spotify, playlist, 2)
    for _ in range(2):
        sync(account, "playlists")
    playlist.remove(3)
    lie_in_the_listing(spotify, playlist, 2 if lie is not lie_about_items else 0)
    spotify.clear_log()

    run = sync(account, "playlists")

    assert (run.status, run.removed) == ("succeeded", 1)
    assert stored_items(playlist) == true_items(playlist)
    assert spotify.count("/playlists/") == (1 if size == 60 else 4)
    assert spotify.count("/me/playlists") == (1 if size == 60 else 2)


def test_a_total_that_is_right_again_is_believed_at_once(account, spotify):
    playlist = spotify.user.add_playlist("Odd", 60)
    lie_everywhere(spotify, playlist, 2)
    for _ in range(2):
        sync(account, "playlists")
    spotify.faults.clear()
    playlist.remove(3)
    lie_in_the_listing(spotify, playlist, 0)

    run = sync(account, "playlists")

    assert (run.status, run.removed) == ("succeeded", 1)
    row = Playlist.objects.get(spotify_id=playlist.id)
    assert (row.listed_surplus, row.counted_surplus) == (0, 0)


def test_items_that_never_come_may_be_missing_from_any_page(account, spotify):
    playlist = spotify.user.add_playlist("Odd", 230)
    sync(account, "playlists")
    playlist.touch()
    spotify.faults.add(f"/playlists/{playlist.id}/items", offset=150, short=3, times=None)

    runs = [sync(account, "playlists") for _ in range(3)]

    assert [run.status for run in runs] == ["partial", "succeeded", "succeeded"]
    assert [run.removed for run in runs] == [0, 3, 0]
    assert runs[2].requests == 1
    spotify.faults.clear()
    playlist.touch()
    assert (sync(account, "playlists").status, stored_items(playlist)) == (
        "succeeded",
        true_items(playlist),
    )


def test_another_difference_has_to_be_seen_twice_again(account, spotify):
    playlist = spotify.user.add_playlist("Odd", 230)
    fault = spotify.faults.add(f"/playlists/{playlist.id}/items", offset=150, short=3, times=None)
    for _ in range(2):
        sync(account, "playlists")
    before = item_ids(playlist)
    playlist.touch()
    fault.short = 10

    run = sync(account, "playlists")

    assert (run.status, run.removed, item_ids(playlist)) == ("partial", 0, before)


def test_a_list_of_which_nothing_comes_is_never_emptied(account, spotify):
    playlist = spotify.user.add_playlist("Odd", 60)
    sync(account, "playlists")
    before = item_ids(playlist)
    playlist.touch()
    spotify.faults.add(f"/playlists/{playlist.id}*", empty=True, times=None)

    runs = [sync(account, "playlists", full=full) for full in (False, False, True)]

    assert [run.status for run in runs] == ["partial"] * 3
    assert item_ids(playlist) == before

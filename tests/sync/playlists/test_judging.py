"""The list of lists: what came, went, or is only hidden."""

from __future__ import annotations

from django_spotify_sync.models import Playlist, SyncState
from django_spotify_sync.sync import sync
from django_spotify_sync.testing.music.contents import Stranger
from tests.kit.playlists import closed, paths, seeded
from tests.kit.truth import check_playlists, item_ids, linked


def test_lists_come_go_and_move(account, spotify):
    seeded(spotify, 9)
    sync(account, "playlists")
    spotify.user.listed.move(0, 5)
    spotify.user.listed.unfollow([3, 4])
    spotify.user.add_playlist("New", 3, position=2)

    run = sync(account, "playlists")

    assert (run.status, run.mode) == ("succeeded", "delta")
    assert (run.created, run.removed) == (1 + 3, 2)
    check_playlists(account, spotify.user, unreadable=closed(spotify))
    assert Playlist.objects.count() == 10  # who is unlinked by all is prune's


def test_a_list_that_left_and_came_back_is_not_read_anew(account, spotify):
    seeded(spotify, 9)
    sync(account, "playlists")
    [gone] = spotify.user.listed.unfollow([2])
    rows = item_ids(gone)
    assert sync(account, "playlists").removed == 1
    assert item_ids(gone) == rows
    spotify.user.listed.follow(gone)
    spotify.clear_log()

    run = sync(account, "playlists")

    assert (run.created, item_ids(gone)) == (1, rows)
    assert paths(spotify) == ["/me/playlists"]
    check_playlists(account, spotify.user, unreadable=closed(spotify))


def test_an_unlink_is_seen_twice(account, spotify):
    sync(account, "playlists")
    spotify.user.listed.unfollow([1])
    spotify.clear_log()

    run = sync(account, "playlists")

    assert (run.status, run.removed, paths(spotify)) == ("succeeded", 1, ["/me/playlists"] * 2)


def test_null_lists_are_counted_and_hide_no_loss(account, spotify):
    seeded(spotify, 9)
    sync(account, "playlists")
    before = linked(account)
    spotify.user.listed.null(2)

    for _ in range(3):  # the list behind the null may be any that is missing
        run = sync(account, "playlists")
        assert (run.status, run.removed, run.skipped_reasons) == ("succeeded", 0, {"null_entry": 1})
        assert set(linked(account)) == set(before)
    spotify.user.listed.null(2, null=False)
    sync(account, "playlists")
    check_playlists(account, spotify.user, unreadable=closed(spotify))


def test_a_null_that_was_always_there_keeps_nothing(account, spotify):
    spotify.cohort = "legacy"
    spotify.user.add_playlist("Daily", 3, owner=Stranger("spotify", "S"), spotify_owned=True)
    seeded(spotify, 9)
    assert sync(account, "playlists").skipped_reasons["null_entry"] == 1
    [gone] = spotify.user.listed.unfollow([3])

    run = sync(account, "playlists")

    assert (run.status, run.removed) == ("succeeded", 1)
    assert gone.id not in linked(account)


def test_a_large_loss_is_believed_by_the_second_run(account, spotify):
    sync(account, "playlists")
    spotify.user.listed.unfollow(slice(None))

    first = sync(account, "playlists")
    assert (first.status, first.reason, first.removed) == ("partial", "large_loss", 0)
    second = sync(account, "playlists")

    assert (second.status, second.removed) == ("succeeded", 3)
    assert SyncState.objects.get(account=account, resource="playlists").suspected_shrink is None

"""What the journal is told of playlists, and of what is in them."""

from __future__ import annotations

import pytest

from django_spotify_sync.models import AccountPlaylist, LibraryChange
from django_spotify_sync.sync import sync
from django_spotify_sync.testing.music.contents import LocalFile
from tests.kit.connecting import connect
from tests.kit.journal import lines, since


@pytest.fixture
def mine(account, spotify):
    """Give a list of eight tracks of the account's own, which is stored."""
    playlist = spotify.user.add_playlist("Mine", tracks=8)
    sync(account, "playlists")
    return playlist


NAMES = ("kind", "spotify_id", "title", "subtitle")
PLACE = ("playlist_spotify_id", "playlist_name")


def test_lists_come_go_and_are_renamed(account, spotify, mine):
    new = spotify.user.add_playlist("New", tracks=3)
    [gone] = spotify.user.listed.unfollow([2])
    mine.rename("Ours")

    run = sync(account, "playlists")

    assert sorted(since(account, *NAMES)) == [
        ("added", new.id, "New", spotify.user.display_name),
        ("removed", gone.id, gone.name, gone.owner.display_name),
        ("renamed", mine.id, "Ours", "Mine"),
    ]
    assert {line.run for line in LibraryChange.objects.exclude(kind="imported")} == {run}
    assert set(since(account, *PLACE)) == {("", "")}


def test_what_else_a_list_says_of_itself_is_no_line(account, mine):
    mine.describe("Other")
    mine.publish(False)
    mine.set_cover("custom")

    assert sync(account, "playlists").updated

    assert since(account) == []


def artists(track):
    return ", ".join(artist.name for artist in track.artists)


def test_items_come_and_go_with_their_list(account, mine):
    [new] = mine.insert(3)
    [gone] = mine.remove(6)

    sync(account, "playlists")

    assert since(account, "resource", *NAMES, *PLACE) == [
        ("playlists", kind, one.content.id, one.content.name, artists(one.content), mine.id, "Mine")
        for kind, one in (("added", new), ("removed", gone))
    ]


def test_the_items_of_a_renamed_list_stand_under_its_new_name(account, mine):
    mine.add(1)
    mine.rename("Ours")

    sync(account, "playlists")

    assert since(account, "kind", "playlist_name") == [("added", "Ours"), ("renamed", "")]


def test_a_track_that_stands_there_twice_is_two_items(account, mine):
    track = mine.items[0].content
    mine.add([track, track])
    sync(account, "playlists")
    mine.remove(9)

    sync(account, "playlists")

    assert since(account) == [("removed", track.id), ("added", track.id), ("added", track.id)]


def test_an_item_that_was_added_anew_has_returned(account, spotify, mine):
    later = spotify.clock() + 60
    spotify.clock = lambda: later
    [item] = mine.remove(2)
    mine.add(item.content)

    sync(account, "playlists")

    assert since(account, "kind", "spotify_id", *PLACE) == [
        ("returned", item.content.id, mine.id, "Mine")
    ]


def test_what_is_in_a_list_that_was_not_read_whole_yet_is_no_news(account, spotify):
    playlist = spotify.user.add_playlist("Restless", tracks=120)
    path = f"/playlists/{playlist.id}/items"
    spotify.faults.add(path, times=None, before=lambda fake: playlist.add(1))
    assert sync(account, "playlists").status == "partial"
    spotify.faults.clear()
    playlist.add(1)

    run = sync(account, "playlists")

    assert (run.status, bool(run.created)) == ("succeeded", True)
    assert since(account) == []


def test_moves_are_no_lines(account, mine):
    mine.move(0, 5, 2)

    assert sync(account, "playlists").updated

    assert since(account) == []


def test_another_id_at_the_same_place_is_no_line(account, mine):
    mine.relink(4)

    assert sync(account, "playlists", full=True).updated

    assert since(account) == []


def test_a_null_in_its_place_is_unavailable(account, mine):
    track = mine.items[4].content
    mine.null(4)
    sync(account, "playlists", full=True)
    mine.restore(4)
    sync(account, "playlists", full=True)
    mine.null(4)
    sync(account, "playlists", full=True)
    mine.remove(4)

    sync(account, "playlists", full=True)

    columns = (*NAMES, "likely_withdrawn", "playlist_name")
    known = (track.id, track.name, artists(track))
    assert since(account, *columns) == [
        ("removed", *known, True, "Mine"),
        ("unavailable", *known, True, "Mine"),
        ("available", *known, False, "Mine"),
        ("unavailable", *known, True, "Mine"),
    ]


def test_a_null_that_never_was_anything_is_nothing(account, mine):
    mine.add(1)
    mine.null(8)
    sync(account, "playlists")
    mine.remove(8)

    assert sync(account, "playlists").removed == 1

    assert since(account) == []


def test_episodes_and_local_files_are_named_as_the_list_names_them(account, spotify, mine):
    episode = spotify.catalogue.podcasts.first_episodes(1)[0]
    mine.add([episode, LocalFile("A & B", "", "Rain: one/two", 61)])
    sync(account, "playlists")
    mine.remove(slice(8, 10))

    sync(account, "playlists")

    names = [(episode.id, episode.name, episode.show.name), ("", "Rain: one/two", "A & B")]
    assert since(account, *NAMES) == [
        *(("removed", *name) for name in names),
        *(("added", *name) for name in names),
    ]


@pytest.fixture
def two(account, spotify, other_user):
    """Give the accounts of two who have one list, which both have stored."""
    spotify.cohort = "extended"
    other = spotify.add_user("grace")
    playlist = spotify.user.add_playlist("Ours", tracks=4)
    other.listed.follow(playlist)
    accounts = account, connect(other_user, spotify, other)
    for one in (*accounts, *accounts):
        assert sync(one, "playlists").status == "succeeded"
    return *accounts, playlist


def test_a_list_that_went_unreadable_has_lost_nothing(two, spotify):
    """Apps of the new cohort may not read what others own."""
    _, grace, playlist = two
    spotify.cohort = "new"
    playlist.touch()
    for _ in range(2):
        sync(grace, "playlists", full=True)
    link = AccountPlaylist.objects.get(playlist__spotify_id=playlist.id, account=grace)
    assert link.can_read_items is False
    assert since(grace) == []
    spotify.cohort = "extended"
    playlist.add(1)

    sync(grace, "playlists", full=True)

    link.refresh_from_db()
    assert link.can_read_items is True
    assert since(grace) == []  # nobody could see when that came


def test_nobody_reads_of_what_only_another_was_shown(two):
    """What one was shown is stored for both: the other's journal knows nothing of it, then or later."""
    ada, grace, playlist = two
    playlist.rename("Secret")
    [new] = playlist.add(1)
    sync(ada, "playlists")
    assert lines(ada, "kind")[:2] == ["added", "renamed"]
    playlist.rename("Public")
    playlist.remove(4)

    sync(grace, "playlists")

    assert since(grace) == []
    told = LibraryChange.objects.filter(account=grace).values_list(
        "title", "subtitle", "playlist_name"
    )
    said = {text for row in told for text in row}
    assert not said & {"Secret", new.content.name}

    playlist.rename("Open")
    playlist.add(1)
    sync(grace, "playlists")

    assert since(grace, "kind", "subtitle", "playlist_name")[-1] == ("renamed", "Public", "")
    assert since(grace, "kind") == ["added", "renamed"]


def test_a_list_that_is_gone_has_the_name_its_owner_was_last_shown(two, spotify):
    ada, grace, playlist = two
    playlist.rename("Secret")
    sync(ada, "playlists")
    spotify.users_by_key["grace"].add_playlist("Another")
    sync(grace, "playlists")
    playlist.rename("Public")
    sync(ada, "playlists")
    spotify.users_by_key["grace"].listed.unfollow([playlist.id])

    sync(grace, "playlists")

    names = dict(
        LibraryChange.objects.filter(account=grace, kind="removed").values_list(
            "spotify_id", "title"
        )
    )
    assert names == {playlist.id: ""}

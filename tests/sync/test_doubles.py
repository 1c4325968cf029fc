"""What stands in a list twice for good is no drift: it counts once, and what left is seen."""

from __future__ import annotations

import pytest

from django_spotify_sync.models import SyncState
from django_spotify_sync.sync import sync
from django_spotify_sync.sync.playlists import listing
from tests.kit.truth import followed, linked


def once(ids):
    return list(dict.fromkeys(ids))


class Lists:
    """16 playlists, listed in pages of ten."""

    resource, pages = "playlists", 2
    stored = staticmethod(linked)

    def __init__(self, spotify):
        self.user = spotify.user
        while len(self.user.playlists) < 16:
            self.user.add_playlist(f"List {len(self.user.playlists)}", 2)

    def ids(self):
        return self.user.listed.ids()

    def double(self, index, to):
        self.user.listed.follow(self.user.listed.entries[index].playlist, position=to)

    def remove(self, index):
        self.user.listed.unfollow([index])

    def add(self):
        self.user.add_playlist("New", 1)


class Artists:
    """60 artists."""

    resource, pages = "following", 2
    stored = staticmethod(followed)

    def __init__(self, spotify):
        self.user = spotify.user

    def ids(self):
        return self.user.following.ids()

    def double(self, index, to):
        self.user.following.follow_again(self.user.following.entries[index].artist, position=to)

    def remove(self, index):
        self.user.unfollow([index])

    def add(self):
        self.user.follow(1)


EDGE = {"playlists": 10, "following": 50}


@pytest.fixture(params=[Lists, Artists])
def library(request, account, spotify, monkeypatch):
    """Give a list whose entries are stored."""
    monkeypatch.setattr(listing, "LIMIT", 10)
    made = request.param(spotify)
    assert sync(account, made.resource).status == "succeeded"
    spotify.clear_log()
    return made


def check(account, library):
    assert library.stored(account) == once(library.ids())


@pytest.mark.parametrize("far", [False, True])
def test_an_entry_that_stands_there_twice_counts_once(account, spotify, library, far):
    edge = EDGE[library.resource]
    library.double(edge - 1, 3 if far else edge)

    runs = [sync(account, library.resource) for _ in range(3)]

    assert [(run.status, run.reason) for run in runs] == [("succeeded", "")] * 3
    assert [run.requests for run in runs] == [2 * library.pages, library.pages, library.pages]
    assert runs[2].mode == "probe"
    assert (runs[2].removed, runs[2].skipped_reasons) == (0, {})
    check(account, library)
    assert SyncState.objects.get(resource=library.resource).hidden == 1


def test_what_left_is_seen_all_the_same(account, spotify, library):
    edge = EDGE[library.resource]
    library.double(edge - 1, edge)
    library.remove(2)

    run = sync(account, library.resource)

    assert (run.status, run.removed) == ("succeeded", 1)
    check(account, library)
    library.remove(0)
    library.add()
    run = sync(account, library.resource)
    assert (run.status, run.removed) == ("succeeded", 1)
    check(account, library)


def test_one_that_stands_there_once_again_is_believed_at_once(account, spotify, library):
    library.double(4, 5)
    sync(account, library.resource)
    library.remove(5)
    library.add()

    runs = [sync(account, library.resource) for _ in range(2)]

    assert [run.status for run in runs] == ["succeeded"] * 2
    assert runs[1].requests == library.pages
    check(account, library)
    assert SyncState.objects.get(resource=library.resource).hidden == 0


def test_beside_entries_that_never_come(account, spotify, library):
    address = {"playlists": "/me/playlists", "following": "/me/following"}[library.resource]
    spotify.faults.add(address, total=lambda total: total + 2, times=None)
    library.double(4, 5)

    runs = [sync(account, library.resource) for _ in range(3)]

    assert [run.status for run in runs] == ["partial", "succeeded", "succeeded"]
    library.remove(1)
    assert sync(account, library.resource).removed == 1
    check(account, library)


def test_a_double_that_comes_of_a_list_that_moves_removes_nothing(account, spotify, library):
    """One goes and one comes before a page that is read: one comes twice, and one not at all."""
    address = {"playlists": "/me/playlists", "following": "/me/following"}[library.resource]
    before = set(library.stored(account))
    library.double(4, 5)
    sync(account, library.resource)

    def move(fake):
        library.remove(0)
        library.add()
        library.add()

    for _ in range(2):
        spotify.faults.add(address, nth=2, before=move)

        sync(account, library.resource)

        assert before & set(library.ids()) <= set(library.stored(account))
        spotify.faults.clear()
    sync(account, library.resource)
    assert sync(account, library.resource).status == "succeeded"
    check(account, library)

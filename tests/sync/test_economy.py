"""What syncs cost in requests, by FakeSpotify's log. The docs show these very numbers (tests/whole/test_docs.py)."""

from __future__ import annotations

import random

import pytest

from django_spotify_sync.models.runs import Resource
from django_spotify_sync.sync import sync
from django_spotify_sync.testing import FakeSpotify
from tests.kit.connecting import connect, stored
from tests.kit.saved import ALL, SCOPE

#: At most so many requests for 10,000 saved tracks; in the order in which they are tried.
TRACKS = {
    "first sync": 202,
    "unchanged": 1,
    "25 new likes": 1,
    "1 unlike in the middle": 12,
    "20 unlikes all over": 85,
    "200 unlikes in one run": 20,
}
#: For 1,000, which is tried more often.
FEW_TRACKS = TRACKS | {
    "first sync": 22,
    "1 unlike in the middle": 9,
    "20 unlikes all over": 22,
    "200 unlikes in one run": 12,
}
#: At most so many for 100 playlists of 50 items each.
PLAYLISTS = {"unchanged": 2, "1 playlist edited": 2 * 2 + 2}
#: At most so many for 300 of each, of one that was asked for and of one that the schedule makes.
COLLECTIONS = {
    "followed artists, asked for": 6,
    "followed artists, a check": 1,
    "saved albums, asked for": 15,
    "saved albums, a check": 1,
    "saved shows, asked for": 6,
    "saved shows, a check": 1,
    "saved episodes, asked for": 6,
    "saved episodes, a check": 1,
    "saved audiobooks, asked for": 6,
    "saved audiobooks, a check": 1,
}
#: For 10.
FEW_PLAYLISTS = {"unchanged": 1, "1 playlist edited": 2 * 1 + 2}


def large(*values):
    """Give the very sizes of the docs, which take a minute."""
    return pytest.param(*values, marks=[pytest.mark.exhaustive, pytest.mark.timeout(900)])


def edit(user, size, case):
    rng = random.Random(3)
    if case == "25 new likes":
        user.like(25)
    elif case == "1 unlike in the middle":
        user.unlike(size // 2 + 3)
    elif case == "20 unlikes all over":
        user.unlike(rng.sample(range(size), 20))
    elif case == "200 unlikes in one run":
        start = size * 3 // 10 + 33
        user.unlike(slice(start, start + 200))
    elif case == "1 playlist edited":
        user.playlists[size * 2 // 5].remove(7)


def account_at(fake, user, settings, **more):
    for name, value in fake.settings.items():
        setattr(settings, name, value)
    account = connect(user, fake, **more)
    fake.clear_log()
    return account


def cost(account, fake, resource, case, size=0, **more):
    edit(fake.user, size, case)
    fake.clear_log()
    run = sync(account, resource, **more)
    assert (run.status, run.error_detail) == ("succeeded", "")
    assert run.requests == len(fake.requests)
    return run.requests


@pytest.mark.parametrize(("size", "limits"), [(1000, FEW_TRACKS), large(10_000, TRACKS)])
def test_saved_tracks(transactional_db, user, settings, record_property, size, limits):
    with FakeSpotify(tracks=size) as fake:
        account = account_at(fake, user, settings)
        costs = {}
        for case, most in limits.items():
            costs[case] = cost(account, fake, "tracks", case, size)
            assert costs[case] <= most, case
            assert stored(account) == fake.user.entries()
    record_property(f"requests for {size:,} saved tracks", str(costs))
    print(costs)


@pytest.mark.parametrize(("size", "limits"), [(10, FEW_PLAYLISTS), large(100, PLAYLISTS)])
def test_playlists(transactional_db, user, settings, record_property, size, limits):
    with FakeSpotify(tracks=0, playlists=0) as fake:
        for number in range(size):
            fake.user.add_playlist(f"List {number}", tracks=50)
        account = account_at(fake, user, settings)
        costs = {"first sync": cost(account, fake, "playlists", "first sync")}
        for case, most in limits.items():
            costs[case] = cost(account, fake, "playlists", case, size)
            assert costs[case] <= most, case
    record_property(f"requests for {size} playlists of 50 items", str(costs))
    print(costs)


def test_collections(transactional_db, user, settings, record_property):
    """Unchanged since the first sync, which costs as much as one that was asked for."""
    settings.SPOTIFY_SYNC_RESOURCES = ["following", *ALL]
    costs = {}
    for resource in settings.SPOTIFY_SYNC_RESOURCES:
        counted = "artists" if resource == "following" else resource
        with FakeSpotify(**{counted: 300}) as fake:
            account = account_at(fake, user, settings, scope=SCOPE)
            label = Resource(resource).label
            first = cost(account, fake, resource, "first sync")
            costs[f"{label}, asked for"] = cost(account, fake, resource, "unchanged")
            costs[f"{label}, a check"] = cost(account, fake, resource, "", trigger="schedule")
            assert first == costs[f"{label}, asked for"]
    record_property("requests for 300 of each", str(costs))
    print(costs)
    assert costs == COLLECTIONS


def test_an_album_of_many_tracks_costs_one_more_for_fifty(transactional_db, user, settings):
    with FakeSpotify() as fake:
        fake.user.albums.save(2, tracks=120)
        account = account_at(fake, user, settings)

        assert cost(account, fake, "albums", "first sync") == 1 + 2 * 2
        assert cost(account, fake, "albums", "unchanged") == 1


@pytest.mark.parametrize("cohort", ["new", "legacy", "extended"])
def test_every_cohort_costs_the_same_for_saved_tracks(transactional_db, user, settings, cohort):
    with FakeSpotify(tracks=230, cohort=cohort) as fake:
        account = account_at(fake, user, settings)

        assert cost(account, fake, "tracks", "first sync") == 6
        assert cost(account, fake, "tracks", "unchanged") == 1
        assert stored(account) == fake.user.entries()

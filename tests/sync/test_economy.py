"""What syncs cost in requests, by FakeSpotify's log. The docs show these very numbers (tests/whole/test_docs.py)."""

from __future__ import annotations

import random

import pytest

from django_spotify_sync.sync import sync
from django_spotify_sync.testing import FakeSpotify
from tests.kit.connecting import connect, stored

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


def account_at(fake, user, settings):
    for name, value in fake.settings.items():
        setattr(settings, name, value)
    account = connect(user, fake)
    fake.clear_log()
    return account


def cost(account, fake, resource, case, size=0):
    edit(fake.user, size, case)
    fake.clear_log()
    run = sync(account, resource)
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


@pytest.mark.parametrize("cohort", ["new", "legacy", "extended"])
def test_every_cohort_costs_the_same_for_saved_tracks(transactional_db, user, settings, cohort):
    with FakeSpotify(tracks=230, cohort=cohort) as fake:
        account = account_at(fake, user, settings)

        assert cost(account, fake, "tracks", "first sync") == 6
        assert cost(account, fake, "tracks", "unchanged") == 1
        assert stored(account) == fake.user.entries()

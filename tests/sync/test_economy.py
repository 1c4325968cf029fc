"""What syncs cost in requests, by FakeSpotify's log. The docs show these very numbers (tests/test_docs.py)."""

from __future__ import annotations

import random

import pytest

from django_spotify_sync.sync import sync
from django_spotify_sync.testing import FakeSpotify
from tests.connecting import connect, stored

#: At most so many requests for 10,000 saved tracks; in the order in which they are tried.
TRACKS = {
    "first sync": 202,
    "unchanged": 1,
    "25 new likes": 1,
    "1 unlike in the middle": 12,
    "20 unlikes all over": 85,
    "200 unlikes in one run": 20,
}
#: At most so many for 100 playlists of 50 items each.
PLAYLISTS = {"unchanged": 2, "1 playlist edited": 2 * 2 + 2}


def edit(user, case):
    rng = random.Random(3)
    if case == "25 new likes":
        user.like(25)
    elif case == "1 unlike in the middle":
        user.unlike(5_003)
    elif case == "20 unlikes all over":
        user.unlike(rng.sample(range(10_000), 20))
    elif case == "200 unlikes in one run":
        user.unlike(slice(3_033, 3_233))
    elif case == "1 playlist edited":
        user.playlists[40].remove(7)


def account_at(fake, user, settings):
    for name, value in fake.settings.items():
        setattr(settings, name, value)
    account = connect(user, fake)
    fake.clear_log()
    return account


def cost(account, fake, resource, case):
    edit(fake.user, case)
    fake.clear_log()
    run = sync(account, resource)
    assert (run.status, run.error_detail) == ("succeeded", "")
    assert run.requests == len(fake.requests)
    return run.requests


def test_saved_tracks(transactional_db, user, settings, record_property):
    with FakeSpotify(tracks=10_000) as fake:
        account = account_at(fake, user, settings)
        costs = {}
        for case, most in TRACKS.items():
            costs[case] = cost(account, fake, "tracks", case)
            assert costs[case] <= most, case
            assert stored(account) == fake.user.entries()
    record_property("requests for 10,000 saved tracks", str(costs))
    print(costs)


def test_playlists(transactional_db, user, settings, record_property):
    with FakeSpotify(tracks=0, playlists=0) as fake:
        for number in range(100):
            fake.user.add_playlist(f"List {number}", tracks=50)
        account = account_at(fake, user, settings)
        costs = {"first sync": cost(account, fake, "playlists", "first sync")}
        for case, most in PLAYLISTS.items():
            costs[case] = cost(account, fake, "playlists", case)
            assert costs[case] <= most, case
    record_property("requests for 100 playlists of 50 items", str(costs))
    print(costs)


@pytest.mark.parametrize("cohort", ["new", "legacy", "extended"])
def test_every_cohort_costs_the_same_for_saved_tracks(transactional_db, user, settings, cohort):
    with FakeSpotify(tracks=230, cohort=cohort) as fake:
        account = account_at(fake, user, settings)

        assert cost(account, fake, "tracks", "first sync") == 6
        assert cost(account, fake, "tracks", "unchanged") == 1
        assert stored(account) == fake.user.entries()

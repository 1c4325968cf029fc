"""A saved track that Spotify lists twice for good is no drift: the run succeeds, and what left is seen."""

from __future__ import annotations

import pytest

from django_spotify_sync.models import SavedTrack
from django_spotify_sync.sync import sync


def double(user, index, to):
    """List one entry, date and all, a second time."""
    entries = list(user.saved)
    entries.insert(to, entries[index])
    user.reset(entries)


PLACES = {"side by side": (20, 21), "at an edge": (49, 50), "far apart": (20, 90)}


@pytest.mark.parametrize("place", list(PLACES))
@pytest.mark.parametrize("is_first", [True, False])
def test_an_entry_that_comes_twice_is_no_drift(account, spotify, is_true, place, is_first):
    if not is_first:
        sync(account, "tracks")
    double(spotify.user, *PLACES[place])

    runs = [sync(account, "tracks", full=True), sync(account, "tracks"), sync(account, "tracks")]

    assert [(run.status, run.reason) for run in runs] == [("succeeded", "")] * 3
    assert runs[2].requests == 1
    assert is_true()
    twice = spotify.user.saved[PLACES[place][0]].id
    assert SavedTrack.objects.filter(account=account, track__spotify_id=twice).count() == 1


@pytest.mark.parametrize("place", list(PLACES))
def test_what_left_is_seen_all_the_same(account, spotify, is_true, place):
    sync(account, "tracks")
    double(spotify.user, *PLACES[place])
    spotify.user.unlike(60)

    run = sync(account, "tracks", full=True)

    assert (run.status, run.removed) == ("succeeded", 1)
    assert is_true()
    spotify.user.unlike(5)
    assert (sync(account, "tracks").status, is_true()) == ("succeeded", True)


@pytest.mark.parametrize("place", list(PLACES))
def test_one_that_comes_once_again_is_there_once(account, spotify, is_true, place):
    before = spotify.user.saved
    double(spotify.user, *PLACES[place])
    sync(account, "tracks")
    spotify.user.reset(before)

    run = sync(account, "tracks")

    assert (run.status, is_true()) == ("succeeded", True)
    assert run.removed == 1

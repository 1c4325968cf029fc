"""How saved tracks are read: how little is asked, and that what is not proved is not removed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from django_spotify_sync.exceptions import NotWhole
from django_spotify_sync.models import Album, Artist, SavedTrack, SyncState, Track
from django_spotify_sync.sync import sync
from django_spotify_sync.sync.tracks.reading import _Reading
from tests.kit.connecting import connect, stored

# How little is asked


@pytest.mark.parametrize(
    ("edit", "requests", "mode"),
    [
        (lambda user: None, 1, "probe"),
        (lambda user: user.like(1), 1, "delta"),
        (lambda user: user.like(49), 1, "delta"),
        (lambda user: user.like(50), 2, "delta"),
        (lambda user: user.relike(100), 1, "delta"),
        (lambda user: user.relike(slice(60, 70)), 1, "delta"),
        (lambda user: user.unlike(3), 2, "delta"),
    ],
)
def test_what_is_asked_for_is_little(account, spotify, is_true, edit, requests, mode):
    sync(account, "tracks")
    edit(spotify.user)
    spotify.clear_log()

    run = sync(account, "tracks")

    assert (run.status, run.requests, run.mode) == ("succeeded", requests, mode)
    assert spotify.count("/v1/me/tracks") == requests
    assert is_true()


def test_a_full_pass_is_made_when_it_is_due(account, settings):
    sync(account, "tracks")
    assert sync(account, "tracks").mode == "probe"
    SyncState.objects.update(full_at=timezone.now() - timedelta(days=8))

    assert sync(account, "tracks").mode == "full"
    assert sync(account, "tracks").mode == "probe"


def test_a_partial_run_makes_the_next_one_a_full_pass(account, spotify, is_true):
    sync(account, "tracks")
    spotify.user.unlike(100)
    spotify.faults.add("/me/tracks", nth=2, times=2, short=3)
    assert sync(account, "tracks").status == "partial"

    run = sync(account, "tracks")

    assert (run.status, run.mode, run.removed) == ("succeeded", "full", 1)
    assert is_true()


def test_a_partial_run_makes_the_next_one_a_full_pass_whatever_it_learned(
    account, spotify, is_true, monkeypatch
):
    """The pages of a list that moved were joined, which proves the whole; the looks that followed proved nothing."""
    sync(account, "tracks")

    def moves(*args):
        raise NotWhole("It moved.", reason="drift")

    with monkeypatch.context() as patch:
        patch.setattr(_Reading, "_settle", moves)
        assert sync(account, "tracks", full=True).status == "partial"

    run = sync(account, "tracks")

    assert (run.status, run.mode) == ("succeeded", "full")
    assert is_true()


# What is not proved is not removed

FAULTS: dict[str, dict[str, Any]] = {
    "lying total": {"offset": 49, "total": lambda total: total + 2, "times": None},
    "lying total at the head": {"offset": 0, "total": lambda total: total - 2, "times": None},
    "short page": {"short": 3, "times": None},
    "short page behind the head": {"nth": 2, "short": 3, "times": None},
    "repeated page": {"nth": 2, "repeat": True, "times": None},
    "wrong empty": {"empty": True, "times": None},
    "wrong empty behind the head": {"nth": 2, "empty": True, "times": None},
    "a replica that is behind": {"nth": 2, "lag": 1, "times": None},
    "bursts of 502": {"nth": 2, "status": 502, "times": 3},
    "cut answers": {"nth": 2, "cut": True, "times": 2},
    "resets": {"nth": 2, "reset": True, "times": 2},
}


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("name", list(FAULTS))
def test_no_fault_removes_what_is_there(account, spotify, impatient, name, full):
    sync(account, "tracks")
    spotify.user.unlike(70)
    present = set(spotify.user.track_ids())
    spotify.faults.add("/me/tracks", **FAULTS[name])

    run = sync(account, "tracks", full=full)

    assert run.status in ("succeeded", "partial")
    assert (run.status == "partial") == bool(run.reason)
    assert run.removed == 0 or run.status == "succeeded"
    assert present <= {spotify_id for spotify_id, _ in stored(account)}
    spotify.faults.clear()
    sync(account, "tracks")
    assert sync(account, "tracks").status == "succeeded"
    assert stored(account) == spotify.user.entries()


@pytest.mark.parametrize("full", [False, True])
def test_a_page_that_fails_for_good_removes_nothing(account, spotify, impatient, full):
    sync(account, "tracks")
    before = stored(account)
    spotify.user.unlike(70)
    spotify.faults.add("/me/tracks", nth=2, status=503, times=None)

    run = sync(account, "tracks", full=full)

    assert (run.status, run.error_code) == ("failed", "spotify_unavailable")
    assert stored(account) == before


EDITS: dict[str, Any] = {
    "like": lambda user: user.like(1),
    "unlike below": lambda user: user.unlike(90),
    "unlike above": lambda user: user.unlike(10),
    "relike": lambda user: user.relike(80),
    "like and unlike": lambda user: (user.like(1), user.unlike(60)),
    "unlike and like": lambda user: (user.unlike(115), user.like(1)),
    "many likes": lambda user: user.like(60),
    "many unlikes": lambda user: user.unlike(slice(20, 60)),
}


def tried(kind: str, *names: str) -> list[Any]:
    """Try these edits while a run of a kind reads; the others, which meet the same lines, are exhaustive."""
    marks = {name: [] if name in names else [pytest.mark.exhaustive] for name in EDITS}
    return [pytest.param(kind, name, marks=marks[name]) for name in EDITS]


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        *tried("first", "like", "unlike below"),
        *tried("full", "unlike below", "unlike above", "relike", "like and unlike", "many unlikes"),
        *tried("delta", *EDITS),
    ],
)
def test_an_edit_before_any_request_loses_nothing(account, spotify, name, kind):
    """One edit just before the second, third, … request; one quiet sync later all is true again."""
    entries = spotify.user.saved
    nth = 2
    while True:
        spotify.user.reset(entries)
        SavedTrack.objects.all().delete()
        SyncState.objects.update(full_due=True, suspected_shrink=None)
        if kind != "first":
            assert sync(account, "tracks", full=True).status == "succeeded"
        if kind == "delta":
            spotify.user.unlike(75)
        before = {spotify_id for spotify_id, _ in stored(account)}
        spotify.faults.clear()
        fault = spotify.faults.add(
            "/me/tracks", nth=nth, before=lambda fake: EDITS[name](fake.user)
        )

        run = sync(account, "tracks", full=kind == "full")

        after = {spotify_id for spotify_id, _ in stored(account)}
        assert not (before - after) & set(spotify.user.track_ids()), (nth, run.mode)
        if not fault.fired:
            break
        assert run.status in ("succeeded", "partial"), (nth, run.error_detail)
        assert sync(account, "tracks").status == "succeeded"
        assert stored(account) == spotify.user.entries(), (nth, run.status, run.reason)
        nth += 1
    assert nth > 2


def test_a_library_that_moved_once_is_stitched_and_still_exact(account, spotify, is_true):
    sync(account, "tracks")
    spotify.user.unlike(100)
    spotify.faults.add("/me/tracks", nth=3, before=lambda fake: fake.user.unlike(20))

    run = sync(account, "tracks", full=True)

    assert (run.status, run.removed) == ("succeeded", 2)
    assert is_true()


def test_a_first_pass_that_was_stitched_is_looked_over_by_the_next_run(account, spotify, is_true):
    spotify.faults.add(
        "/me/tracks", nth=3, before=lambda fake: (fake.user.unlike(115), fake.user.like(1))
    )

    assert sync(account, "tracks").status == "succeeded"
    assert SyncState.objects.get(account=account, resource="tracks").full_due
    assert sync(account, "tracks").mode == "full"
    assert not SyncState.objects.get(account=account, resource="tracks").full_due
    assert is_true()


def test_a_library_that_never_stands_still_is_partial(account, spotify):
    sync(account, "tracks")
    spotify.user.unlike(100)
    spotify.faults.add("/me/tracks", times=None, before=lambda fake: fake.user.like(1))

    run = sync(account, "tracks", full=True)

    assert (run.status, run.reason, run.removed) == ("partial", "drift", 0)


def test_a_page_that_came_short_once_is_read_again(account, spotify, is_true):
    spotify.faults.add("/me/tracks", offset=50, short=3, times=1)

    run = sync(account, "tracks")

    assert (run.status, run.requests) == ("succeeded", 5)
    assert is_true()


def test_a_large_loss_is_believed_by_the_second_run(account, spotify, is_true):
    sync(account, "tracks")
    spotify.user.unlike(slice(0, 100))

    first = sync(account, "tracks")
    assert (first.status, first.reason, first.removed) == ("partial", "large_loss", 0)
    assert SavedTrack.objects.filter(account=account).count() == 120
    second = sync(account, "tracks")

    assert (second.status, second.removed) == ("succeeded", 100)
    assert is_true()


def test_a_suspicion_is_forgotten_when_the_next_run_does_not_see_it(account, spotify):
    sync(account, "tracks")
    spotify.faults.add("/me/tracks", empty=True, times=2)
    assert sync(account, "tracks").reason == "large_loss"
    assert sync(account, "tracks").status == "succeeded"

    spotify.faults.add("/me/tracks", empty=True, times=2)

    assert sync(account, "tracks").reason == "large_loss"
    assert SavedTrack.objects.filter(account=account).count() == 120


@pytest.mark.parametrize("total", [20_000, 2**31 - 1])
def test_an_absurd_total_costs_a_handful_of_requests(account, spotify, impatient, is_true, total):
    spotify.faults.add("/me/tracks", offset=0, total=lambda _: total)

    run = sync(account, "tracks")

    assert run.status == "succeeded"
    assert run.requests < 60
    assert is_true()


def test_entries_that_are_counted_and_never_come_are_learned(account, spotify, is_true):
    spotify.faults.add("/me/tracks", total=lambda total: total + 2, times=None)

    first, second = sync(account, "tracks"), sync(account, "tracks", full=True)

    assert (first.status, second.status) == ("partial", "succeeded")
    assert SyncState.objects.get(account=account, resource="tracks").hidden == 2
    spotify.user.unlike(60)
    assert sync(account, "tracks").removed == 1
    assert is_true()


def test_two_entries_of_one_second_and_one_id_are_two_for_good(account, spotify):
    """Two were saved at once, and Spotify answers both with the id of one."""
    for index in (60, 61):
        spotify.user.patch(index, added_at=spotify.user.saved[60].added_at)
    sync(account, "tracks")
    spotify.user.relink(61, to=spotify.user.track_ids()[60])

    runs = [sync(account, "tracks", full=True), sync(account, "tracks")]
    spotify.user.unlike(90)
    runs += [sync(account, "tracks"), sync(account, "tracks", full=True)]

    assert {run.status for run in runs} == {"succeeded"}
    assert [run.removed for run in runs] == [0, 0, 1, 0]
    assert SavedTrack.objects.filter(account=account).count() == 119


def test_of_two_entries_with_one_id_the_one_that_stays_holds_the_track(account, spotify):
    spotify.user.relink(100, to=spotify.user.track_ids()[60])
    sync(account, "tracks", full=True)
    [first, second] = SavedTrack.objects.filter(spotify_id=spotify.user.track_ids()[60]).in_order()
    assert (first.track_id is None) != (second.track_id is None)
    holds = 60 if first.track_id else 100

    spotify.user.unlike(holds)
    assert sync(account, "tracks").removed == 1

    [left] = SavedTrack.objects.filter(spotify_id=first.spotify_id)
    assert left.track.spotify_id == first.spotify_id


@pytest.mark.parametrize("likes", [False, True])
def test_a_first_look_that_proves_nothing_keeps_all_that_came(account, spotify, is_true, likes):
    """The totals contradict each other at every look, or somebody likes a song every few requests."""
    spotify.user.like(880)
    if likes:
        for nth in range(5, 200, 5):
            spotify.faults.add("/me/tracks", nth=nth, before=lambda fake: fake.user.like(1))
    else:
        spotify.faults.add(
            "/me/tracks",
            where=lambda request: request.query.get("offset", "0") != "0",
            total=lambda total: total - 1,
            times=None,
        )

    run = sync(account, "tracks")

    assert (run.status, run.reason) == ("partial", "drift")
    saved = set(stored(account))
    assert saved <= set(spotify.user.entries())
    assert len(saved) >= 990
    spotify.faults.clear()
    assert sync(account, "tracks").status == "succeeded"
    assert is_true()


def test_another_users_rows_are_left_alone(account, spotify, other_user):
    grace = spotify.add_user("grace", tracks=80)
    other = connect(other_user, spotify, grace)
    sync(other, "tracks")
    sync(account, "tracks")
    tracks, artists, albums = (model.objects.count() for model in (Track, Artist, Album))
    spotify.user.unlike(slice(0, 30))

    sync(account, "tracks")

    assert stored(other) == grace.entries()
    assert (Track.objects.count(), Artist.objects.count(), Album.objects.count()) == (
        tracks,
        artists,
        albums,
    )

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from django_spotify_sync.exceptions import NotWhole
from django_spotify_sync.models import Album, Artist, SavedTrack, SyncState, Track, TrackArtist
from django_spotify_sync.sync import sync
from django_spotify_sync.sync.tracks.reading import _Reading
from django_spotify_sync.testing import REMOVED
from tests.connecting import connect, stored
from tests.libraries import splits


def tables_written(queries: CaptureQueriesContext) -> set[str]:
    """Return the tables that statements wrote to."""
    # SQLite's word for rows that may be there already stands where PostgreSQL has none.
    said = [query["sql"].replace("INSERT OR IGNORE", "INSERT") for query in queries]
    words = [sql.split() for sql in said]
    verbs = {"INSERT": 2, "UPDATE": 1, "DELETE": 2}
    return {sql[verbs[sql[0]]].strip('"') for sql in words if sql[0] in verbs}


def test_the_whole_library_arrives(account, spotify, is_true):
    run = sync(account, "tracks")

    assert (run.status, run.mode, run.error_detail) == ("succeeded", "full", "")
    assert (run.created, run.updated, run.removed) == (120, 0, 0)
    assert (run.done, run.total) == (120, 120)
    assert run.requests == spotify.count("/v1/me/tracks") == 4
    assert is_true()


def test_every_field_arrives(account, spotify):
    sync(account, "tracks")

    for saved in spotify.user.saved:
        track = Track.objects.select_related("album").get(spotify_id=saved.id)
        assert (track.name, track.duration_ms, track.explicit, track.isrc) == (
            saved.track.name,
            saved.track.duration_ms,
            saved.track.explicit,
            saved.track.isrc,
        )
        album = saved.track.album
        assert (track.album.name, track.album.release_date, track.album.release_date_precision) == (
            album.name,
            album.release_date,
            album.release_date_precision,
        )
        assert track.album.release_year == int(album.release_date[:4])
        assert track.album.image_url.startswith(spotify.url)
        assert track.album.thumbnail_url.startswith(spotify.url)


def test_artists_keep_their_order(account, spotify):
    sync(account, "tracks")

    for saved in spotify.user.saved:
        links = TrackArtist.objects.filter(track__spotify_id=saved.id).order_by("position")
        assert [link.artist.spotify_id for link in links.select_related("artist")] == [
            artist.id for artist in saved.track.artists
        ]


@pytest.mark.parametrize("full", [False, True])
def test_a_second_sync_writes_no_row_of_library_or_catalogue(account, full):
    sync(account, "tracks")

    with CaptureQueriesContext(connection) as queries:
        run = sync(account, "tracks", full=full)

    assert (run.status, run.unchanged) == ("succeeded", 120)
    assert run.mode == ("full" if full else "probe")
    assert tables_written(queries) <= {
        "spotify_sync_syncrun",
        "spotify_sync_syncstate",
        "spotify_sync_stagedpage",
    }


def test_queries_grow_by_batch_and_not_by_row(account, spotify, settings):
    settings.SPOTIFY_SYNC_BATCH_SIZE = 1000
    with CaptureQueriesContext(connection) as few:
        sync(account, "tracks")
    spotify.user.like(700)
    with CaptureQueriesContext(connection) as many:
        run = sync(account, "tracks")

    assert run.created == 700
    assert len(of_the_library(many)) <= len(of_the_library(few)) + 5 + splits(700)


def of_the_library(queries: CaptureQueriesContext) -> list[str]:
    """Leave out progress and staged pages, which go by the clock."""
    clocked = ("spotify_sync_syncrun", "spotify_sync_stagedpage", "BEGIN", "COMMIT")
    return [query["sql"] for query in queries if not any(word in query["sql"] for word in clocked)]


@pytest.mark.parametrize("total", [0, 1, 49, 50, 51, 99, 100, 101])
def test_libraries_of_every_size_around_a_page(account, spotify, is_true, total):
    spotify.user.unlike(slice(total, None))

    run = sync(account, "tracks")

    assert run.status == "succeeded"
    assert is_true()


@pytest.mark.parametrize("index", [0, 1, 48, 49, 50, 51, 99, 100, 118, 119])
def test_an_unlike_is_removed_wherever_it_was(account, spotify, is_true, index):
    sync(account, "tracks")
    spotify.user.unlike(index)

    run = sync(account, "tracks")

    assert (run.status, run.removed, run.created, run.updated) == ("succeeded", 1, 0, 0)
    assert is_true()


def test_removing_the_oldest_of_full_pages_reads_the_end(account, spotify, is_true):
    spotify.user.unlike(slice(101, None))
    sync(account, "tracks")
    spotify.user.unlike(100)

    run = sync(account, "tracks", full=True)

    assert (run.status, run.removed) == ("succeeded", 1)
    assert is_true()


def test_new_likes_move_no_stored_row(account, spotify, is_true):
    sync(account, "tracks")
    spotify.user.like(3)

    run = sync(account, "tracks")

    assert (run.created, run.updated, run.removed) == (3, 0, 0)
    assert is_true()


def test_a_relike_moves_one_row(account, spotify, is_true):
    sync(account, "tracks")
    spotify.user.relike(70)

    run = sync(account, "tracks")

    assert (run.created, run.updated, run.removed) == (0, 1, 0)
    assert is_true()


def test_an_old_dated_save_goes_to_its_place(account, spotify, is_true):
    sync(account, "tracks")
    spotify.user.add_old(at=spotify_time(spotify, 60))

    run = sync(account, "tracks")

    assert (run.created, run.updated, run.removed) == (1, 0, 0)
    assert is_true()


def spotify_time(spotify, index):
    added_at = spotify.user.entries()[index][1]
    return datetime.strptime(added_at, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)


def test_ties_that_are_shuffled_lose_nothing(account, spotify, is_true):
    sync(account, "tracks")
    spotify.user.shuffle_ties(seed=5)

    run = sync(account, "tracks")

    assert (run.created, run.removed) == (0, 0)
    assert is_true()


def test_a_track_that_became_null_keeps_its_row_and_its_track(account, spotify, is_true):
    sync(account, "tracks")
    before = SavedTrack.objects.get(spotify_id=spotify.user.track_ids()[10])
    spotify.user.null(10)

    run = sync(account, "tracks")

    after = SavedTrack.objects.get(pk=before.pk)
    assert (after.spotify_id, after.track_id) == (None, before.track_id)
    assert (run.created, run.updated, run.removed, run.skipped) == (0, 1, 0, 1)
    assert run.skipped_reasons == {"null_track": 1}
    assert is_true()


def test_a_null_that_was_never_a_track_is_an_entry(account, spotify, is_true):
    spotify.user.null(10)
    spotify.user.null(20, bare=True)

    run = sync(account, "tracks")

    assert run.status == "succeeded"
    assert SavedTrack.objects.filter(account=account, track=None).count() == 2
    assert is_true()
    assert (sync(account, "tracks").updated, is_true()) == (0, True)


def test_a_relinked_track_keeps_its_row(account, spotify, is_true):
    sync(account, "tracks")
    pk = SavedTrack.objects.get(spotify_id=spotify.user.track_ids()[10]).pk
    spotify.user.relink(10)

    run = sync(account, "tracks")

    saved = SavedTrack.objects.select_related("track").get(pk=pk)
    assert saved.spotify_id == saved.track.spotify_id == spotify.user.track_ids()[10]
    assert (run.created, run.removed) == (0, 0)
    assert is_true()


def test_two_entries_answered_with_one_id_are_two_rows(account, spotify, is_true):
    ids = spotify.user.track_ids()
    sync(account, "tracks")
    spotify.user.relink(10, to=ids[30])

    run = sync(account, "tracks")

    assert run.status == "succeeded"
    rows = SavedTrack.objects.filter(account=account, spotify_id=ids[30]).order_by("-rank")
    assert [row.track_id is None for row in rows] == [True, False]
    assert is_true()


def test_two_entries_may_exchange_their_tracks(account, spotify, is_true):
    ids = spotify.user.track_ids()
    sync(account, "tracks")
    spotify.user.relink(10, to=ids[30])
    spotify.user.relink(30, to=ids[10])

    run = sync(account, "tracks")

    assert (run.status, run.error_detail) == ("succeeded", "")
    assert is_true()


def test_a_renamed_track_is_renamed(account, spotify):
    sync(account, "tracks")
    spotify.user.rename_track(5, "Another name")

    sync(account, "tracks", full=True)

    assert Track.objects.get(spotify_id=spotify.user.track_ids()[5]).name == "Another name"


@pytest.mark.parametrize(
    "name", ["NUL\x00 inside", "lone \ud800 surrogate", "x" * 5000, "emoji 🎧", "", "%s {} '\""]
)
def test_any_name_can_be_stored(account, spotify, is_true, name):
    spotify.user.patch(3, track={"name": name})

    run = sync(account, "tracks")

    assert (run.status, run.error_detail) == ("succeeded", "")
    stored_name = Track.objects.get(spotify_id=spotify.user.track_ids()[3]).name
    assert stored_name == name.replace("\x00", "\ufffd").replace("\ud800", "\ufffd")
    assert is_true()


@pytest.mark.parametrize(
    "raw",
    [
        {"duration_ms": 3.5e11},
        {"duration_ms": -1},
        {"duration_ms": "long"},
        {"duration_ms": 201000.0},
        {"artists": None},
        {"artists": []},
        {"album": None},
        {"external_ids": None},
        {"explicit": None},
        {"name": None},
        {"id": None},
        {"id": "x" * 400},
        {"disc_number": None},
    ],
)
def test_no_odd_field_stops_an_account(account, spotify, raw):
    spotify.user.patch(3, track=raw)

    run = sync(account, "tracks")

    assert (run.status, run.error_detail) == ("succeeded", "")
    assert SavedTrack.objects.filter(account=account).count() == 120


def test_a_field_that_is_omitted_wipes_nothing(account, spotify):
    sync(account, "tracks")
    track = Track.objects.get(spotify_id=spotify.user.track_ids()[3])
    fields = ("external_ids", "artists", "album", "duration_ms", "name", "explicit")
    spotify.user.patch(3, track=dict.fromkeys(fields, REMOVED))

    sync(account, "tracks", full=True)

    after = Track.objects.get(pk=track.pk)
    assert (after.isrc, after.duration_ms, after.name, after.album_id) == (
        track.isrc,
        track.duration_ms,
        track.name,
        track.album_id,
    )
    assert after.track_artists.exists()


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

"""Saved albums, shows, episodes and audiobooks: lists that keep no order, with nulls in them."""

from __future__ import annotations

from datetime import timedelta
from math import ceil

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from django_spotify_sync.exceptions import InsufficientScope
from django_spotify_sync.models import Album, SyncState
from django_spotify_sync.signals import sync_finished
from django_spotify_sync.sync import request_all, sync, take_due
from tests.kit.connecting import connect
from tests.kit.queries import tables_written
from tests.kit.saved import ALL, LIMITS, PATHS, SCOPE, rows_of, tracks_of, truth_of

COUNT = 110
pytestmark = pytest.mark.django_db(transaction=True)
each = pytest.mark.parametrize("resource", ALL)


@pytest.fixture
def listener(request, spotify, django_user_model, settings):
    """Give an account whose user agreed to all, and has saved 110 of the resource that is tested."""
    settings.SPOTIFY_SYNC_RESOURCES = ["tracks", "playlists", "following", *ALL]
    resource = (
        request.node.callspec.params.get("resource") if hasattr(request.node, "callspec") else None
    )
    saved = {resource: COUNT} if resource else {"shows": 30, "audiobooks": 7}
    who = spotify.add_user("lena", **saved)
    user = django_user_model.objects.create_user(username="lena")
    account = connect(user, spotify, who, scope=SCOPE)
    spotify.clear_log()
    return account


@pytest.fixture
def shelf(spotify, listener, resource):
    """Give what the user has saved of the resource."""
    return getattr(spotify.users_by_key["lena"], resource)


@pytest.fixture
def is_true(spotify, listener, resource):
    """Tell whether what is stored is what is saved."""
    who = spotify.users_by_key["lena"]
    return lambda: rows_of(listener, resource) == truth_of(who, resource)


@pytest.fixture
def stored(spotify, listener, resource, shelf, is_true):
    """Give the account with its list stored."""
    assert sync(listener, resource).status == "succeeded"
    assert is_true()
    spotify.clear_log()
    return listener


def of_schedule(account, resource):
    """Sync as the schedule does."""
    return sync(account, resource, trigger="schedule")


@each
@pytest.mark.parametrize("cohort", ["new", "legacy", "extended"])
def test_all_of_it_arrives(spotify, listener, resource, is_true, cohort):
    spotify.cohort = cohort

    run = sync(listener, resource)

    assert (run.status, run.mode, run.reason, run.error_detail) == ("succeeded", "full", "", "")
    assert run.created == COUNT
    assert is_true()


@each
def test_an_unchanged_list_is_read_whole_and_writes_nothing(spotify, stored, resource, is_true):
    with CaptureQueriesContext(connection) as queries:
        run = sync(stored, resource)

    assert (run.status, run.mode, run.created, run.updated) == ("succeeded", "probe", 0, 0)
    assert run.requests == ceil(COUNT / LIMITS[resource])
    assert tables_written(queries) <= {
        "spotify_sync_hour",
        "spotify_sync_syncrun",
        "spotify_sync_syncstate",
        "spotify_sync_stagedpage",
    }
    assert is_true()


@each
def test_a_check_by_the_schedule_costs_one_request(spotify, stored, resource, is_true):
    run = of_schedule(stored, resource)

    assert (run.status, run.mode, run.requests, run.unchanged) == (
        "succeeded",
        "probe",
        1,
        len(rows_of(stored, resource)),
    )
    assert is_true()


@each
def test_a_check_that_finds_something_reads_all(spotify, stored, resource, shelf, is_true):
    shelf.save(2)

    run = of_schedule(stored, resource)

    assert (run.status, run.created) == ("succeeded", 2)
    assert is_true()


@each
def test_once_a_day_the_schedule_reads_all(spotify, stored, resource, shelf, is_true):
    """What a check cannot see: as many came as left, and none of it at the head."""
    shelf.remove(len(shelf.entries) - 1)
    shelf.save(1, at=timezone.now() - timedelta(days=9000))
    assert of_schedule(stored, resource).requests == 1
    assert not is_true()
    spotify.clear_log()
    yesterday = timezone.now() - timedelta(hours=25)
    SyncState.objects.filter(account=stored, resource=resource).update(full_at=yesterday)

    run = of_schedule(stored, resource)

    assert (run.status, run.created, run.removed) == ("succeeded", 1, 1)
    assert is_true()


@each
@pytest.mark.parametrize("index", [0, 19, 20, 49, 50, COUNT - 1])
def test_what_is_no_longer_saved_is_removed(stored, resource, shelf, is_true, index):
    shelf.remove(index)

    run = sync(stored, resource)

    assert (run.status, run.removed) == ("succeeded", 1)
    assert is_true()


@each
def test_the_signal_names_what_came_and_what_left(stored, resource, shelf):
    told = []
    [new] = shelf.save(1)
    [old] = shelf.remove(50)
    handler = lambda sender, added, removed, **kwargs: told.append((added, removed))  # noqa: E731
    sync_finished.connect(handler)
    try:
        sync(stored, resource)
    finally:
        sync_finished.disconnect(handler)

    assert told == [([new.id], [old.id])]


@each
def test_an_empty_list_is_not_believed_by_one_run(stored, resource, shelf, is_true):
    shelf.remove(slice(1, None))
    sync(stored, resource)
    sync(stored, resource)
    assert is_true()
    shelf.remove(0)

    run = sync(stored, resource)

    assert (run.status, run.reason, run.removed) == ("partial", "large_loss", 0)
    assert sync(stored, resource).status == "succeeded"
    assert is_true()


# Order


@each
def test_another_order_is_no_change(spotify, stored, resource, shelf):
    if resource == "albums":
        shelf.listen([30, 60, 90])

    run = of_schedule(stored, resource)

    assert (run.requests, run.created, run.updated, run.removed) == (1, 0, 0, 0)


@pytest.mark.parametrize("resource", ["albums"])
def test_listening_while_the_list_is_read_loses_nothing(spotify, stored, shelf, is_true):
    """An album jumps to the head between two pages: one is skipped, another comes twice."""
    for nth in (2, 3, 4, 5):
        spotify.faults.add("/me/albums", nth=nth, before=lambda fake: shelf.listen(99))

    run = sync(stored, "albums")

    assert (run.status, run.removed, run.created) == ("succeeded", 0, 0)
    assert is_true()


@pytest.mark.parametrize("resource", ["albums"])
def test_whoever_listens_all_the_time_loses_nothing(spotify, stored, shelf, is_true):
    shelf.remove(70)
    spotify.faults.add("/me/albums", before=lambda fake: shelf.listen(97), times=None)

    run = sync(stored, "albums")

    assert run.status in ("succeeded", "partial")
    assert {row[0] for row in truth_of(spotify.users_by_key["lena"], "albums")} <= {
        row[0] for row in rows_of(stored, "albums")
    }
    spotify.faults.clear()
    assert sync(stored, "albums").status == "succeeded"
    assert is_true()


# Nulls


@each
def test_a_null_keeps_the_row_that_it_stands_for(spotify, stored, resource, shelf, is_true):
    shelf.null(40)

    run = sync(stored, resource)

    assert (run.status, run.updated, run.removed) == ("succeeded", 1, 0)
    assert is_true()
    assert sync(stored, resource).updated == 0
    shelf.null(40, null=False)
    assert sync(stored, resource).updated == 1
    assert is_true()


@each
def test_nulls_that_always_were_there_shield_nothing(spotify, listener, resource, shelf):
    shelf.null([5, 6])
    assert sync(listener, resource).status == "succeeded"
    shelf.remove(60)

    run = sync(listener, resource)

    assert (run.status, run.removed, run.updated) == ("succeeded", 1, 0)


@each
def test_one_null_shields_one_row(spotify, stored, resource, shelf):
    shelf.null(30)
    shelf.remove([60, 61])

    run = sync(stored, resource)

    assert (run.status, run.removed, run.updated) == ("succeeded", 2, 1)


@each
def test_an_unavailable_row_that_leaves_is_removed(spotify, stored, resource, shelf, is_true):
    shelf.null(30)
    sync(stored, resource)
    shelf.remove(30)

    run = sync(stored, resource)

    assert (run.status, run.removed) == ("succeeded", 1)
    assert is_true()


@pytest.mark.parametrize("resource", ["episodes"])
def test_an_episode_that_was_never_seen_alive_is_no_row(listener, shelf):
    shelf.null([3, 4])

    run = sync(listener, "episodes")

    assert (run.status, run.created, run.skipped) == ("succeeded", COUNT - 2, 2)


@pytest.mark.parametrize("resource", ["episodes"])
def test_a_deleted_episode_is_told_by_its_date(stored, shelf, is_true):
    """Another one was removed at the same time, and it is that one that goes."""
    shelf.null(80)
    shelf.remove(20)

    run = sync(stored, "episodes")

    assert (run.removed, run.updated) == (1, 1)
    assert is_true()


# Faults


FAULTS = {
    "lying total": {"total": lambda total: total + 2, "times": None},
    "lying total of one page": {"nth": 2, "total": lambda total: total + 2, "times": 1},
    "low total": {"total": lambda total: total - 3, "times": None},
    "wrong empty": {"empty": True, "times": None},
    "wrong empty once": {"empty": True, "times": 1},
    "wrong empty second page": {"nth": 2, "empty": True, "times": None},
    "short page": {"short": 3, "times": None},
    "short page once": {"nth": 2, "short": 3, "times": 1},
    "repeated page": {"nth": 2, "repeat": True, "times": None},
    "starts over": {"nth": 2, "start_over": True, "times": None},
    "behind": {"lag": 1, "times": None},
    "behind once": {"nth": 2, "lag": 1, "times": 1},
    "5xx once": {"nth": 2, "status": 503, "times": 2},
}


@each
@pytest.mark.parametrize("name", FAULTS)
@pytest.mark.usefixtures("impatient")
def test_what_is_still_saved_is_never_removed(spotify, stored, resource, shelf, is_true, name):
    who = spotify.users_by_key["lena"]
    for edit in ([], [60], slice(10, 100)):
        shelf.remove(edit)
        before = {row[0] for row in rows_of(stored, resource)}
        spotify.faults.add(PATHS[resource], **FAULTS[name])

        run = sync(stored, resource)

        here = {row[0] for row in truth_of(who, resource)}
        assert here & before <= {row[0] for row in rows_of(stored, resource)}, edit
        assert run.status in ("succeeded", "partial"), edit
        assert run.status == "succeeded" or run.removed == 0, edit
        spotify.faults.clear()
        for _ in range(2):
            run = sync(stored, resource)
        assert run.status == "succeeded", edit
        assert is_true(), edit


@each
@pytest.mark.usefixtures("impatient")
def test_a_page_that_fails_for_good_fails_the_run(spotify, stored, resource, is_true):
    spotify.faults.add(PATHS[resource], nth=3, status=500, times=None)

    run = sync(stored, resource)

    assert (run.status, run.error_code) == ("failed", "spotify_unavailable")
    assert is_true()


# Albums and their tracks


@pytest.mark.parametrize("resource", ["albums"])
def test_a_long_album_has_all_its_tracks(spotify, listener, shelf):
    [album] = shelf.save(1, tracks=170)
    [short] = shelf.save(1, tracks=50)

    run = sync(listener, "albums")

    assert run.status == "succeeded"
    assert spotify.count(f"/albums/{album.id}/tracks") == 3
    assert spotify.count(f"/albums/{short.id}/tracks") == 0
    for one in (album, short):
        assert tracks_of(one.id) == [track.id for track in shelf.tracks(one.id)]
    assert Album.objects.get(spotify_id=album.id).total_tracks == 170
    spotify.clear_log()
    sync(listener, "albums")
    assert spotify.count("/albums/") == 0, "It is whole by now."
    assert tracks_of(album.id) == [track.id for track in shelf.tracks(album.id)]


@pytest.mark.parametrize("resource", ["albums"])
@pytest.mark.usefixtures("impatient")
def test_an_album_whose_tracks_stay_away_is_asked_for_again(spotify, listener, shelf):
    [album] = shelf.save(1, tracks=120)
    spotify.faults.add(f"/albums/{album.id}/tracks", offset=100, status=404, times=None)
    assert sync(listener, "albums").status == "succeeded"
    assert len(tracks_of(album.id)) == 100
    spotify.faults.clear()

    sync(listener, "albums")

    assert tracks_of(album.id) == [track.id for track in shelf.tracks(album.id)]


@pytest.mark.parametrize("resource", ["albums"])
def test_relinked_tracks_have_the_ids_that_are_answered(spotify, stored, shelf):
    shelf.relink(3)

    sync(stored, "albums")

    album = shelf.entries[3].id
    assert tracks_of(album) == [track.id for track in shelf.tracks(album)]


# Audiobooks


@pytest.mark.parametrize("order", [("audiobooks", "shows"), ("shows", "audiobooks")])
def test_audiobooks_are_counted_once_and_dated_by_the_show(spotify, listener, order):
    for resource in order * 2:
        assert sync(listener, resource).status == "succeeded"

    who = spotify.users_by_key["lena"]
    books = {entry.id: entry.added_at for entry in who.audiobooks.entries}
    assert dict(row[:2] for row in rows_of(listener, "audiobooks")) == books
    assert {row[0] for row in rows_of(listener, "shows")} == set(who.shows.ids())
    spotify.clear_log()
    assert of_schedule(listener, "shows").requests == 1
    assert of_schedule(listener, "audiobooks").requests == 1


def test_without_audiobooks_they_stay_among_the_shows(spotify, listener, settings):
    settings.SPOTIFY_SYNC_RESOURCES = ["shows"]

    sync(listener, "shows")

    who = spotify.users_by_key["lena"]
    everything = {*who.shows.ids(), *who.audiobooks.ids()}
    assert {row[0] for row in rows_of(listener, "shows")} == everything


@pytest.mark.parametrize("status", [404, 403])
@pytest.mark.parametrize("resource", ["audiobooks"])
def test_where_there_are_no_audiobooks_nothing_is_removed(spotify, stored, shelf, is_true, status):
    shelf.absent = status

    run = sync(stored, "audiobooks")

    assert (run.status, run.requests, run.removed) == ("succeeded", 1, 0)
    assert is_true()
    state = SyncState.objects.get(account=stored, resource="audiobooks")
    assert state.absent_until > timezone.now() + timedelta(days=2)
    assert state.next_sync_at == state.absent_until
    assert of_schedule(stored, "audiobooks").requests == 0, "for three days"
    assert sync(stored, "audiobooks").requests == 1, "Who asks is answered."
    shelf.absent = None
    assert sync(stored, "audiobooks").status == "succeeded"
    state.refresh_from_db()
    assert state.absent_until is None


# Scopes


def test_a_resource_whose_scope_is_missing_waits_and_the_others_go_on(
    spotify, account, settings, user
):
    settings.SPOTIFY_SYNC_RESOURCES = ["following", "albums", "episodes"]
    assert account.missing_scopes == ["user-read-playback-position"]

    with pytest.raises(InsufficientScope):
        sync(account, "episodes")
    assert [run.resource for run in request_all(account)] == ["following", "albums"]
    SyncState.objects.update(next_sync_at=timezone.now() - timedelta(hours=1))
    take_due()
    assert not account.sync_runs.filter(resource="episodes").exists()
    assert spotify.count("/me/episodes") == 0

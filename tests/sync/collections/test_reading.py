from __future__ import annotations

import json
from math import ceil

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from django_spotify_sync.models import Artist, FollowedArtist, SyncState
from django_spotify_sync.signals import sync_finished
from django_spotify_sync.sync import catalog_writer, sync
from django_spotify_sync.testing import REMOVED
from tests.kit.concurrency import at_once
from tests.kit.connecting import connect
from tests.kit.queries import tables_written
from tests.kit.saved import ALL, rows_of, truth_of
from tests.kit.truth import followed

ADDRESS = "/me/following"
COHORTS = ("new", "legacy", "extended")


@pytest.fixture
def is_true(account, spotify):
    """Tell whether the stored artists are those that are followed, in their order."""
    return lambda: followed(account) == spotify.user.following.ids()


@pytest.fixture
def artists(account, spotify):
    """Give 130 followed artists, of whom 60 are stored since an earlier run."""
    sync(account, "following")
    spotify.user.follow(70)
    assert sync(account, "following").status == "succeeded"
    spotify.clear_log()


@pytest.mark.parametrize("cohort", COHORTS)
def test_all_artists_arrive(account, spotify, is_true, cohort):
    spotify.cohort = cohort

    run = sync(account, "following")

    assert (run.status, run.mode, run.reason, run.error_detail) == ("succeeded", "full", "", "")
    assert (run.created, run.updated, run.unchanged, run.removed) == (60, 0, 0, 0)
    assert (run.requests, run.done, run.total) == (2, 60, 60)
    assert is_true()
    for entry in spotify.user.following.entries:
        artist = Artist.objects.get(spotify_id=entry.artist.id)
        assert (artist.name, artist.genres) == (entry.artist.name, list(entry.artist.genres))
        assert bool(artist.image_url) == bool(entry.artist.picture_sizes)


@pytest.mark.parametrize("count", [0, 1, 49, 50, 51, 99, 100, 101, 300])
def test_a_run_costs_a_page_for_fifty(account, spotify, is_true, count):
    spotify.user.unfollow(slice(None))
    spotify.user.follow(count)

    run = sync(account, "following")

    assert (run.status, run.requests) == ("succeeded", max(1, ceil(count / 50)))
    assert [line.query["type"] for line in spotify.requests] == ["artist"] * run.requests
    assert not any("offset" in line.query for line in spotify.requests)
    assert is_true()


def test_an_unchanged_list_writes_nothing(account, spotify, artists, is_true):
    with CaptureQueriesContext(connection) as queries:
        run = sync(account, "following")

    assert (run.status, run.mode, run.unchanged, run.requests) == ("succeeded", "probe", 130, 3)
    assert tables_written(queries) <= {
        "spotify_sync_syncrun",
        "spotify_sync_syncstate",
        "spotify_sync_stagedpage",
        "spotify_sync_hour",
    }
    assert SyncState.objects.get(account=account, resource="following").full_due is False


def test_a_full_pass_that_was_asked_for_is_called_one(account, spotify, artists, is_true):
    run = sync(account, "following", full=True)

    assert (run.status, run.mode, run.unchanged) == ("succeeded", "full", 130)


def test_who_is_new_moves_the_others_in_one_statement(account, spotify, artists, is_true):
    rows = set(FollowedArtist.objects.values_list("pk", flat=True))
    spotify.user.follow(2, position=40)

    with CaptureQueriesContext(connection) as queries:
        run = sync(account, "following")

    assert (run.created, run.updated, run.unchanged, run.removed) == (2, 0, 130, 0)
    assert rows < set(FollowedArtist.objects.values_list("pk", flat=True))
    assert is_true()
    sql = [query["sql"] for query in queries if query["sql"].startswith("UPDATE")]
    assert sum('"spotify_sync_followedartist"' in one for one in sql) == 1


@pytest.mark.parametrize("index", [0, 1, 48, 49, 50, 51, 98, 99, 100, 129])
def test_an_unfollow_is_removed_wherever_it_was(account, spotify, artists, is_true, index):
    spotify.user.unfollow(index)

    run = sync(account, "following")

    assert (run.status, run.mode, run.removed) == ("succeeded", "full", 1)
    assert run.requests == 3 + 3  # two listings have to agree
    assert is_true()


def test_one_followed_and_one_not_any_more(account, spotify, artists, is_true):
    [gone] = spotify.user.unfollow([70])
    [new] = spotify.user.follow(1)
    told = []

    def receiver(**kwargs):
        told.append((kwargs["added"], kwargs["removed"]))

    sync_finished.connect(receiver)

    run = sync(account, "following")

    sync_finished.disconnect(receiver)
    assert (run.created, run.removed) == (1, 1)
    assert told == [([new.id], [gone.id])]
    assert is_true()
    assert Artist.objects.filter(spotify_id=gone.id).exists()  # prune's, when nobody needs it


def test_an_artist_who_is_pruned_while_the_list_is_written_is_written_again(
    account, spotify, is_true, monkeypatch
):
    written = catalog_writer.write_catalog
    pruned: list[object] = []

    def write_catalog(catalog, *, using):
        keys = written(catalog, using=using)
        if not pruned:
            pruned.append(Artist.objects.using(using).first().delete())
        return keys

    monkeypatch.setattr(catalog_writer, "write_catalog", write_catalog)

    assert sync(account, "following").status == "succeeded"

    assert pruned
    assert is_true()


def test_who_moved_keeps_the_row(account, spotify, artists, is_true):
    [moved] = spotify.user.unfollow([100])
    pk = FollowedArtist.objects.get(artist__spotify_id=moved.id).pk
    spotify.user.following.follow_again(moved)

    run = sync(account, "following")

    assert (run.created, run.updated, run.removed) == (0, 1, 0)
    assert FollowedArtist.objects.get(artist__spotify_id=moved.id).pk == pk
    assert is_true()


def test_what_a_shape_omits_is_not_wiped_and_what_it_says_is(account, spotify, artists):
    before = list(Artist.objects.order_by("pk").values())
    spotify.user.following.patch(
        slice(None), **dict.fromkeys(("name", "images", "genres"), REMOVED)
    )
    assert sync(account, "following").status == "succeeded"
    assert list(Artist.objects.order_by("pk").values()) == before
    spotify.user.following.patch(slice(None), name=None, images=None, genres=None)
    assert sync(account, "following").status == "succeeded"
    assert list(Artist.objects.order_by("pk").values()) == before

    spotify.user.following.patch(0, images=[], genres=[], name="Renamed")
    sync(account, "following")

    artist = Artist.objects.get(spotify_id=spotify.user.following.ids()[0])
    assert (artist.name, artist.image_url, artist.genres) == ("Renamed", "", [])


def test_tracks_do_not_wipe_pictures(account, spotify):
    saved = spotify.user.saved[0].track.artists[0]
    spotify.user.following.follow_again(saved)
    sync(account, "following")
    before = Artist.objects.filter(spotify_id=saved.id).values().get()

    sync(account, "tracks", full=True)

    assert Artist.objects.filter(spotify_id=saved.id).values().get() == before


def test_any_name_can_be_stored(account, spotify, is_true):
    spotify.user.following.patch(3, name="NUL\x00 and \ud800", genres=["a\x00", None, 7])

    run = sync(account, "following")

    assert (run.status, run.error_detail) == ("succeeded", "")
    artist = Artist.objects.get(spotify_id=spotify.user.following.ids()[3])
    assert (artist.name, artist.genres) == ("NUL\ufffd and \ufffd", ["a\ufffd"])
    assert is_true()


# Checks of the schedule


def test_a_check_compares_ids_where_as_many_came_as_left(account, spotify, artists, is_true):
    spotify.user.unfollow(100)
    spotify.user.follow(1, position=0)

    run = sync(account, "following", trigger="schedule")

    assert (run.status, run.created, run.removed) == ("succeeded", 1, 1)
    assert is_true()


@pytest.mark.parametrize("resource", ALL)
def test_a_check_compares_ids_of_what_has_dates(spotify, who, lena, resource):
    shelf = getattr(who, resource)
    sync(lena, resource)
    assert sync(lena, resource, trigger="schedule").requests == 1
    shelf.remove(len(shelf.entries) - 1)
    shelf.save(1)

    run = sync(lena, resource, trigger="schedule")

    assert (run.status, run.created, run.removed) == ("succeeded", 1, 1)
    assert {row[0] for row in rows_of(lena, resource)} >= set(shelf.ids())


# Looks


def test_looks_that_each_skip_another_one_are_a_whole_list_together(spotify, who, lena):
    """At each look somebody listens between the two pages: the last album jumps to the head, and is skipped."""
    who.albums.save(35)
    sync(lena, "albums")
    spotify.clear_log()
    spotify.faults.add(
        "/me/albums", offset=20, before=lambda fake: who.albums.listen(39), times=None
    )
    who.albums.save(1)
    who.albums.remove(30)

    run = sync(lena, "albums", full=True)

    assert (run.status, run.reason, run.created, run.removed) == ("succeeded", "", 1, 1)
    assert rows_of(lena, "albums") == truth_of(who, "albums")


# What is not proved is not removed


def seen_at_the_second_listing(spotify, change):
    """Have something change between the two listings that have to agree: each is one page."""
    spotify.clear_log()
    spotify.faults.add("/me/shows", nth=2, before=lambda fake: change(), times=1)


def test_what_the_second_listing_shows_again_is_not_removed(spotify, who, lena):
    sync(lena, "shows")
    before = rows_of(lena, "shows")
    [late] = who.shows.remove(3)
    seen_at_the_second_listing(spotify, lambda: who.shows.save(things=[late]))

    run = sync(lena, "shows")

    assert (run.status, run.reason, run.removed) == ("partial", "drift", 0)
    assert rows_of(lena, "shows") == before
    assert spotify.count("/me/shows") == 2


def test_a_second_listing_with_one_more_missing_and_one_more_there_proves_nothing(
    spotify, who, lena
):
    """It is whole as well, and of the same total: only the ids tell."""
    sync(lena, "shows")
    before = rows_of(lena, "shows")
    [late] = who.shows.remove(3)

    def swap():
        who.shows.remove(10)
        who.shows.save(things=[late])

    seen_at_the_second_listing(spotify, swap)

    run = sync(lena, "shows")

    assert (run.status, run.reason, run.removed) == ("partial", "drift", 0)
    assert rows_of(lena, "shows") == before


def test_a_second_listing_with_another_null_proves_nothing(spotify, who, lena):
    """The same ids, but a null more: it may stand for the one that is missing."""
    sync(lena, "shows")
    before = rows_of(lena, "shows")
    [late] = who.shows.remove(3)

    def come_back_as_null():
        who.shows.save(things=[late])
        who.shows.null(late.id)

    seen_at_the_second_listing(spotify, come_back_as_null)

    run = sync(lena, "shows")

    assert (run.status, run.reason, run.removed) == ("partial", "drift", 0)
    assert rows_of(lena, "shows") == before


def unfollow_cursor(fake):
    """Let the artist go whose id is the cursor: Spotify may start over then."""
    if fake.user.following.entries:
        fake.user.unfollow(49)


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
    "starts over always": {"start_over": True, "times": None},
    "endless": {"endless": True, "times": None},
    "lost cursor": {"nth": 2, "before": unfollow_cursor, "times": 1},
    "lost cursors": {"nth": 2, "before": unfollow_cursor, "times": 9},
    "one leaves": {"nth": 2, "before": lambda fake: fake.user.unfollow(3)},
    "one comes": {"nth": 2, "before": lambda fake: fake.user.follow(1)},
    "one leaves and one comes": {
        "nth": 2,
        "before": lambda fake: (fake.user.unfollow(3), fake.user.follow(1)),
    },
    "behind": {"lag": 1, "times": None},
    "behind once": {"nth": 2, "lag": 1, "times": 1},
}


@pytest.mark.parametrize("name", list(FAULTS))
def test_who_is_still_followed_is_never_removed(account, spotify, artists, is_true, name):
    for edit in ([], [60], slice(10, 100)):
        spotify.user.unfollow(edit)
        before = followed(account)
        spotify.clear_log()
        spotify.faults.add(ADDRESS, **FAULTS[name])

        run = sync(account, "following")

        here = set(spotify.user.following.ids())
        assert here & set(before) <= set(followed(account)), edit
        assert run.status in ("succeeded", "partial"), edit
        if run.status == "partial":
            assert run.reason in ("drift", "count", "endless_cursor", "large_loss"), edit
            assert run.removed == 0, edit
        assert run.requests == len(spotify.requests) <= 3 * (ceil(132 / 50) + 1), edit
        spotify.faults.clear()
        for _ in range(2):
            run = sync(account, "following")
        assert run.status == "succeeded", edit
        assert is_true(), edit


@pytest.mark.parametrize(
    "fault", [{"total": lambda total: total + 2}, {"repeat": True}, {"short": 3}]
)
def test_what_does_not_fit_together_is_listed_again(account, spotify, artists, is_true, fault):
    spotify.user.follow(1)
    spotify.faults.add(ADDRESS, nth=2, **fault)

    run = sync(account, "following")

    assert (run.status, run.created) == ("succeeded", 1)
    assert run.requests > 3
    assert is_true()


def test_a_cursor_that_comes_again_is_not_followed(account, spotify, artists):
    spotify.faults.add(ADDRESS, endless=True, times=None)

    run = sync(account, "following")

    assert (run.status, run.reason, run.requests) == ("partial", "endless_cursor", 3)


def test_a_cursor_that_never_ends_costs_one_page_more(account, spotify, artists):
    fakes = iter(range(99))

    def with_new_cursor(fake):
        page = {"items": [], "total": 130, "next": "x", "cursors": {"after": f"c{next(fakes)}"}}
        fault.body = json.dumps({"artists": page}).encode()

    fault = spotify.faults.add(ADDRESS, before=with_new_cursor, body=b"", times=None)

    run = sync(account, "following")

    assert (run.status, run.reason, run.requests) == ("partial", "endless_cursor", 3 + 1)


def test_a_list_that_is_never_the_same_twice_loses_nobody(account, spotify, artists):
    spotify.user.unfollow(60)
    spotify.faults.add(
        ADDRESS,
        where=lambda request: "after" not in request.query,
        nth=2,
        before=lambda fake: fake.user.unfollow(20),
    )

    run = sync(account, "following")

    assert (run.status, run.reason, run.removed) == ("partial", "drift", 0)


@pytest.mark.parametrize("nth", [1, 2, 3])
def test_a_page_that_fails_for_good_fails_the_run(account, spotify, artists, is_true, nth):
    before = followed(account)
    spotify.user.unfollow(60)
    spotify.faults.add(
        ADDRESS, nth=nth, status=502, message="Failed to get followed artists", times=None
    )

    run = sync(account, "following")

    assert (run.status, run.error_code) == ("failed", "spotify_unavailable")
    assert followed(account) == before


def test_a_page_that_fails_once_is_asked_for_again(account, spotify, is_true):
    spotify.faults.add(ADDRESS, nth=2, status=502)

    run = sync(account, "following")

    assert (run.status, run.requests) == ("succeeded", 3)
    assert is_true()


def test_a_total_that_stays_too_high_is_learned(account, spotify, is_true):
    spotify.faults.add(ADDRESS, total=lambda total: total + 2, times=None)

    runs = [sync(account, "following") for _ in range(3)]

    assert [run.status for run in runs] == ["partial", "succeeded", "succeeded"]
    assert runs[2].requests == 2
    spotify.user.unfollow(30)
    assert sync(account, "following").removed == 1
    assert is_true()


def test_a_total_that_is_right_again_is_believed_at_once(account, spotify, is_true):
    spotify.faults.add(ADDRESS, total=lambda total: total + 2, times=None)
    assert [sync(account, "following").status for _ in range(3)][-1] == "succeeded"
    spotify.faults.clear()

    run = sync(account, "following")

    assert run.status == "succeeded"
    assert SyncState.objects.get(account=account, resource="following").hidden == 0
    assert is_true()


def test_a_large_loss_is_believed_by_the_second_run(account, spotify, artists, is_true):
    spotify.user.unfollow(slice(None))

    first, second = sync(account, "following"), sync(account, "following")

    assert (first.status, first.reason, first.removed) == ("partial", "large_loss", 0)
    assert (second.status, second.removed) == ("succeeded", 130)
    assert is_true()


def test_a_suspicion_is_forgotten_when_the_next_run_does_not_see_it(account, spotify, artists):
    spotify.faults.add(ADDRESS, empty=True, times=1)
    assert sync(account, "following").reason == "large_loss"
    assert sync(account, "following").status == "succeeded"
    spotify.faults.add(ADDRESS, empty=True, times=1)

    assert sync(account, "following").reason == "large_loss"
    assert FollowedArtist.objects.count() == 130


def test_nulls_count_and_are_nobody(account, spotify, is_true):
    spotify.user.following.patch(5, id=None)

    run = sync(account, "following")

    assert (run.status, run.created, run.skipped_reasons) == ("succeeded", 59, {"null_entry": 1})


def test_another_users_artists_are_left_alone(account, spotify, other_user, is_true):
    grace = spotify.add_user("grace", artists=80)
    other = connect(other_user, spotify, grace)
    sync(other, "following")
    sync(account, "following")
    spotify.user.unfollow(slice(0, 20))

    sync(account, "following")

    assert is_true()
    assert followed(other) == grace.following.ids()


def test_accounts_with_the_same_artists_sync_at_once(account, spotify, other_user, is_true):
    grace = spotify.add_user("grace")
    other = connect(other_user, spotify, grace)
    for turn in range(6):
        for artist in spotify.user.follow(30):
            grace.following.follow_again(artist)
        for entry in spotify.user.following.entries:
            spotify.catalogue.rename(entry.artist, f"{entry.artist.name} {turn}")

        runs = at_once(lambda: sync(account, "following"), lambda: sync(other, "following"))

        assert [run.status for run in runs] == ["succeeded"] * 2
        assert is_true()
        assert followed(other) == grace.following.ids()

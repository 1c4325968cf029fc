from __future__ import annotations

from datetime import UTC, datetime, timedelta
from math import ceil

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from django_spotify_sync.models import AccountPlaylist, Playlist, PlaylistItem, SyncState, Track
from django_spotify_sync.signals import sync_finished
from django_spotify_sync.sync import sync
from django_spotify_sync.testing import REMOVED
from django_spotify_sync.testing.music.contents import LocalFile, Stranger, invent_episode
from django_spotify_sync.testing.music.seeding import seed_playlist
from tests.connecting import connect
from tests.sync.test_tracks import tables_written
from tests.sync.truth import (
    check_playlists,
    item_ids,
    linked,
    stored_items,
    true_items,
)

COHORTS = ("new", "legacy", "extended")


def seeded(spotify, count=12):
    """Give the user lists of every kind."""
    for number in range(len(spotify.user.playlists), count):
        seed_playlist(spotify.user, number)


def closed(spotify):
    """Return the lists whose items the cohort keeps from the user."""
    return tuple(
        playlist
        for playlist in spotify.user.playlists
        if spotify.cohort == "new"
        and playlist.owner is not spotify.user
        and spotify.user not in playlist.collaborators
    )


def paths(spotify):
    return [line.path.removeprefix("/v1") for line in spotify.requests]


# What arrives


@pytest.mark.parametrize("cohort", COHORTS)
def test_every_kind_of_list_arrives(account, spotify, cohort):
    seeded(spotify)
    spotify.cohort = cohort

    run = sync(account, "playlists")

    assert (run.status, run.mode, run.reason, run.error_detail) == ("succeeded", "full", "", "")
    check_playlists(account, spotify.user, unreadable=closed(spotify))
    assert run.created == PlaylistItem.objects.count() + 12
    assert (run.updated, run.unchanged, run.removed) == (0, 0, 0)
    assert run.skipped_reasons == {"null_item": 1}
    assert run.done == run.total == PlaylistItem.objects.count()
    assert run.requests == len(spotify.requests)


def test_all_cohorts_give_the_same_rows(account, spotify):
    seeded(spotify)
    names = [
        field.attname
        for field in PlaylistItem._meta.fields
        if field.attname not in ("id", "playlist_id", "track_id", "is_playable")
    ]
    found = {}
    for cohort in COHORTS:
        spotify.cohort = cohort
        AccountPlaylist.objects.all().delete()
        Playlist.objects.all().delete()
        sync(account, "playlists", full=True)
        rows = PlaylistItem.objects.exclude(
            playlist__spotify_id__in=[one.id for one in spotify.user.playlists[3::10]]
        ).order_by("playlist__spotify_id", "position")
        found[cohort] = list(rows.values("playlist__spotify_id", "track__spotify_id", *names))

    assert found["new"] == found["legacy"] == found["extended"]
    assert len({row["playlist__spotify_id"] for row in found["new"]}) == 10  # one is empty


def test_a_playable_flag_that_a_cohort_omits_is_not_wiped(account, spotify):
    playlist = spotify.user.add_playlist("Here", 3)
    playlist.make_unavailable(1)
    sync(account, "playlists")
    spotify.cohort = "extended"

    sync(account, "playlists", full=True)

    rows = PlaylistItem.objects.filter(playlist__spotify_id=playlist.id).order_by("position")
    assert [row.is_playable for row in rows] == [True, False, True]


def test_what_is_not_said_is_not_wiped(account, spotify):
    seeded(spotify)
    spotify.user.playlists[6].insert(0, invent_episode("one"))
    sync(account, "playlists")
    before = list(Playlist.objects.order_by("pk").values())
    items = list(PlaylistItem.objects.order_by("pk").values())
    said = ("name", "description", "owner", "collaborative", "public", "images", "items")
    spotify.user.listed.patch(slice(None), **dict.fromkeys(said, REMOVED))
    for playlist in spotify.user.playlists:
        fields = ("name", "duration_ms", "is_playable", "show", "artists", "album")
        playlist.patch(
            [index for index, item in enumerate(playlist.items) if item.content is not None],
            added_at=REMOVED,
            added_by=REMOVED,
            content=dict.fromkeys(fields, REMOVED),
        )

    run = sync(account, "playlists", full=True)

    assert run.status == "succeeded"
    for rows in (before, after := list(Playlist.objects.order_by("pk").values())):
        for row in rows:
            del row["items_synced_at"]
    assert after == before
    assert list(PlaylistItem.objects.order_by("pk").values()) == items


def test_null_says_that_there_is_none(account, spotify):
    playlist = spotify.user.playlists[0]
    playlist.describe("Words & more")
    sync(account, "playlists")
    assert Playlist.objects.get(spotify_id=playlist.id).description == "Words & more"
    playlist.describe(None)

    sync(account, "playlists")

    assert Playlist.objects.get(spotify_id=playlist.id).description == ""


@pytest.mark.parametrize("cohort", COHORTS)
def test_episodes_stay_episodes_on_every_page(account, spotify, cohort):
    playlist = spotify.user.add_playlist("Talk")
    playlist.add([invent_episode(f"talk {number}") for number in range(230)])
    spotify.cohort = cohort

    sync(account, "playlists")

    assert stored_items(playlist) == true_items(playlist)
    assert {
        line.query.get("additional_types") for line in spotify.requests if playlist.id in line.path
    } == {"track,episode"}


def test_a_local_file_is_named_by_its_uri_where_the_object_does_not(account, spotify):
    playlist = spotify.user.add_playlist("Tapes")
    playlist.add(LocalFile("A & B", "", "Rain: one/two", 61))
    playlist.add(LocalFile("x" * 4000, "y" * 3000, "long", 5))
    playlist.patch(0, content={"name": None, "artists": [], "duration_ms": None})

    sync(account, "playlists")

    assert stored_items(playlist) == true_items(playlist)


def test_the_added_and_removed_lists_are_told(account, spotify):
    sync(account, "playlists")
    new = spotify.user.add_playlist("New", 2)
    [gone] = spotify.user.listed.unfollow([2])
    told = []

    def receiver(**kwargs):
        told.append((kwargs["added"], kwargs["removed"]))

    sync_finished.connect(receiver)

    sync(account, "playlists")

    sync_finished.disconnect(receiver)
    assert told == [([new.id], [gone.id])]


# Economy


@pytest.mark.parametrize("cohort", COHORTS)
@pytest.mark.parametrize("count", [1, 50, 51, 100])
def test_an_unchanged_library_costs_its_list_pages(account, spotify, cohort, count):
    spotify.user.listed.unfollow(slice(None))
    for number in range(count):
        spotify.user.add_playlist(f"List {number}", 2)
    spotify.cohort = cohort
    sync(account, "playlists")
    spotify.clear_log()

    with CaptureQueriesContext(connection) as queries:
        run = sync(account, "playlists")

    assert (run.status, run.mode, run.unchanged) == ("succeeded", "probe", 3 * count)
    assert paths(spotify) == ["/me/playlists"] * ceil(count / 50)
    assert tables_written(queries) <= {
        "spotify_sync_syncrun",
        "spotify_sync_syncstate",
        "spotify_sync_stagedpage",
    }
    assert (run.done, run.total) == (count, count)


def test_lists_that_may_not_be_read_cost_nothing_more(account, spotify):
    seeded(spotify, 20)
    sync(account, "playlists")
    spotify.clear_log()

    run = sync(account, "playlists")

    assert (run.mode, paths(spotify)) == ("probe", ["/me/playlists"])


@pytest.mark.parametrize(
    ("cohort", "size", "reads"),
    [
        ("new", 0, 1),
        ("new", 100, 1),
        ("new", 101, 2),
        ("new", 250, 4),
        ("legacy", 250, 3),
        ("extended", 100, 1),
        ("extended", 101, 2),
        ("extended", 300, 3),
    ],
)
def test_one_edited_list_costs_its_own_pages(account, spotify, cohort, size, reads):
    """In one piece with its snapshot up to 100; beyond, the playlists are listed once more."""
    playlist = spotify.user.add_playlist("Edited", size)
    spotify.cohort = cohort
    sync(account, "playlists")
    spotify.clear_log()
    playlist.touch()

    run = sync(account, "playlists")

    assert (run.status, run.mode) == ("succeeded", "delta")
    assert spotify.count("/playlists/") == reads
    assert spotify.count("/me/playlists") == (1 if size <= 100 else 2)
    assert (run.created, run.updated, run.removed) == (0, 0, 0)
    check_playlists(account, spotify.user)


def test_a_full_run_opens_all_lists(account, spotify):
    seeded(spotify)
    sync(account, "playlists")
    spotify.user.playlists[0].null(1)  # which gives no new snapshot
    assert sync(account, "playlists").mode == "probe"

    run = sync(account, "playlists", full=True)

    assert (run.status, run.mode) == ("succeeded", "full")
    check_playlists(account, spotify.user, unreadable=closed(spotify))


def test_all_lists_are_opened_once_an_interval(account, spotify, settings):
    sync(account, "playlists")
    settings.SPOTIFY_SYNC_FULL_SYNC_INTERVAL = timedelta(microseconds=1)

    assert sync(account, "playlists").mode == "full"


def test_a_list_with_fewer_rows_than_it_is_listed_with_is_read_again(account, spotify):
    playlist = spotify.user.playlists[0]
    sync(account, "playlists")
    PlaylistItem.objects.get(playlist__spotify_id=playlist.id, position=2).delete()

    run = sync(account, "playlists")

    assert (run.mode, run.created) == ("delta", 1)
    check_playlists(account, spotify.user)


def test_lists_of_spotifys_own_are_read_once_a_day(account, spotify):
    spotify.cohort = "extended"
    daily = spotify.user.add_playlist("D", 130, owner=Stranger("spotify", "S"), spotify_owned=True)
    sync(account, "playlists")
    assert stored_items(daily) == true_items(daily)
    spotify.clear_log()

    assert sync(account, "playlists").mode == "probe"
    assert paths(spotify) == ["/me/playlists"]
    daily.remove(0)
    assert (sync(account, "playlists").removed, stored_items(daily)) == (1, true_items(daily))
    daily.move(0, 5)
    long_ago = timezone.now() - timedelta(hours=25)
    Playlist.objects.filter(spotify_id=daily.id).update(items_synced_at=long_ago)
    assert (sync(account, "playlists").status, stored_items(daily)) == (
        "succeeded",
        true_items(daily),
    )


def test_tracks_is_left_for_items_where_it_does_not_answer(account, spotify):
    spotify.cohort = "legacy"
    playlist = spotify.user.add_playlist("Long", 420)
    spotify.faults.add("/playlists/*/tracks", status=403, times=None)

    run = sync(account, "playlists")

    assert run.status == "succeeded"
    check_playlists(account, spotify.user)
    assert spotify.count(f"/playlists/{playlist.id}/items") == 7


def test_lists_are_read_side_by_side(account, spotify):
    seeded(spotify)
    spotify.latency = 0.05

    sync(account, "playlists")

    assert spotify.peak_in_flight > 4


# Covers


def test_a_cover_is_refreshed_with_its_row_or_when_it_is_old(account, spotify):
    playlist = spotify.user.playlists[0]
    sync(account, "playlists")
    first = Playlist.objects.get(spotify_id=playlist.id)
    assert first.image_url.startswith(spotify.url)
    tomorrow = spotify.clock() + 86_400
    spotify.clock = lambda: tomorrow
    spotify.expire_access_tokens()

    assert (sync(account, "playlists").mode, cover(playlist)) == ("probe", first.image_url)
    Playlist.objects.update(cover_fetched_at=timezone.now() - timedelta(hours=13))
    run = sync(account, "playlists")
    assert (run.mode, run.updated) == ("probe", 0)
    assert cover(playlist) != first.image_url
    playlist.set_cover("custom")
    playlist.rename("Other")
    after_tomorrow = tomorrow + 86_400
    spotify.clock = lambda: after_tomorrow
    before = cover(playlist)
    assert sync(account, "playlists").updated == 1
    assert cover(playlist) != before


def cover(playlist):
    return Playlist.objects.get(spotify_id=playlist.id).image_url


# The list of lists


def test_lists_come_go_and_move(account, spotify):
    seeded(spotify, 9)
    sync(account, "playlists")
    spotify.user.listed.move(0, 5)
    spotify.user.listed.unfollow([3, 4])
    spotify.user.add_playlist("New", 3, position=2)

    run = sync(account, "playlists")

    assert (run.status, run.mode) == ("succeeded", "delta")
    assert (run.created, run.removed) == (1 + 3, 2)
    check_playlists(account, spotify.user, unreadable=closed(spotify))
    assert Playlist.objects.count() == 10  # who is unlinked by all is prune's


def test_a_list_that_left_and_came_back_is_not_read_anew(account, spotify):
    seeded(spotify, 9)
    sync(account, "playlists")
    [gone] = spotify.user.listed.unfollow([2])
    rows = item_ids(gone)
    assert sync(account, "playlists").removed == 1
    assert item_ids(gone) == rows
    spotify.user.listed.follow(gone)
    spotify.clear_log()

    run = sync(account, "playlists")

    assert (run.created, item_ids(gone)) == (1, rows)
    assert paths(spotify) == ["/me/playlists"]
    check_playlists(account, spotify.user, unreadable=closed(spotify))


def test_an_unlink_is_seen_twice(account, spotify):
    sync(account, "playlists")
    spotify.user.listed.unfollow([1])
    spotify.clear_log()

    run = sync(account, "playlists")

    assert (run.status, run.removed, paths(spotify)) == ("succeeded", 1, ["/me/playlists"] * 2)


def test_null_lists_are_counted_and_hide_no_loss(account, spotify):
    seeded(spotify, 9)
    sync(account, "playlists")
    before = linked(account)
    spotify.user.listed.null(2)

    for _ in range(3):  # the list behind the null may be any that is missing
        run = sync(account, "playlists")
        assert (run.status, run.removed, run.skipped_reasons) == ("succeeded", 0, {"null_entry": 1})
        assert set(linked(account)) == set(before)
    spotify.user.listed.null(2, null=False)
    sync(account, "playlists")
    check_playlists(account, spotify.user, unreadable=closed(spotify))


def test_a_null_that_was_always_there_keeps_nothing(account, spotify):
    spotify.cohort = "legacy"
    spotify.user.add_playlist("Daily", 3, owner=Stranger("spotify", "S"), spotify_owned=True)
    seeded(spotify, 9)
    assert sync(account, "playlists").skipped_reasons["null_entry"] == 1
    [gone] = spotify.user.listed.unfollow([3])

    run = sync(account, "playlists")

    assert (run.status, run.removed) == ("succeeded", 1)
    assert gone.id not in linked(account)


def test_a_large_loss_is_believed_by_the_second_run(account, spotify):
    sync(account, "playlists")
    spotify.user.listed.unfollow(slice(None))

    first = sync(account, "playlists")
    assert (first.status, first.reason, first.removed) == ("partial", "large_loss", 0)
    second = sync(account, "playlists")

    assert (second.status, second.removed) == ("succeeded", 3)
    assert SyncState.objects.get(account=account, resource="playlists").suspected_shrink is None


@pytest.mark.parametrize(
    "name", ["NUL\x00 inside", "lone \ud800 surrogate", "x" * 5000, "&amp;lt;", "", "%s {} '\""]
)
def test_any_text_can_be_stored(account, spotify, name):
    playlist = spotify.user.playlists[0]
    spotify.user.listed.patch(0, name=name)
    playlist.add(LocalFile("a", "b", "c", 3))
    playlist.patch(-1, content={"name": name})

    run = sync(account, "playlists")

    shown = name.replace("\x00", "\ufffd").replace("\ud800", "\ufffd")
    assert (run.status, run.error_detail) == ("succeeded", "")
    assert Playlist.objects.get(spotify_id=playlist.id).name == shown
    assert stored_items(playlist)[-1][2] == shown or "c"


def test_old_dates_and_nobody_are_kept(account, spotify):
    playlist = spotify.user.add_playlist("Old")
    playlist.add(1, at=datetime.fromtimestamp(0, UTC), by="")
    playlist.add(2)
    playlist.patch(1, added_at=None, added_by=None)

    sync(account, "playlists")

    rows = PlaylistItem.objects.filter(playlist__spotify_id=playlist.id).order_by("position")
    assert [(row.added_at and row.added_at.year, row.added_by) for row in rows] == [
        (1970, ""),
        (None, ""),
        (datetime.now(UTC).year, "listener"),
    ]


# Several accounts


@pytest.fixture
def other(other_user, spotify, account):
    """Give Grace's account."""
    grace = spotify.add_user("grace")
    return connect(other_user, spotify, grace)


def test_a_list_is_stored_once_and_read_once(account, other, spotify):
    spotify.cohort = "extended"
    grace = spotify.users[1]
    shared = spotify.user.add_playlist("Shared", 130)
    grace.listed.follow(shared)
    sync(account, "playlists")
    rows = item_ids(shared)
    spotify.clear_log()

    run = sync(other, "playlists")

    assert (run.created, run.unchanged) == (1, 130)
    assert paths(spotify) == ["/me/playlists", f"/playlists/{shared.id}/items"]
    assert [line.query["limit"] for line in spotify.requests] == ["50", "1"]
    check_playlists(other, grace)
    assert item_ids(shared) == rows
    spotify.clear_log()
    assert (sync(other, "playlists").mode, len(spotify.requests)) == ("probe", 1)


def test_what_one_may_read_is_not_what_another_may(account, other, spotify):
    grace = spotify.users[1]
    shared = spotify.user.add_playlist("Mine", 30)
    grace.listed.follow(shared)
    sync(account, "playlists")

    for _ in range(2):
        run = sync(other, "playlists")
        assert run.status == "succeeded"
        check_playlists(other, grace, unreadable=(shared,))
    link = AccountPlaylist.objects.get(account=other, playlist__spotify_id=shared.id)
    assert link.unreadable_reason == "forbidden"
    assert stored_items(shared) == true_items(shared)
    shared.share(grace)  # which gives a new snapshot
    sync(account, "playlists")
    spotify.clear_log()
    sync(other, "playlists")
    check_playlists(other, grace)


def test_the_owner_need_not_ask_what_another_has_read(account, other, spotify):
    spotify.cohort = "legacy"
    grace = spotify.users[1]
    hers = grace.add_playlist("Hers", 60)
    spotify.user.listed.follow(hers)
    sync(account, "playlists")
    spotify.clear_log()

    sync(other, "playlists")

    assert paths(spotify) == ["/me/playlists"]
    check_playlists(other, grace)


def test_accounts_do_not_fight_over_a_list(account, other, spotify):
    spotify.cohort = "legacy"
    grace = spotify.users[1]
    shared = spotify.user.add_playlist("Shared", 60)
    grace.listed.follow(shared)
    for who in (account, other):
        sync(who, "playlists")
    shared.insert(10, 2)
    sync(account, "playlists")
    assert stored_items(shared) == true_items(shared)
    spotify.faults.add("*/playlists*", lag=True, times=None)  # Grace's replicas are behind
    spotify.clear_log()

    sync(other, "playlists")

    assert stored_items(shared) == true_items(shared)
    assert paths(spotify) == ["/me/playlists"]


def test_a_list_written_meanwhile_is_left_alone(account, other, spotify):
    spotify.cohort = "legacy"
    grace = spotify.users[1]
    shared = spotify.user.add_playlist("Shared", 60)
    grace.listed.follow(shared)
    sync(account, "playlists")
    shared.insert(10, 2)

    def meanwhile(fake):
        shared.remove(0)
        sync(other, "playlists")
        connections.close_all()

    # Ada is answered the list as it was before
    spotify.faults.add(f"/playlists/{shared.id}", before=meanwhile, lag=1)
    run = sync(account, "playlists")

    assert run.status == "succeeded"
    assert stored_items(shared) == true_items(shared)
    spotify.clear_log()
    assert (sync(account, "playlists").status, len(spotify.requests)) == ("succeeded", 1)
    assert stored_items(shared) == true_items(shared)


def test_another_users_lists_are_left_alone(account, other, spotify):
    grace = spotify.users[1]
    for number in range(4):
        seed_playlist(grace, number)
    sync(other, "playlists")
    sync(account, "playlists")
    tracks = Track.objects.count()
    spotify.user.listed.unfollow(slice(0, 2))

    assert sync(account, "playlists").removed == 2
    assert linked(other) == [one.id for one in grace.playlists]
    assert Track.objects.count() == tracks

"""What is stored of playlists, and what is left as it is, also between accounts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connections
from django.utils import timezone

from django_spotify_sync.models import AccountPlaylist, Playlist, PlaylistItem, Track
from django_spotify_sync.signals import sync_finished
from django_spotify_sync.sync import sync
from django_spotify_sync.testing import REMOVED, LocalFile, invent_episode
from django_spotify_sync.testing.music.seeding import seed_playlist
from tests.kit.api import items_of
from tests.kit.browsing import browser_of
from tests.kit.connecting import connect
from tests.kit.playlists import COHORTS, closed, paths, seeded
from tests.kit.truth import check_playlists, item_ids, linked, stored_items, true_items


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


def test_old_lists_know_neither_when_nor_who(account, spotify):
    playlist = spotify.user.add_playlist("Old")
    playlist.add(1, at=datetime.fromtimestamp(0, UTC), by="")
    playlist.add(2)
    playlist.patch(1, added_at=None, added_by=None)

    sync(account, "playlists")

    rows = PlaylistItem.objects.filter(playlist__spotify_id=playlist.id).order_by("position")
    assert [(row.added_at and row.added_at.year, row.added_by) for row in rows] == [
        (None, ""),  # the first moment of 1970
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


def test_each_of_two_is_shown_the_places_of_a_list_that_one_of_them_wrote(account, other, spotify):
    grace = spotify.users[1]
    shared = spotify.user.add_playlist("Shared", 60)
    shared.share(grace)
    grace.listed.follow(shared)
    sync(account, "playlists")
    shared.insert(10, 2)
    shared.move(50, 3)
    for who in (account, other):
        sync(who, "playlists")

    for who in (account, other):
        seen = pages_of(browser_of(who.user), items_of(shared.id))
        assert [item["position"] for item in seen] == list(range(62))
        assert [item["uri"] for item in seen] == [item.uri for item in shared.items]
    assert stored_items(shared) == true_items(shared)


def pages_of(client, url):
    """Return the rows of all pages."""
    page = client.get(url).json()
    rows = page["results"]
    while page["next"]:
        page = client.get(page["next"]).json()
        rows += page["results"]
    return rows


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

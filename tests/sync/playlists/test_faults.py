"""Whatever Spotify answers: nothing is lost, nothing is falsely removed, and one quiet sync later all is true."""

from __future__ import annotations

import contextlib
import threading
from datetime import timedelta

import pytest
from django.utils import timezone

from django_spotify_sync.db import locks
from django_spotify_sync.models import AccountPlaylist, Playlist, SyncState
from django_spotify_sync.sync import sync
from django_spotify_sync.sync.playlists import writing
from django_spotify_sync.testing.music.contents import Stranger
from tests.kit.concurrency import at_once
from tests.kit.connecting import connect
from tests.kit.playlists import LISTING
from tests.kit.truth import check_playlists, item_ids, linked, quiet, stored_items, true_items

pytestmark = pytest.mark.usefixtures("impatient")

ITEMS = "/playlists/*/items"


ITEM_FAULTS = {
    "lying total": {"offset": 100, "total": lambda total: total + 2, "times": None},
    "lying total everywhere": {"total": lambda total: total + 2, "times": None},
    "wrong empty": {"empty": True, "times": None},
    "wrong empty page": {"offset": 150, "empty": True, "times": None},
    "short page": {"offset": 100, "short": 3, "times": None},
    "short last page": {"offset": 200, "short": 3, "times": None},
    "repeated page": {"offset": 150, "repeat": True, "times": None},
    "repeated pages": {"repeat": True, "times": None},
    "starts over": {"offset": 150, "start_over": True, "times": None},
    "5xx for good": {"offset": 150, "status": 502, "times": None},
    "half an answer": {"offset": 150, "cut": "json", "times": None},
}


EDITS_OF_LONG = {
    "nothing": lambda library: library.touch(),
    "removal": lambda library: library.remove(slice(120, 125)),
    "insertion": lambda library: library.insert(120, 4),
    "move": lambda library: library.move(120, 10, count=4),
}


def few_of_many(number, at):
    """Mark what is exhaustive: of each fault, all edits but two."""
    return [] if (number + at) % 2 else [pytest.mark.exhaustive]


@pytest.mark.parametrize(
    ("name", "edit"),
    [
        pytest.param(name, edit, marks=few_of_many(number, at), id=f"{name}-{edit}")
        for number, name in enumerate(ITEM_FAULTS)
        for at, edit in enumerate(EDITS_OF_LONG)
    ],
)
def test_items_that_are_not_proved_remove_nothing(account, spotify, library, name, edit):
    EDITS_OF_LONG[edit](library)
    snapshot = Playlist.objects.get(spotify_id=library.id).items_snapshot_id
    before, items_before = item_ids(library), stored_items(library)
    spotify.faults.add(ITEMS, **ITEM_FAULTS[name])

    run = sync(account, "playlists")

    assert (run.status, run.removed) == ("partial", 0)
    assert run.reason in ("drift", "page_length", "count", "repeated_page", "unreadable_lists")
    assert Playlist.objects.get(spotify_id=library.id).items_snapshot_id == snapshot
    assert set(before) <= set(item_ids(library))
    assert set(stored_items(library)) <= {*items_before, *true_items(library)}
    assert len(item_ids(library)) <= len(before) + 4  # no page counts twice
    quiet(account, spotify)


@pytest.mark.parametrize("name", ["short page", "repeated page", "wrong empty page"])
def test_a_page_that_was_wrong_once_is_read_again(account, spotify, library, name):
    library.insert(5, 1)
    spotify.faults.add(ITEMS, **{**ITEM_FAULTS[name], "times": 1})

    run = sync(account, "playlists")

    assert run.status == "succeeded"
    check_playlists(account, spotify.user)


def test_a_wrong_empty_list_is_not_emptied(account, spotify):
    playlist = spotify.user.add_playlist("Short", 60)
    sync(account, "playlists")
    before = item_ids(playlist)
    playlist.touch()
    spotify.faults.add(f"/playlists/{playlist.id}*", empty=True, times=None)

    run = sync(account, "playlists")

    assert (run.status, run.removed, item_ids(playlist)) == ("partial", 0, before)
    quiet(account, spotify)


def test_a_list_without_a_total_is_not_emptied_on_one_word(account, spotify):
    playlist = spotify.user.add_playlist("Short", 60)
    spotify.user.listed.patch(0, items={"total": None})
    sync(account, "playlists")
    assert stored_items(playlist) == true_items(playlist)
    playlist.touch()
    spotify.faults.add(f"/playlists/{playlist.id}*", empty=True, times=None)

    run = sync(account, "playlists")

    assert (run.status, run.removed, len(item_ids(playlist))) == ("partial", 0, 60)


EDITS = {
    "insertion": lambda playlist: playlist.insert(10, 2),
    "removal": lambda playlist: playlist.remove([10, 120]),
    "move": lambda playlist: playlist.move(10, 140, count=3),
    "exchange": lambda playlist: (playlist.remove(10), playlist.add(1)),
}


@pytest.mark.parametrize("edit", list(EDITS))
def test_one_edit_while_being_read_is_no_harm(account, spotify, edit):
    playlist = spotify.user.add_playlist("Long", 230)
    sync(account, "playlists")
    for nth in range(1, 8):
        playlist.remove(100)
        spotify.faults.add("*", nth=nth, before=lambda fake: EDITS[edit](playlist))

        run = sync(account, "playlists")

        assert run.status == "succeeded", nth
        spotify.faults.clear()
        sync(account, "playlists")
        check_playlists(account, spotify.user)


def test_a_list_that_never_stands_still_keeps_all_and_gains_what_came(account, spotify):
    playlist = spotify.user.add_playlist("Radio", 230)
    sync(account, "playlists")
    snapshot = Playlist.objects.get(spotify_id=playlist.id).items_snapshot_id
    before = item_ids(playlist)
    playlist.remove(slice(0, 5))
    new = playlist.add(2)
    spotify.faults.add(ITEMS, offset=200, before=lambda fake: playlist.move(0, 3), times=None)
    spotify.clear_log()

    run = sync(account, "playlists")

    assert (run.status, run.reason, run.removed, run.created) == ("partial", "drift", 0, 2)
    assert set(before) < set(item_ids(playlist))
    assert {item.uri for item in new} <= {item[1] for item in stored_items(playlist)}
    assert Playlist.objects.get(spotify_id=playlist.id).items_snapshot_id == snapshot
    assert (spotify.count(LISTING), spotify.count("/playlists/")) == (3, 2 * 4)
    quiet(account, spotify)


def test_only_the_list_that_moved_is_read_again(account, spotify):
    others = [spotify.user.add_playlist(f"Other {number}", 120) for number in range(3)]
    playlist = spotify.user.add_playlist("Moving", 120)
    spotify.faults.add(f"/playlists/{playlist.id}/items", before=lambda fake: playlist.remove(110))

    run = sync(account, "playlists")

    assert run.status == "succeeded"
    assert spotify.count(f"/playlists/{playlist.id}") == 4
    assert {spotify.count(f"/playlists/{one.id}") for one in others} == {2}
    assert spotify.count(LISTING) == 3
    check_playlists(account, spotify.user)


@pytest.mark.parametrize(("size", "edits"), [(60, ["insertion"]), (230, list(EDITS))])
@pytest.mark.parametrize("where", [LISTING, "/playlists/*", "*"])
def test_replicas_that_are_behind_are_caught_up_with(account, spotify, size, where, edits):
    playlist = spotify.user.add_playlist("Written", size)
    sync(account, "playlists")
    for edit in edits:
        serial = spotify.world.serial
        playlist.remove(5)
        EDITS[edit](playlist)
        spotify.faults.add(where, lag=spotify.world.serial - serial, times=3)

        run = sync(account, "playlists")

        assert run.status in ("succeeded", "partial"), edit
        quiet(account, spotify)


# Refusals


@pytest.mark.parametrize(("status", "code"), [(403, "forbidden"), (404, "not_found")])
def test_one_list_that_is_refused_again_is_marked_and_keeps_its_items(
    account, spotify, library, status, code
):
    before = item_ids(library)
    library.remove(0)
    spotify.user.playlists[3].add(1)
    spotify.faults.add(f"/playlists/{library.id}*", status=status, times=None)
    assert sync(account, "playlists").reason == "unreadable_lists"

    run = sync(account, "playlists")

    assert (run.status, run.reason, run.removed) == ("succeeded", "", 0)
    link = AccountPlaylist.objects.get(account=account, playlist__spotify_id=library.id)
    assert (link.can_read_items, link.unreadable_reason) == (False, code)
    assert item_ids(library) == before
    check_playlists(account, spotify.user, unreadable=(library,))
    assert sync(account, "playlists").mode == "probe"
    spotify.faults.clear()
    library.touch()
    sync(account, "playlists")
    link.refresh_from_db()
    assert (link.can_read_items, link.unreadable_reason) == (True, "")
    check_playlists(account, spotify.user)


def test_followed_lists_that_are_all_refused_are_no_matter_of_the_app(account, spotify):
    sync(account, "playlists")
    friend = Stranger("friend", "F")
    closed = [spotify.user.add_playlist(f"{n}", 3, owner=friend) for n in range(3)]
    spotify.clear_log()

    run = sync(account, "playlists")

    assert run.status == "succeeded"
    check_playlists(account, spotify.user, unreadable=tuple(closed))
    assert spotify.count("/playlists/") == 3  # the items' address says no at once
    assert spotify.count("/me") - spotify.count(LISTING) == 1  # is it us, or the lists?


@pytest.mark.parametrize(
    "faults",
    [
        [("/playlists/*", {"status": 403, "body": "text"}), ("/me", {"status": 403})],
        [("/playlists/*", {"status": 403}), ("/me", {"status": 403})],
        [("/playlists/*", {"status": 403}), ("/me", {"status": 403, "body": "text"})],
        [("/playlists/*", {"status": 404}), ("/me", {"status": 404})],
    ],
)
def test_a_refusal_of_the_app_marks_nothing(account, spotify, library, faults):
    for playlist in spotify.user.playlists[:4]:
        playlist.touch()
    before = list(AccountPlaylist.objects.order_by("pk").values())
    rows = item_ids(library)
    for path, effects in faults:
        spotify.faults.add(path, times=None, **effects)

    run = sync(account, "playlists")

    assert (run.status, run.error_code) == ("failed", "app_forbidden")
    assert list(AccountPlaylist.objects.order_by("pk").values()) == before
    assert item_ids(library) == rows
    quiet(account, spotify)


def test_a_consent_that_does_not_cover_it_is_told(account, spotify, library):
    spotify.faults.add("*", status=403, message="Insufficient client scope", times=None)

    run = sync(account, "playlists")

    assert (run.status, run.error_code) == ("failed", "insufficient_scope")
    assert not AccountPlaylist.objects.filter(can_read_items=False).exists()


def test_one_list_that_fails_does_not_keep_the_others_from_coming(account, spotify):
    broken = spotify.user.playlists[1]
    spotify.faults.add(f"/playlists/{broken.id}*", status=502, times=None)

    run = sync(account, "playlists")

    assert (run.status, run.reason) == ("partial", "unreadable_lists")
    for playlist in (spotify.user.playlists[0], spotify.user.playlists[2]):
        assert stored_items(playlist) == true_items(playlist)
    link = AccountPlaylist.objects.get(playlist__spotify_id=broken.id)
    assert (link.can_read_items, item_ids(broken)) == (None, [])
    quiet(account, spotify)


def test_a_list_that_is_broken_for_good_does_not_open_all_the_others(account, spotify, settings):
    for number in range(12):
        spotify.user.add_playlist(f"List {number}", 2)
    sync(account, "playlists")
    broken = spotify.user.playlists[3]
    broken.add(1)
    spotify.faults.add(f"/playlists/{broken.id}*", status=502, times=None)
    SyncState.objects.update(full_at=timezone.now() - timedelta(days=8))

    runs = [sync(account, "playlists") for _ in range(3)]

    assert [run.status for run in runs] == ["partial"] * 3
    assert runs[0].requests > 12
    assert runs[2].requests == runs[1].requests < 12


def test_a_list_that_is_deleted_while_it_is_written_is_written_again(account, spotify, monkeypatch):
    """As by prune, or by the disconnect of the only other user who had it."""
    lost = spotify.user.add_playlist("Lost", 2)
    Playlist.objects.create(spotify_id=lost.id, name="Old")
    locking = locks.lock_in_order
    deleted: list[object] = []

    def lock(*args, using, **kwargs):
        if not deleted:
            deleted.append(Playlist.objects.using(using).filter(spotify_id=lost.id).delete())
        locking(*args, using=using, **kwargs)

    monkeypatch.setattr(writing, "lock_in_order", lock)

    assert sync(account, "playlists").status == "succeeded"

    assert deleted
    check_playlists(account, spotify.user)


def test_a_storm_ends_the_run_soon(account, spotify, library):
    for number in range(60):
        spotify.user.add_playlist(f"New {number}", 2)
    spotify.clear_log()
    spotify.faults.add("/playlists/*", status=503, times=None)

    run = sync(account, "playlists")

    assert (run.status, run.reason) == ("partial", "unreadable_lists")
    assert run.skipped_reasons["unreadable_list"] == 60
    assert spotify.count("/playlists/") < 120
    assert linked(account) == [playlist.id for playlist in spotify.user.playlists]
    quiet(account, spotify)


def test_a_storm_over_all_fails_the_run(account, spotify, library):
    for number in range(60):
        spotify.user.add_playlist(f"New {number}", 2)
    spotify.clear_log()
    spotify.faults.add("/playlists/*", status=503, times=None)
    spotify.faults.add("/me", status=503, times=None)

    run = sync(account, "playlists")

    assert (run.status, run.error_code) == ("failed", "spotify_unavailable")
    assert spotify.count("/playlists/") < 120
    quiet(account, spotify)


# At once


def test_accounts_with_the_same_lists_sync_at_once(account, other_user, spotify):
    spotify.cohort = "legacy"
    grace = spotify.add_user("grace")
    other = connect(other_user, spotify, grace)
    shared = [spotify.user.add_playlist(f"Shared {number}", 40) for number in range(6)]
    for playlist in reversed(shared):
        grace.listed.follow(playlist, position=len(grace.playlists))
    for turn in range(4):
        for playlist in shared[turn % 3 :]:
            playlist.insert(turn, 2)
            playlist.remove(30)

        runs = at_once(lambda: sync(account, "playlists"), lambda: sync(other, "playlists"))

        assert [run.status for run in runs] == ["succeeded"] * 2
        for playlist in shared:
            assert stored_items(playlist) == true_items(playlist)
    sync(account, "playlists")
    sync(other, "playlists")
    check_playlists(account, spotify.user)
    check_playlists(other, grace)


def test_two_who_write_one_list_take_turns(account, other_user, spotify):
    """Nothing of it is new to the catalogue, which would make one wait for the other."""
    spotify.cohort = "legacy"
    grace = spotify.add_user("grace")
    other = connect(other_user, spotify, grace)
    shared = spotify.user.add_playlist("Shared", 600)
    grace.listed.follow(shared)
    for who in (account, other):
        sync(who, "playlists")
    for _ in range(3):
        shared.move(10, 400, count=150)
        together = threading.Barrier(2, timeout=2)

        def wait(fake, together=together):
            with contextlib.suppress(threading.BrokenBarrierError):
                together.wait()

        spotify.faults.clear()
        spotify.faults.add(LISTING, nth=3, times=2, before=wait)  # the last request of each

        runs = at_once(lambda: sync(account, "playlists"), lambda: sync(other, "playlists"))

        assert [run.status for run in runs] == ["succeeded"] * 2
        assert stored_items(shared) == true_items(shared)

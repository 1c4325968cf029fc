"""What one list answers concerns that list; and what may pass is not believed."""

from __future__ import annotations

import pytest

from django_spotify_sync.models import AccountPlaylist, PlaylistItem
from django_spotify_sync.sync import sync
from django_spotify_sync.testing.music.contents import Stranger
from tests.kit.truth import check_playlists, item_ids, linked, stored_items, true_items

pytestmark = pytest.mark.usefixtures("impatient")

LISTING = "/me/playlists"
FAILURES = {
    "400": {"status": 400},
    "401": {"status": 401},
    "403 of the app": {"status": 403, "body": "text"},
    "403 of the scope": {"status": 403, "message": "Insufficient client scope"},
    "404 without JSON": {"status": 404, "html": True},
    "410": {"status": 410},
    "451": {"status": 451},
    "500": {"status": 500},
    "nonsense": {"body": b"[]"},
}


def link(account, playlist):
    return AccountPlaylist.objects.get(account=account, playlist__spotify_id=playlist.id)


def rights(account, playlist):
    row = link(account, playlist)
    return row.can_read_items, row.unreadable_reason


# What fails for good


@pytest.mark.parametrize("name", list(FAILURES))
def test_a_few_lists_that_always_fail_keep_no_other_from_coming(account, spotify, name):
    for number in range(8):
        spotify.user.add_playlist(f"List {number}", 60)
    broken = spotify.user.playlists[2:5]
    for playlist in broken:
        spotify.faults.add(f"/playlists/{playlist.id}*", times=None, **FAILURES[name])

    runs = [sync(account, "playlists") for _ in range(2)]

    for run in runs:
        assert (run.status, run.reason, run.error_code) == ("partial", "unreadable_lists", "")
        assert run.skipped_reasons["unreadable_list"] == 3
    assert linked(account) == [playlist.id for playlist in spotify.user.playlists]
    for playlist in spotify.user.playlists:
        if playlist in broken:
            assert (rights(account, playlist), item_ids(playlist)) == ((None, ""), [])
        else:
            assert stored_items(playlist) == true_items(playlist)
    spotify.faults.clear()
    assert sync(account, "playlists").status == "succeeded"
    check_playlists(account, spotify.user)


@pytest.mark.parametrize("name", list(FAILURES))
def test_what_was_read_of_them_before_stays_as_it_was(account, spotify, name):
    sync(account, "playlists")
    broken, changed = spotify.user.playlists[:2]
    before = stored_items(broken)
    broken.remove(0)
    changed.remove(0)
    spotify.faults.add(f"/playlists/{broken.id}*", times=None, **FAILURES[name])

    run = sync(account, "playlists")

    assert (run.status, run.reason) == ("partial", "unreadable_lists")
    assert run.skipped_reasons["unreadable_list"] == 1
    assert (rights(account, broken), stored_items(broken)) == ((True, ""), before)
    assert stored_items(changed) == true_items(changed)


def test_where_all_fail_and_me_does_not_the_run_is_partial(account, spotify):
    sync(account, "playlists")
    for playlist in spotify.user.playlists:
        playlist.touch()
    new = spotify.user.add_playlist("New", 3)
    spotify.faults.add("/playlists/*", status=400, times=None)

    run = sync(account, "playlists")

    assert (run.status, run.reason) == ("partial", "unreadable_lists")
    assert new.id in linked(account)
    assert PlaylistItem.objects.count() > 0


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ({"status": 403, "body": "text"}, "app_forbidden"),
        ({"status": 404}, "app_forbidden"),
        ({"status": 400}, "bad_request"),
        ({"status": 502}, "spotify_unavailable"),
        ({"status": 401}, "access_token_rejected"),
    ],
)
def test_where_me_fails_too_the_run_fails(account, spotify, fault, code):
    sync(account, "playlists")
    before = list(AccountPlaylist.objects.order_by("pk").values())
    for playlist in spotify.user.playlists:
        playlist.touch()
    spotify.faults.add("/playlists/*", times=None, **fault)
    spotify.faults.add("/me", times=None, **fault)

    run = sync(account, "playlists")

    assert (run.status, run.error_code) == ("failed", code)
    assert list(AccountPlaylist.objects.order_by("pk").values()) == before


def test_where_one_after_the_other_fails_the_rest_is_for_the_next_run(account, spotify):
    for number in range(90):
        spotify.user.add_playlist(f"List {number}", 2)
    spotify.faults.add("/playlists/*", status=400, times=None)

    run = sync(account, "playlists")

    assert (run.status, run.reason) == ("partial", "unreadable_lists")
    assert run.skipped_reasons["unreadable_list"] == len(spotify.user.playlists)
    assert spotify.count("/playlists/") < 70
    spotify.faults.clear()
    assert sync(account, "playlists").status == "succeeded"
    check_playlists(account, spotify.user)


def test_a_page_that_is_refused_among_others_is_asked_again(account, spotify):
    playlist = spotify.user.add_playlist("Long", 330)
    for fault in ({"status": 404}, {"status": 403}, {"status": 400}):
        playlist.remove(10)
        spotify.faults.add(f"/playlists/{playlist.id}/items", offset=250, **fault)

        run = sync(account, "playlists")

        assert (run.status, run.reason) == ("succeeded", "")
        check_playlists(account, spotify.user)


def test_a_page_that_is_refused_again_and_again_withdraws_no_right(account, spotify):
    playlist = spotify.user.add_playlist("Long", 330)
    sync(account, "playlists")
    before = stored_items(playlist)
    playlist.remove(10)
    spotify.faults.add(f"/playlists/{playlist.id}/items", offset=250, status=404, times=None)

    runs = [sync(account, "playlists") for _ in range(2)]

    assert [run.reason for run in runs] == ["unreadable_lists"] * 2
    assert (rights(account, playlist), stored_items(playlist)) == ((True, ""), before)


# What may pass


@pytest.mark.parametrize(("status", "code"), [(403, "forbidden"), (404, "not_found")])
def test_one_refusal_of_an_own_list_is_not_believed(account, spotify, status, code):
    playlist = spotify.user.add_playlist("Mine", 30)
    sync(account, "playlists")
    before = stored_items(playlist)
    playlist.remove(0)
    fault = spotify.faults.add(f"/playlists/{playlist.id}*", status=status, times=None)

    run = sync(account, "playlists")

    assert fault.fired == 2
    assert (run.status, run.reason) == ("partial", "unreadable_lists")
    assert run.skipped_reasons["unreadable_list"] == 1
    assert (rights(account, playlist), stored_items(playlist)) == ((True, code), before)
    spotify.faults.clear()
    run = sync(account, "playlists")
    assert (run.status, run.removed, run.updated) == (
        "succeeded",
        1,
        0,
    )  # the doubt is our own note
    assert rights(account, playlist) == (True, "")
    check_playlists(account, spotify.user)


@pytest.mark.parametrize(("status", "code"), [(403, "forbidden"), (404, "not_found")])
def test_a_second_run_that_is_refused_believes_it(account, spotify, status, code):
    playlist = spotify.user.add_playlist("Mine", 30)
    sync(account, "playlists")
    playlist.remove(0)
    spotify.faults.add(f"/playlists/{playlist.id}*", status=status, times=None)

    runs = [sync(account, "playlists") for _ in range(3)]

    assert [run.status for run in runs] == ["partial", "succeeded", "succeeded"]
    assert runs[1].updated == 1
    assert (runs[2].mode, runs[2].requests) == ("probe", 1)
    assert rights(account, playlist) == (False, code)


@pytest.mark.parametrize("is_read", [False, True])
def test_a_doubt_costs_one_request_where_the_items_are_known(account, other_user, spotify, is_read):
    """The list did not change and a full pass was refused: all there is to ask is the right."""
    playlist = spotify.user.add_playlist("Mine", 130)
    sync(account, "playlists")
    fault = spotify.faults.add(f"/playlists/{playlist.id}*", status=404, times=None)
    sync(account, "playlists", full=True)
    assert rights(account, playlist) == (True, "not_found")
    if is_read:
        spotify.faults.remove(fault)
    spotify.clear_log()

    run = sync(account, "playlists")

    assert (run.status, run.requests) == (
        "succeeded",
        2 if is_read else 3,
    )  # /me, if all is refused
    assert rights(account, playlist) == ((True, "") if is_read else (False, "not_found"))
    assert sync(account, "playlists").requests == 1


def test_a_list_of_somebody_else_that_is_not_known_is_asked_once_more(account, spotify):
    """As Spotify's own lists may be to newer apps: listed, and not found."""
    sync(account, "playlists")
    curated = spotify.user.add_playlist("Weekly", 30, owner=Stranger("other", "O"))
    spotify.faults.add(f"/playlists/{curated.id}*", status=404, times=None)
    spotify.clear_log()

    runs = [sync(account, "playlists") for _ in range(3)]

    assert [run.status for run in runs] == ["succeeded"] * 3
    assert [run.skipped_reasons.get("unreadable_list", 0) for run in runs] == [1, 0, 0]
    assert spotify.count("/playlists/") == 2
    assert rights(account, curated) == (False, "not_found")


def test_a_list_of_somebody_else_that_is_forbidden_is_believed_at_once(account, spotify):
    sync(account, "playlists")
    closed = spotify.user.add_playlist("Closed", 30, owner=Stranger("friend", "F"))
    spotify.clear_log()

    runs = [sync(account, "playlists") for _ in range(2)]

    assert [run.status for run in runs] == ["succeeded"] * 2
    assert spotify.count("/playlists/") == 1
    assert rights(account, closed) == (False, "forbidden")


@pytest.mark.parametrize("status", [403, 404])
def test_refusals_of_all_own_lists_are_never_believed(account, spotify, status):
    for number in range(4):
        spotify.user.add_playlist(f"List {number}", 5)
    sync(account, "playlists")
    before = list(AccountPlaylist.objects.order_by("pk").values())
    for playlist in spotify.user.playlists:
        playlist.touch()
    spotify.faults.add("/playlists/*", status=status, times=None)

    runs = [sync(account, "playlists") for _ in range(3)]

    assert [run.reason for run in runs] == ["unreadable_lists"] * 3
    assert list(AccountPlaylist.objects.order_by("pk").values()) == before
    spotify.faults.clear()
    assert sync(account, "playlists").status == "succeeded"
    check_playlists(account, spotify.user)


def test_a_listing_that_is_refused_fails_the_run(account, spotify):
    sync(account, "playlists")
    spotify.faults.add(LISTING, status=404, times=None)

    run = sync(account, "playlists")

    assert (run.status, run.error_code) == ("failed", "not_found")

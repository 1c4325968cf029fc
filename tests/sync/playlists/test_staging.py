"""A sync of playlists that is cut short goes on where it stopped."""

from __future__ import annotations

import pytest

from django_spotify_sync.models import StagedPage
from django_spotify_sync.sync import sync
from django_spotify_sync.testing import Quota
from tests.kit.connecting import let_pauses_end
from tests.kit.truth import check_playlists


@pytest.fixture
def cut_short(account, spotify, settings):
    """Start a first sync of 3 + 20 lists, two of them long, that a rate limit cuts short after 15 requests."""
    for number in range(18):
        spotify.user.add_playlist(f"Short {number}", 5)
    for number in range(2):
        spotify.user.add_playlist(f"Long {number}", 400)
    settings.SPOTIFY_SYNC_FETCH_WORKERS = 1
    spotify.faults.add("*", nth=16, times=None, status=429, retry_after=3600)
    run = sync(account, "playlists")
    assert (run.status, StagedPage.objects.count()) == ("waiting", 14)
    spotify.faults.clear()
    spotify.clear_log()
    let_pauses_end()
    return run


def test_a_resumed_run_reads_only_what_is_missing(account, spotify, cut_short):
    run = sync(account, "playlists")

    assert (run.pk, run.status) == (cut_short.pk, "succeeded")
    check_playlists(account, spotify.user)
    assert spotify.count("/me/playlists") == 2
    assert spotify.count("/playlists/") == 23 + 2 * 6 - 14
    assert not StagedPage.objects.exists()


def test_lists_that_changed_meanwhile_are_read_afresh(account, spotify, cut_short):
    for playlist in spotify.user.playlists:
        playlist.insert(0, 1)

    run = sync(account, "playlists")

    assert run.status == "succeeded"
    check_playlists(account, spotify.user)
    assert spotify.count("/playlists/") == 23 + 2 * 7


def test_a_long_list_goes_on_in_the_middle(account, spotify, settings):
    long = spotify.user.add_playlist("Long", 1000)
    settings.SPOTIFY_SYNC_FETCH_WORKERS = 1
    spotify.faults.add("/playlists/*", offset=600, times=None, status=429, retry_after=3600)
    assert sync(account, "playlists").status == "waiting"
    spotify.faults.clear()
    spotify.clear_log()
    let_pauses_end()

    run = sync(account, "playlists")

    assert run.status == "succeeded"
    check_playlists(account, spotify.user)
    # Eight pages from the refused one on, but for those that were under way when it was refused; not all twenty.
    assert 5 <= spotify.count(f"/playlists/{long.id}") <= 8


def test_what_did_not_fit_together_is_not_kept(account, spotify, settings):
    long = spotify.user.add_playlist("Long", 300)
    settings.SPOTIFY_SYNC_FETCH_WORKERS = 1
    spotify.faults.add("/playlists/*/items", offset=200, repeat=True, times=2)
    spotify.faults.add(
        "/playlists/*/items", offset=100, nth=2, times=None, status=429, retry_after=3600
    )
    assert sync(account, "playlists").status == "waiting"
    spotify.faults.clear()
    let_pauses_end()

    run = sync(account, "playlists")

    assert run.status == "succeeded"
    assert len(long.items) == 300
    check_playlists(account, spotify.user)


def test_an_import_beyond_the_quota_of_a_day_ends(account, spotify, settings):
    for number in range(60):
        spotify.user.add_playlist(f"Short {number}", 5)
    spotify.user.add_playlist("Long", 1200)
    now = spotify.clock()
    days = 0
    spotify.clock = lambda: now + days * 90_000
    spotify.quota = Quota(requests=16, retry_after=72_000)
    run = sync(account, "playlists")
    while run.status == "waiting":
        assert run.reason == "quota_exceeded"
        days += 1
        spotify.user.add_playlist(f"Day {days}", 3)  # who never stops making lists
        spotify.expire_access_tokens()
        let_pauses_end()
        run = sync(account, "playlists")

    assert run.status == "succeeded"
    assert 3 <= days <= 6
    check_playlists(account, spotify.user)

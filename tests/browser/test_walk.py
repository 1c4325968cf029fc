"""The way of a user, from signing in to their own tracks."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.site import Site
from tests.browser.visit import Visit, held_back

TRACKS = 1_000
SHOWN = 50  # of them on a page

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]


@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_sign_in_connect_sync_and_see_the_tracks(size, site: Site, visiting):
    visit = visiting(site, size)
    visit.open()
    visit.look("01-welcome")
    visit.link("Sign in").first.click()
    visit.look("02-sign-in")

    walk(visit)


@pytest.mark.postgres
def test_on_postgresql_and_redis_with_a_worker_process_the_way_is_the_same(
    production_site: Site, visiting
):
    visit = visiting(production_site, "phone", is_shown=False)

    walk(visit)

    # here, since a pause is everybody's, and would be that of other tests
    visit.is_shown = True
    production_site.spotify.faults.add("/me/tracks", status=429, retry_after=7200, times=None)
    visit.button("Sync saved tracks").click()
    visit.expect_run("Paused")
    visit.look("12-paused")


def walk(visit: Visit) -> None:
    page, spotify = visit.page, visit.site.spotify
    listener = visit.start(tracks=TRACKS, playlists=12, artists=70)
    visit.look("03-connect")
    visit.link("Connect Spotify").click()
    expect(page.get_by_role("heading", name="read your library")).to_be_visible()
    visit.look("04-consent")
    visit.agree()
    visit.look("05-connected")

    with held_back(spotify, "/me/tracks") as gate:
        visit.button("Sync saved tracks").click()
        gate.let(1)
        page.locator(".run progress").wait_for()
        gate.let(4)
        first = visit.wait_for_progress(beyond=0)
        visit.look("06-syncing")
        gate.let(4)
        second = visit.wait_for_progress(beyond=first)
    visit.expect_run("In step with Spotify")

    assert 0 < first < second < TRACKS
    expect(page.locator("#tracks")).to_have_text("Saved tracks 1,000")
    expected = [entry.track.name for entry in listener.saved[:SHOWN]]
    assert visit.titles() == expected
    visit.load_covers()

    visit.button("Sync playlists").click()
    visit.button("Sync followed artists").click()
    visit.expect_run("In step with Spotify", "playlists")
    visit.expect_run("In step with Spotify", "following")
    expect(page.locator("#playlists")).to_have_text("Playlists 12")
    expect(page.locator("#following")).to_have_text("Followed artists 70")
    visit.look("07-synced")

    page.reload()
    assert visit.titles() == expected
    visit.load_covers()

    visit.link("Older").click()
    expect(page.locator("[aria-current=page]")).to_have_text("2")
    assert visit.titles() == [entry.track.name for entry in listener.saved[SHOWN : 2 * SHOWN]]


def test_without_script_the_essentials_work(site: Site, visiting):
    visit = visiting(site, "phone", has_script=False)
    listener = visit.start(tracks=TRACKS)
    visit.connect()

    with held_back(site.spotify, "/me/tracks") as gate:
        visit.button("Sync saved tracks").click()
        gate.let(5)
        bar = visit.page.locator(".run progress[value]:not([value='0'])")  # after a reload or two
        expect(bar).to_be_visible()
        visit.look("08-syncing-without-script")
    visit.expect_run("In step with Spotify")

    assert visit.titles() == [entry.track.name for entry in listener.saved[:SHOWN]]


def test_whoever_cancels_at_spotify_is_told_that_nothing_changed(site: Site, visiting):
    visit = visiting(site, "phone")
    visit.start()
    visit.link("Connect Spotify").click()

    visit.button("Cancel").click()

    expect(visit.page.get_by_role("alert")).to_contain_text("You did not agree at Spotify")
    expect(visit.link("Connect Spotify")).to_be_visible()
    visit.look("09-cancelled")


def test_opened_on_localhost_the_way_to_spotify_is_refused_with_a_reason(site: Site, visiting):
    visit = visiting(site, host="localhost")
    visit.start()

    visit.link("Connect Spotify").click()

    expect(visit.page.get_by_role("alert")).to_contain_text("127.0.0.1 rather than at localhost")
    visit.look("10-localhost")


def test_a_wrong_password_is_refused_with_a_reason(site: Site, visiting):
    visit = visiting(site, "phone")
    visit.open("sign-in/")

    visit.sign_in("nobody")

    expect(visit.page.get_by_role("alert")).to_contain_text("correct username and password")
    visit.look("11-wrong-password")


def test_a_grant_that_ended_is_given_again(site: Site, visiting):
    visit = visiting(site)
    listener = visit.start(tracks=1)
    visit.connect()
    site.spotify.revoke(listener)
    site.spotify.expire_access_tokens()

    visit.button("Sync saved tracks").click()
    visit.expect_run("The last sync failed")
    visit.look("13-grant-ended")
    visit.link("Connect again").click()
    visit.agree()
    visit.button("Sync saved tracks").click()

    visit.expect_run("In step with Spotify")
    assert visit.titles() == [listener.saved[0].track.name]

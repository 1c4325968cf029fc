"""What left and what came, a large loss, what is lost or there twice, the diary, and files to take along."""

from __future__ import annotations

from dataclasses import replace

import pytest
from playwright.sync_api import expect

from tests.browser.site import Site
from tests.browser.visit import Visit, held_back

TRACKS, LOST = 130, 100

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]


@pytest.mark.parametrize(("size", "scheme"), [("desktop", "light"), ("phone", "dark")])
def test_what_left_is_shown_decided_about_and_taken_along(
    size: str, scheme: str, site: Site, visiting
) -> None:
    visit: Visit = visiting(site, size, scheme)
    page = visit.page
    listener = visit.start(tracks=TRACKS)
    with held_back(site.spotify, "/me/tracks"):
        visit.connect()
        sync_again(visit)
    visit.expect_run("In step with Spotify")
    twice = listener.saved[7].track
    twin = replace(twice, id=twice.id[::-1])
    listener.catalogue.by_id[twin.id] = twin
    listener.like(track=twin)
    gone = listener.unlike(3)[0].track
    with held_back(site.spotify, "/me/tracks"):
        sync_again(visit)
    expect(page.locator("#shelf-tracks")).to_contain_text("1 removed")

    visit.open("changes/")
    expect(page.locator(".line-row")).to_have_count(3)
    removed = page.locator("[data-kind=removed]")
    expect(removed).to_contain_text(gone.name)
    visit.load_covers()
    visit.look("50-changes")
    visit.open("duplicates/")
    expect(page.locator(".group .line-row")).to_have_count(2)
    visit.look("51-duplicates")

    listener.unlike(slice(10, 10 + LOST))
    visit.open()
    visit.sync("tracks")
    visit.expect_run("A large part of your library seems to be gone")
    visit.open()
    expect(page.locator("[data-loss]")).to_contain_text("100 seem to be gone at Spotify")
    visit.look("52-overview-with-a-loss")
    visit.link("Show what").click()
    expect(page.locator(".line-row")).to_have_count(LOST)
    visit.look("53-loss")
    visit.button("Keep them").click()
    expect(page.locator("[data-decision=keep]")).to_contain_text("You keep them")

    visit.open("lost/")
    expect(page.locator(".line-row")).to_have_count(50)
    expect(page.locator(".line-row").first).to_contain_text("kept here because you said so")
    visit.look("54-lost")
    visit.open("diary/")
    visit.look("55-diary")
    page.locator(".months a").first.click()
    expect(page.locator(".saved-covers li").first).to_be_visible()
    visit.look("56-month")
    visit.open("diary/2026/")
    expect(page.get_by_role("heading", name="Month by month")).to_be_visible()
    visit.look("57-year")
    visit.open("syncs/")
    visit.look("58-history-with-a-loss")
    visit.open("take/")
    visit.look("59-take")
    with page.expect_download() as download:
        page.get_by_role("link", name="Everything – Complete (JSON Lines)").click()
    assert download.value.suggested_filename == "spotify_library.jsonl"


def sync_again(visit: Visit) -> None:
    """Ask for a sync, unless connecting has begun one already; see it read, so that its end is not that of the last."""
    visit.page.locator("#sync-tracks").click(force=True)
    visit.expect_run("Reading from Spotify…")

"""The package's pages in Django's admin, as a person sees them."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.site import BOSS, Site
from tests.browser.visit import Visit

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]


def test_accounts_runs_and_saved_tracks_are_shown_and_a_disconnect_is_asked_about(
    site: Site, visiting
):
    owner = visiting(site)
    owner.start(tracks=30)
    owner.connect()
    owner.wait_for_syncs()

    for size, scheme in (("desktop", "light"), ("phone", "dark")):
        look_around(visiting(site, size, scheme), owner.name)


def look_around(visit: Visit, owner: str) -> None:
    page = visit.page
    visit.open("admin/")
    visit.sign_in(BOSS)
    look(visit, "50-admin")
    page.locator("#content").get_by_role("link", name="Status", exact=True).click()
    expect(page.get_by_text("The newest key opens all tokens.")).to_be_visible()
    expect(page.get_by_role("img", name="Runs an hour")).to_be_visible()
    page.get_by_text("As a table: Runs an hour").click()
    expect(page.get_by_role("columnheader", name="nothing to do")).to_be_visible()
    look(visit, "50-admin-status")
    for model in ("spotifyaccount", "syncrun", "savedtrack"):
        visit.open(f"admin/spotify_sync/{model}/")
        rows = page.locator("#result_list tbody tr")
        expect(rows.first).to_be_visible()
        look(visit, f"51-admin-{model}-list")
        rows.first.locator("th a").click()
        expect(page.locator("#content h2").first).to_be_visible()
        look(visit, f"52-admin-{model}")

    visit.open(f"admin/spotify_sync/spotifyaccount/?q={owner}")
    ask_for(page, "Sync saved tracks now")
    told = page.locator(".messagelist")
    expect(told.get_by_role("link").first).to_be_visible()  # to the run
    look(visit, "53-admin-asked")

    ask_for(page, "Disconnect…")
    expect(page.get_by_role("heading", name="Disconnect from Spotify?")).to_be_visible()
    expect(visit.button("Yes, disconnect")).to_be_visible()
    look(visit, "54-admin-disconnect")


def ask_for(page: Page, action: str) -> None:
    """Choose the first account of the list, and an action for it."""
    page.locator("#result_list tbody input[type=checkbox]").first.check()
    page.locator("select[name=action]").select_option(action)
    page.locator("button[name=index]").click()  # "Go", and "Run" since Django 6.0


def look(visit: Visit, name: str) -> None:
    """Keep a screenshot; by axe it is not looked at, since most of the page is Django's."""
    visit.look(name, is_ours=False)

"""The package's own page, as a person uses it who has switched JavaScript off."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.site import Site
from tests.browser.visit import Visit

RESOURCES = 5  # of the example site

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]


def test_connect_sync_watch_and_disconnect_without_a_script(site: Site, visiting):
    visit = visiting(site, has_script=False, is_shown=False)
    page = visit.page
    visit.start(tracks=30)
    visit.open("spotify/")
    expect(page.get_by_text("No Spotify account is connected.")).to_be_visible()

    visit.link("Connect Spotify").click()
    visit.button("Agree").click()
    expect(page.get_by_text("Connected to Spotify as")).to_be_visible()
    expect(page).to_have_url(re.compile("/spotify/$"))
    expect(page.get_by_text("Succeeded")).to_have_count(RESOURCES)  # by itself

    visit.button("Sync now").click()
    expect(page.get_by_text("Your library is being brought up to date.")).to_be_visible()
    expect(page.get_by_text("Succeeded")).to_have_count(2 * RESOURCES)  # by itself
    tracks = page.get_by_role("listitem").filter(has_text="Saved tracks").first
    expect(tracks.locator("b")).to_have_text("30")
    visit.look("60-own-page")
    look_closely(visiting(site, "phone", "dark"), page.context.cookies())

    visit.link("Disconnect…").click()
    visit.button("Disconnect").click()
    expect(page.get_by_text("Spotify is disconnected.")).to_be_visible()
    expect(visit.link("Connect Spotify")).to_be_visible()


def look_closely(visit: Visit, cookies: Any) -> None:
    """Look at the page on a phone, and in the narrowest window with letters of twice the size; axe needs a script."""
    visit.page.context.add_cookies(cookies)
    visit.open("spotify/")
    visit.look("61-own-page")
    visit.page.set_viewport_size({"width": 320, "height": 640})
    visit.page.evaluate("document.documentElement.style.fontSize = '200%'")
    visit.look("62-own-page-narrow", is_ours=False)

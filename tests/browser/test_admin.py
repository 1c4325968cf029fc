"""The package's pages in Django's admin, as a person sees them."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.site import BOSS, Site
from tests.browser.visit import Visit

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]


def test_accounts_runs_and_saved_tracks_are_shown(site: Site, visiting):
    owner = visiting(site)
    owner.start(tracks=30)
    owner.connect()
    owner.sync("tracks")
    owner.expect_run("In step with Spotify")

    for size in ("desktop", "phone"):
        look_around(visiting(site, size))


def look_around(visit: Visit) -> None:
    visit.open("admin/")
    visit.sign_in(BOSS)
    visit.look("50-admin", is_ours=False)
    for model in ("spotifyaccount", "syncrun", "savedtrack"):
        visit.open(f"admin/spotify_sync/{model}/")
        rows = visit.page.locator("#result_list tbody tr")
        expect(rows.first).to_be_visible()
        visit.look(f"51-admin-{model}-list", is_ours=False)
        rows.first.locator("th a").click()
        expect(visit.page.locator("#content h2").first).to_be_visible()
        visit.look(f"52-admin-{model}", is_ours=False)

"""Finding one's way in a library: from any page to the search, and from there to a track, its album and its artist."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.site import Site

TRACKS, PLAYLISTS, ALBUMS = 300, 3, 4

#: Whether the site does something when "/" is pressed.
IS_TAKEN = """() => {
    const press = new KeyboardEvent("keydown", {key: "/", bubbles: true, cancelable: true});
    return !document.body.dispatchEvent(press);
}"""

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]


@pytest.mark.parametrize(("size", "scheme"), [("desktop", "light"), ("phone", "dark")])
def test_from_any_page_to_a_track_and_what_it_belongs_to(size, scheme, site: Site, visiting):
    visit = visiting(site, size, scheme)
    listener = visit.start(TRACKS, PLAYLISTS, albums=ALBUMS)
    visit.connect()
    visit.wait_for_syncs()
    page = visit.page

    if size == "phone":
        page.get_by_role("link", name="Search everything").click()
    else:
        page.keyboard.press("/")
    expect(page.get_by_role("heading", name="Search")).to_be_visible()
    field = page.get_by_role("searchbox")
    expect(field).to_be_focused()
    track = listener.saved[0].track
    visit.search(track.name)
    found = page.locator("#found-tracks")
    expect(found).to_be_visible()
    expect(page).to_have_url(re.compile(r"\?q="))
    visit.look("50-search")

    page.locator(f".title a[href$='/tracks/{track.id}/']").first.click()
    expect(page.get_by_role("heading", name=track.name, exact=True)).to_be_visible()
    visit.look("51-track")
    page.locator(".facts").get_by_role("link", name=track.album.name, exact=True).click()
    expect(page.get_by_text(re.compile(r"of \d+ tracks? saved"))).to_be_visible()
    visit.look("52-album")
    page.locator(".tracks .artists a").first.click()
    expect(page.get_by_text(re.compile(r"tracks? saved"))).to_be_visible()
    visit.look("53-artist")

    away = page.locator("main a[href^='https://open.spotify.com/']")
    assert away.count() > 2
    for link in away.all():
        assert link.get_attribute("target") == "_blank"
        assert link.get_attribute("rel") == "noopener noreferrer"

    # The key can be turned off: people who speak to their machine may say it without meaning it.
    if size == "desktop":
        page.keyboard.press("/")
        page.get_by_label("The key / leads here").uncheck()
        visit.go("Tracks")
        expect(page.get_by_role("heading", name="Saved tracks")).to_be_visible()
        assert page.evaluate(IS_TAKEN) is False


@pytest.mark.parametrize("has_script", [True, False])
def test_tracks_are_filtered_and_a_page_and_a_month_are_jumped_to(has_script, site: Site, visiting):
    visit = visiting(site, "phone", has_script=has_script)
    listener = visit.start(TRACKS)
    visit.connect()
    visit.wait_for_syncs()  # of all: without a script the page is loaded anew until then
    visit.go("Tracks")
    page = visit.page
    names = [entry.track.name for entry in listener.saved]

    page.get_by_label("Go to page").fill("4")
    page.get_by_label("Go to page").press("Enter")
    expect(page.get_by_text("Page 4 of 6")).to_be_visible()
    assert visit.titles() == names[150:200]

    months = page.get_by_label("From month").locator("option")
    earliest = months.last.get_attribute("value")
    page.get_by_label("From month").select_option(earliest)
    page.locator("form.jump", has=page.get_by_label("From month")).get_by_role("button").click()
    expect(page).to_have_url(re.compile(f"month={earliest}"))
    assert visit.titles()[-1] == names[-1]

    page.locator(".filters summary").click()
    page.get_by_label("In no playlist").check()
    page.get_by_label("Explicit").check()
    if not has_script:
        visit.button("Apply").click()
    explicit = sum(entry.track.explicit for entry in listener.saved)
    expect(page.locator(".found")).to_have_text(re.compile(f"^{explicit} tracks?$"))
    if has_script:
        visit.look("54-filters")

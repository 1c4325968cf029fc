"""For everybody: each page and state by axe, in both themes and languages, on a narrow screen, in large text."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from tests.browser.site import PASSWORD, Site
from tests.browser.visit import PATIENCE, Visit, held_back

NARROW = {"width": 320, "height": 640}
#: In two tests, so that none of them takes long.
LANGUAGES = {"en": "en-GB", "ru": "ru-RU"}
ARABIC = "أغنية طويلة جدا عن البحر والليل والنجوم"

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]


def library(visit: Visit, site: Site) -> None:
    """Have a small library of each kind, some of whose names are written from right to left."""
    listener = site.spotify.add_user(visit.name, 60, 6, 5, albums=4, shows=3, ties=0.0)
    for entry in listener.saved[:2]:
        entry.track.name = ARABIC
    site.spotify.browser_user = listener


def settled(visit: Visit, site: Site) -> list[str]:
    """Connect, wait until all is here, and return the addresses of all pages that the navigation leads to."""
    page = visit.page
    visit.open("sign-in/")
    visit.name = site.people.pop()
    page.locator("#id_username").fill(visit.name)
    page.locator("#id_password").fill(PASSWORD)
    page.locator("main form:has(#id_username) button").click()
    library(visit, site)
    page.locator("main a.button").click()
    visit.button("Agree").click()
    for resource in ("tracks", "playlists", "following", "albums", "shows"):
        done = page.locator(f"#run-{resource}[data-status=succeeded]")
        expect(done).to_be_attached()
    links = page.locator(".site-header nav a, .menu a")
    found = links.evaluate_all("all => all.map(one => one.pathname.slice(1))")
    listed = ["playlists/", "albums/"]
    for path in listed:  # one of each
        visit.open(path)
        found.append(
            page.locator("#results .title a").first.evaluate("one => one.pathname.slice(1)")
        )
    return [*dict.fromkeys([*found, "connection/leave/", "nothing/here/"])]


@pytest.mark.parametrize("language", LANGUAGES)
def test_axe_finds_nothing_on_any_page(language, site: Site, visiting):
    visit = visiting(site, language=LANGUAGES[language])
    page = visit.page

    for path in ["", "sign-in/", "privacy/"]:
        look(visit, path)
    for path in settled(visit, site):
        look(visit, path)

    assert page.locator("html").get_attribute("lang") == language
    for state in states(visit):
        look(visit, "", state)
    visit.forgive(404)


def look(visit: Visit, path: str, state: str = "") -> None:
    """Have axe look, at the light page by all rules, and at the dark one by those that colors decide."""
    visit.page.emulate_media(color_scheme="light")
    visit.open(path)
    visit.ask_axe(f"{path} {state} light")
    visit.page.emulate_media(color_scheme="dark")
    visit.ask_axe(f"{path} {state} dark", ["color-contrast", "link-in-text-block"])


def states(visit: Visit):
    """Let the latest run of tracks stand as it can, one after the other, and name how."""
    now = datetime.now(UTC)
    long_ago, soon = (str(now + timedelta(minutes=by))[:-6] for by in (-42, 90))
    for name, values in {
        "silent": {"status": "running", "heartbeat_at": long_ago, "done": 30, "total": 60},
        "forgotten": {"status": "queued", "created_at": long_ago, "started_at": None},
        "paused": {"status": "waiting", "reason": "quota_exceeded", "resume_at": soon, "total": 60},
        "failed": {
            "status": "failed",
            "error_code": "spotify_unavailable",
            "finished_at": long_ago,
        },
        "partial": {"status": "partial", "reason": "large_loss", "finished_at": long_ago},
        "lost": {"status": "lost", "reason": "heartbeat", "finished_at": long_ago},
    }.items():
        change_run(visit, {"finished_at": None, **values})
        yield name
    change_run(visit, {"status": "succeeded"})


def change_run(visit: Visit, values: dict[str, object]) -> None:
    sets = ", ".join(f"{name} = ?" for name in values)
    with closing(sqlite3.connect(visit.site.database, timeout=PATIENCE)) as database, database:
        database.execute(
            f"UPDATE spotify_sync_syncrun SET {sets} WHERE id = (SELECT max(run.id) "
            "FROM spotify_sync_syncrun run JOIN spotify_sync_spotifyaccount account "
            "ON account.id = run.account_id WHERE run.resource = 'tracks' AND account.spotify_id = ?)",
            [*values.values(), visit.name],
        )


def test_nothing_sticks_out_and_nothing_with_the_focus_is_covered(site: Site, visiting):
    visit = visiting(site, "phone", language="ru-RU")
    page = visit.page
    wide, covered = [], []
    paths = settled(visit, site)

    for path in ["privacy/", *paths]:
        visit.open(path)
        page.evaluate("document.fonts.ready")
        covered += [f"{path}: {one}" for one in visit.covered_when_focused()]
        page.set_viewport_size(NARROW)
        wide += [f"{path} at 320"] * visit.is_wide()
        page.set_viewport_size({"width": 390, "height": 844})
        page.evaluate("document.documentElement.style.fontSize = '200%'")
        wide += [f"{path} in large text"] * visit.is_wide()

    visit.forgive(404)

    visit.open()
    expect(page.locator("#latest .title bdi", has_text=ARABIC).first).to_be_attached()
    assert not wide
    assert not covered


def test_what_is_chosen_is_told_where_colors_are_forced(site: Site, visiting):
    visit = visiting(site)
    visit.open()
    visit.page.emulate_media(forced_colors="active")

    framed = visit.page.evaluate(
        """() => [...document.querySelectorAll(".site-header [aria-pressed]")]
            .map(one => [one.ariaPressed, getComputedStyle(one).outlineStyle])"""
    )

    assert {(pressed, style == "solid") for pressed, style in framed} == {
        ("true", True),
        ("false", False),
    }


def test_a_site_out_of_reach_is_said_to_be_so_until_it_is_back(site: Site, visiting):
    visit = visiting(site)
    page = visit.page
    visit.start(tracks=200)
    touch = page.locator("#touch")

    with held_back(site.spotify, "/me/tracks"):
        visit.connect()
        expect(page.locator("#run-tracks[data-status=running]")).to_be_attached()
        expect(touch).to_be_hidden()
        page.context.set_offline(True)
        expect(touch).to_contain_text("You are offline")
        page.context.set_offline(False)
        expect(touch).to_be_hidden()

        page.route("**/shelf/**", lambda route: route.fulfill(status=500))
        expect(touch).to_contain_text("The site does not answer")
        page.unroute("**/shelf/**")
        expect(touch).to_be_hidden()
    visit.expect_run("In step with Spotify")
    visit.forgive(500)
    visit.problems = [one for one in visit.problems if "ERR_INTERNET_DISCONNECTED" not in one]


def test_a_cover_that_does_not_load_makes_room_for_a_symbol(site: Site, visiting):
    visit = visiting(site)
    visit.start(tracks=5)
    visit.page.route(re.compile("/image/"), lambda route: route.fulfill(status=404))
    visit.connect()
    visit.wait_for_syncs()

    visit.open("tracks/")

    expect(visit.page.locator(".track span.cover.blank")).to_have_count(5)
    expect(visit.page.locator(".track img.cover")).to_have_count(0)
    visit.forgive(404)

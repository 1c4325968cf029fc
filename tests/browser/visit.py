"""Somebody at a browser: what they do, what they see, and all that must not happen meanwhile."""

from __future__ import annotations

import os
import re
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Locator, Page, Request, Response, expect

from django_spotify_sync.testing import FakeSpotify
from django_spotify_sync.testing.music.users import User
from tests.browser.site import PASSWORD, Site

SCREENSHOTS = Path(__file__).parents[2] / "artefacts" / "screenshots"
#: What the documentation shows, taken anew with DOCS_IMAGES=1.
DOCS = Path(__file__).parents[2] / "docs" / "images"
DOCS_IMAGES = {
    "06-synced-desktop-light": "overview",
    "14-pictures-desktop-dark": "pictures",
    "08-tracks-phone-dark": "phone",
}
PATIENCE = 60.0  # seconds for anything; a machine may be busy
TALLEST = 2600  # pixels of a screenshot
THUMB = (
    44  # pixels of what a finger is to hit, either way; links within text are as high as the text
)
TOO_SMALL = """least => {
    const within = ".line, p:not(.actions), td, th, .covers, .visually-hidden";
    const all = document.querySelectorAll("button, summary, select, input:not([type=hidden]), a");
    return [...all]
        .filter(one => one.matches(".button, button") || !one.closest(within))
        .map(one => [one, one.getBoundingClientRect()])
        .filter(([one, box]) => box.width > 0 && (box.width < least - 0.5 || box.height < least - 0.5))
        .map(([one, box]) => `${one.outerHTML.slice(0, 60)} ${box.width}x${box.height}`);
}"""
COVERED = """() => {
    const bars = [...document.querySelectorAll(".tabs, .site-header")];
    const found = [];
    for (const one of document.querySelectorAll(":is(main, footer) :is(a, button, input, select, summary)")) {
        if (!one.checkVisibility() || one.closest("details:not([open])") && !one.matches("summary")) continue;
        one.focus();
        const box = one.getBoundingClientRect();
        const at = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
        if (at && bars.some(bar => bar.contains(at))) found.push(one.outerHTML.slice(0, 80));
    }
    return found;
}"""
GRAVE = {"serious", "critical"}  # of what axe finds
TITLES = {
    "tracks": "Saved tracks",
    "playlists": "Playlists",
    "following": "Followed artists",
    "albums": "Saved albums",
    "shows": "Saved shows",
}
SIZES: dict[str, dict[str, Any]] = {
    "desktop": {"viewport": {"width": 1280, "height": 800}},
    "phone": {
        "viewport": {"width": 390, "height": 844},
        "device_scale_factor": 2,
        "is_mobile": True,
        "has_touch": True,
    },
}

expect.set_options(timeout=PATIENCE * 1000)


class Visit:
    """One person's browser window on the site. ``problems`` is what a well-made site never has."""

    def __init__(
        self,
        context: BrowserContext,
        site: Site,
        size: str,
        scheme: str,
        host: str,
        *,
        is_shown: bool,
    ) -> None:
        context.set_default_timeout(PATIENCE * 1000)
        self.site = site
        self.size = size
        self.scheme = scheme
        self.is_shown = is_shown
        self.url = site.url.replace("127.0.0.1", host)
        self.name = ""
        self.problems: list[str] = []
        self._hosts = {urlsplit(address).netloc for address in (self.url, site.spotify.url)}
        context.on("console", lambda said: self._note(said.location["url"], said.text))
        context.on("weberror", lambda error: self._note("error", str(error.error)))
        context.on("request", self._check_host)
        context.on("response", self._check_status)
        context.on("requestfailed", self._check_failure)
        self.page: Page = context.new_page()

    # What a person does

    def open(self, path: str = "") -> None:
        self.page.goto(self.url + path)

    def sign_in(self, name: str = "") -> None:
        """Sign in as somebody nobody was yet, or as the one who is named."""
        self.name = name or self.site.people.pop()
        self.page.get_by_label("Username").fill(self.name)
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.get_by_role("button", name=re.compile("^(Sign|Log) in$")).click()

    def start(
        self,
        tracks: int = 0,
        playlists: int = 0,
        artists: int = 0,
        *,
        albums: int = 0,
        shows: int = 0,
    ) -> User:
        """Sign in as somebody who has a library at Spotify, and stand before "Connect Spotify"."""
        self.open("sign-in/")
        self.sign_in()
        expect(self.link("Connect Spotify")).to_be_visible()
        listener = self.site.spotify.add_user(
            self.name, tracks, playlists, artists, albums=albums, shows=shows, ties=0.0
        )
        self.site.spotify.browser_user = listener
        return listener

    def connect(self) -> None:
        """Agree at Spotify, and be back."""
        self.link("Connect Spotify").click()
        self.agree()

    def agree(self) -> None:
        """Agree at Spotify; the first syncs begin then."""
        self.button("Agree").click()
        expect(self.page.get_by_text("Connected to Spotify")).to_be_visible()

    def wait_for_syncs(self) -> None:
        """Wait until every shelf has what it was connected for."""
        for resource in TITLES:
            self.expect_run("In step with Spotify", resource)

    def sync(self, resource: str) -> None:
        self.button(f"Sync: {TITLES[resource]}").click()

    def go(self, tab: str) -> None:
        """Go to a page by the navigation: it is in sight, or under "More"."""
        navigation = self.page.get_by_role("navigation", name="Library")
        expect(navigation).to_be_visible()
        link = navigation.get_by_role("link", name=tab, exact=True)  # finds what is in sight
        if not link.count():
            navigation.locator("summary").click()
        link.click()

    def menu(self, entry: str) -> None:
        """Open the menu and choose something of it."""
        menu = self.page.locator("details.menu")
        menu.locator("summary").click()
        menu.get_by_text(entry, exact=True).click()

    def age_grant(self, days: int) -> None:
        """Let the consent be so many days older, which nobody can wait for."""
        older = timedelta(days=days)
        columns = ("authorized_at", "reauthorize_by")
        with closing(sqlite3.connect(self.site.database, timeout=PATIENCE)) as database, database:
            one = "FROM spotify_sync_spotifyaccount WHERE spotify_id = ?"
            row = database.execute(f"SELECT {', '.join(columns)} {one}", [self.name]).fetchone()
            past = [str(datetime.fromisoformat(value) - older) for value in row]
            database.execute(
                "UPDATE spotify_sync_spotifyaccount SET authorized_at = ?, reauthorize_by = ? "
                "WHERE spotify_id = ?",
                [*past, self.name],
            )

    def add_runs(self, count: int) -> None:
        """Let the latest sync have been made so many times more."""
        with closing(sqlite3.connect(self.site.database, timeout=PATIENCE)) as database, database:
            about = database.execute("PRAGMA table_info(spotify_sync_syncrun)")
            columns = ", ".join(row[1] for row in about if row[1] != "id")
            for _ in range(count):
                database.execute(
                    f"INSERT INTO spotify_sync_syncrun ({columns}) SELECT {columns} "
                    "FROM spotify_sync_syncrun ORDER BY id DESC LIMIT 1"
                )

    def forgive(self, status: int) -> None:
        """Take it that answers of that status, at least one, are what was to come."""
        refused = [one for one in self.problems if str(status) in one]
        assert refused, self.problems
        self.problems = [one for one in self.problems if one not in refused]

    def search(self, text: str) -> None:
        """Type it, as fast as people do, and press nothing."""
        self.page.get_by_role("searchbox").press_sequentially(text, delay=20)

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name, exact=True)

    def link(self, name: str) -> Locator:
        return self.page.get_by_role("link", name=name, exact=True)

    # What they see

    def expect_run(self, text: str, resource: str = "tracks") -> None:
        """Wait until the sync of a resource is said to stand so."""
        expect(self.page.locator(f"[data-resource={resource}] .run-title")).to_contain_text(text)

    def titles(self) -> list[str]:
        """The titles listed, once there are any."""
        rows = self.page.locator("#results .track .title a")
        expect(rows.first).to_be_visible()
        return rows.all_inner_texts()

    def load_covers(self) -> None:
        """Scroll down to every cover, as loading them may wait for that, and see that each is a picture."""
        covers = self.page.locator("img.cover")
        for cover in (covers.nth(number) for number in range(0, covers.count(), 5)):
            cover.scroll_into_view_if_needed()
        covers.last.scroll_into_view_if_needed()
        loaded = "all => all.length > 0 && all.every(one => one.complete && one.naturalWidth > 0)"
        self._until(f"() => ({loaded})([...document.querySelectorAll('img.cover')])")
        self.page.evaluate(
            "scrollTo(0, 0); for (const strip of document.querySelectorAll('.covers')) strip.scrollLeft = 0"
        )

    def is_wide(self) -> bool:
        """Whether something sticks out to the side."""
        root = "document.documentElement"
        return bool(self.page.evaluate(f"{root}.scrollWidth > {root}.clientWidth"))

    def covered_when_focused(self) -> list[str]:
        """Give the focus to one thing after the other, and return those that the tab bar or the header then covers."""
        found: list[str] = self.page.evaluate(COVERED)
        return found

    def wait_for_progress(self, beyond: float) -> float:
        """Wait until the bar shows more than that, and return what it shows."""
        return float(
            self._until(
                """beyond => {
                    const value = document.querySelector("#bar-tracks[value]")?.value ?? 0;
                    return value > beyond && value;
                }""",
                beyond,
            )
        )

    def _until(self, function: str, argument: Any = None) -> Any:
        """Ask until the answer is something. Playwright's own wait evaluates text in the page, against its policy."""
        deadline = time.monotonic() + PATIENCE
        while not (found := self.page.evaluate(function, argument)):
            assert time.monotonic() < deadline, f"This never came true: {function}"
            self.page.wait_for_timeout(50)
        return found

    def look(self, name: str, *, is_ours: bool = True) -> None:
        """Keep a screenshot; nothing may stick out of the window.

        Nor may anything that ``is_ours`` bar anybody who cannot see it, or has no mouse.
        """
        page = self.page
        page.wait_for_load_state()  # what a click led to may be under way, and have no content yet
        width = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        if page.evaluate(width) > 0:
            self._note("wider than the window", name)
        if not self.is_shown:
            return
        if is_ours:
            self.ask_axe(name)
        if is_ours and self.size == "phone":
            for one in page.evaluate(TOO_SMALL, THUMB):
                self._note("too small for a thumb", f"{name}: {one}")
        size = page.viewport_size
        assert size
        tall = min(page.evaluate("document.documentElement.scrollHeight"), TALLEST)
        # A taller window, not a longer picture: what is fixed to its lower edge belongs there.
        page.set_viewport_size({"width": size["width"], "height": max(size["height"], tall)})
        name = f"{name}-{self.size}-{self.scheme}"
        file = SCREENSHOTS / f"{name}.png"
        page.screenshot(path=file, scale="css", animations="disabled", caret="initial")
        page.set_viewport_size(size)
        if os.environ.get("DOCS_IMAGES") and name in DOCS_IMAGES:
            page.screenshot(path=DOCS / f"{DOCS_IMAGES[name]}.png", scale="css")

    def ask_axe(self, name: str, rules: list[str] | None = None) -> None:
        """Have axe look at the page, by all its rules up to WCAG 2.2 AA, or by those alone."""
        options: dict[str, Any] = {"rules": {"target-size": {"enabled": True}}}  # off by itself
        if rules:
            options = {"runOnly": {"type": "rule", "values": rules}}
        found = Axe().run(self.page, options=options).response["violations"]
        for one in (one for one in found if one["impact"] in GRAVE):
            where = "; ".join(str(node["target"]) for node in one["nodes"][:5])
            self.problems.append(f"{name}: axe: {one['id']} ({one['impact']}): {where}")

    # What must not happen

    def _note(self, kind: str | None, text: str) -> None:
        self.problems.append(f"{kind}: {text.partition('?')[0]}")

    def _check_host(self, request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme != "data" and address.netloc not in self._hosts:
            self._note("request to another host", request.url)

    def _check_failure(self, request: Request) -> None:
        """Note a request that failed; not a cover that was on its way when the visitor went on."""
        if request.failure != "net::ERR_ABORTED":
            self._note(request.failure, request.url)

    def _check_status(self, response: Response) -> None:
        if response.status >= 400:
            self._note(str(response.status), response.url)


class Gate:
    """Holds Spotify's pages back until they are let through."""

    def __init__(self) -> None:
        self._permits = threading.Semaphore(0)

    def wait(self, spotify: FakeSpotify) -> None:
        self._permits.acquire(timeout=PATIENCE / 2)

    def let(self, pages: int) -> None:
        self._permits.release(pages)

    def open(self) -> None:
        self._permits.release(100_000)


@contextmanager
def held_back(spotify: FakeSpotify, path: str) -> Iterator[Gate]:
    """Let pages of a resource come one by one, and all of them after the block."""
    gate = Gate()
    fault = spotify.faults.add(path, times=None, before=gate.wait)
    try:
        yield gate
    finally:
        gate.open()
        spotify.faults.remove(fault)

"""The way of a user: from signing in to their own library, and out of it again."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from tests.browser.site import Site
from tests.browser.visit import TITLES, Gate, Visit, held_back

TRACKS = 1_000
SHOWN = 50  # of them on a page
PLAYLISTS, ARTISTS = 12, 70
ALBUMS, SHOWS = 60, 20

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_sign_in_connect_sync_search_look_and_leave(size, scheme, site: Site, visiting):
    visit = visiting(site, size, scheme)
    visit.open()
    visit.look("01-welcome")
    visit.link("Sign in").first.click()
    visit.look("02-sign-in")

    walk(visit)


@pytest.mark.postgres
def test_on_postgresql_and_redis_with_a_worker_process_the_way_is_the_same(
    production_site: Site, visiting
):
    visit = visiting(production_site, "phone", "dark", is_shown=False)

    walk(visit)

    # here, since a pause is everybody's, and would be that of other tests
    visit.is_shown = True
    production_site.spotify.faults.add("/me/tracks", status=429, retry_after=7200, times=None)
    visit.connect()
    visit.expect_run("Paused. Spotify asks us to slow down.")
    expect(visit.page.locator("#shelf-tracks")).to_contain_text(re.compile("goes on in (1|2).hour"))
    visit.look("23-paused")


def walk(visit: Visit) -> None:
    listener = visit.start(TRACKS, PLAYLISTS, ARTISTS, albums=ALBUMS, shows=SHOWS)
    visit.look("03-connect")
    visit.link("Connect Spotify").click()
    expect(visit.page.get_by_role("heading", name="read your library")).to_be_visible()
    with held_back(visit.site.spotify, "/me/tracks") as gate:
        visit.agree()
        visit.look("04-connected")
        watch_the_first_sync(visit, gate)
    see_it_done(visit)
    find_tracks(visit, listener)
    open_playlists(visit, listener)
    look_at_artists(visit)
    look_at_albums(visit, listener)
    look_at_shows(visit)
    look_at_pictures(visit)
    disconnect(visit)


def watch_the_first_sync(visit: Visit, gate: Gate) -> None:
    """See it come, page by page: nobody has asked for it."""
    page = visit.page
    gate.let(1)
    page.locator("#bar-tracks").wait_for()
    gate.let(4)
    first = visit.wait_for_progress(beyond=0)
    figures = page.locator("#shelf-tracks .figures")
    expect(figures.first).to_contain_text("of 1,000 tracks")
    expect(figures.last).to_contain_text(re.compile("[1-9] of 20 pages.*per second.*left"))
    expect(page.locator("#count-tracks")).to_have_text(re.compile("^[1-9][0-9]*$"))  # counts up
    visit.look("05-syncing")
    gate.let(4)
    second = visit.wait_for_progress(beyond=first)
    expect(page.get_by_role("status").first).to_contain_text("Reading from Spotify…")
    assert 0 < first < second < TRACKS


def see_it_done(visit: Visit) -> None:
    page = visit.page
    visit.wait_for_syncs()
    expect(page.locator("#count-tracks")).to_have_text("1,000")
    expect(page.locator("#latest .title")).to_have_count(12)  # without a reload
    expect(visit.button("Sync everything")).to_be_enabled()  # and so is this
    expect(page.locator("#next-sync time")).not_to_contain_text("UTC")  # it is local time
    expect(page.locator("#count-playlists")).to_have_text(str(PLAYLISTS))
    expect(page.locator("#count-albums")).to_have_text(str(ALBUMS))
    expect(page.locator("#count-shows")).to_have_text(str(SHOWS))
    expect(page.locator("#count-following")).to_have_text(str(ARTISTS))
    visit.load_covers()
    visit.look("06-synced")

    visit.menu("History of syncs")
    expect(page.locator(".run-row")).to_have_count(len(TITLES))
    expect(page.locator(".run-row").last).to_contain_text("1,000 new")
    visit.look("07-history")


def find_tracks(visit: Visit, listener) -> None:
    page = visit.page
    visit.go("Tracks")
    names = [entry.track.name for entry in listener.saved]
    assert visit.titles() == names[:SHOWN]
    visit.load_covers()
    visit.look("08-tracks")
    visit.link("Next").click()
    expect(page.locator("[aria-current=page]", has_text="2")).to_be_visible()
    assert visit.titles() == names[SHOWN : 2 * SHOWN]

    word = re.findall("[A-Za-z]{3,}", names[0])[-1]  # some names end in a star
    visit.search(word)
    expect(page).to_have_url(re.compile(rf"\?q={word}"))
    found = [
        entry
        for entry in listener.saved
        if word.lower()
        in " ".join(
            [entry.track.name, entry.track.album.name, *(one.name for one in entry.track.artists)]
        ).lower()
    ]
    expect(page.locator(".found")).to_have_text(re.compile(rf"^{len(found)} tracks?$"))
    assert visit.titles() == [entry.track.name for entry in found][:SHOWN]
    expect(page.get_by_role("searchbox")).to_be_focused()
    visit.look("09-search")

    page.get_by_label("Sorted by").select_option("Longest first")
    longest = max(found, key=lambda entry: entry.track.duration_ms)
    expect(page.locator("#results .track .title a").first).to_have_text(longest.track.name)

    visit.search("xyz")
    expect(page.get_by_text("Nothing found")).to_be_visible()


def open_playlists(visit: Visit, listener) -> None:
    page = visit.page
    visit.go("Playlists")
    expect(page.locator(".playlist-card")).to_have_count(PLAYLISTS)
    visit.look("10-playlists")

    mixed = next(
        one for one in listener.playlists if any(item.content is None for item in one.items)
    )
    page.locator(f"a[href$='/{mixed.id}/']").click()
    for kind, said in (
        ("episode", "episode"),
        ("local", "local file"),
        ("unavailable", "No longer at Spotify"),
    ):
        expect(page.locator(f".kind-{kind} .title").first).to_contain_text(said)
    expect(page.locator(".track")).to_have_count(min(SHOWN, len(mixed.items)))
    visit.look("11-playlist")

    page.go_back()
    theirs = next(
        one for one in listener.playlists if one.owner is not listener and not one.collaborators
    )
    page.locator(f"a[href$='/{theirs.id}/']").click()
    expect(page.get_by_text("The items of this playlist are not shown")).to_be_visible()
    visit.look("12-playlist-not-shown")


def look_at_artists(visit: Visit) -> None:
    visit.go("Artists")
    expect(visit.page.locator(".found")).to_have_text("70 artists")
    visit.look("13-artists")


def look_at_albums(visit: Visit, listener) -> None:
    page = visit.page
    visit.go("Albums")
    expect(page.locator(".found")).to_have_text(f"{ALBUMS} albums")
    visit.load_covers()
    visit.look("40-albums")
    page.get_by_label("Sorted by").select_option("Artist")
    visit.link("Next").click()
    expect(page.locator(".album-card")).to_have_count(ALBUMS - 48)

    album = max(listener.albums.entries, key=lambda entry: entry.thing.total_tracks).thing
    visit.search(album.name)
    expect(page.locator(".found")).to_have_text(re.compile("^[1-9] albums?$"))
    page.locator(f".title a[href$='/albums/{album.id}/']").click()
    expect(page.get_by_role("heading", name=album.name, exact=True)).to_be_visible()
    tracks = listener.albums.tracks(album.id)
    assert page.locator(".of-album .title a").all_inner_texts() == [one.name for one in tracks]
    saved = {entry.track.id for entry in listener.saved} & {one.id for one in tracks}
    expect(page.locator(".mark .tag")).to_have_count(len(saved))
    expect(page.get_by_text(f"{len(saved)} of {len(tracks)} tracks saved")).to_be_visible()
    visit.look("41-album")


def look_at_shows(visit: Visit) -> None:
    page = visit.page
    visit.go("Shows")
    expect(page.locator(".found")).to_have_text(f"{SHOWS} shows")
    visit.load_covers()
    visit.look("42-shows")
    visit.search("xyz")
    expect(page.get_by_text("Nothing found")).to_be_visible()


def look_at_pictures(visit: Visit) -> None:
    page = visit.page
    visit.go("Statistics")
    expect(page.locator("html[data-drawn]")).to_be_attached()
    canvases = page.locator("canvas")
    drawn = canvases.count()
    assert drawn >= 4  # bars that are all alike say nothing, and are left out
    expect(page.get_by_role("img", name=re.compile("Most: "))).to_have_count(drawn)
    blank = """canvas => {
        const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
        return pixels.every(byte => byte === 0);
    }"""
    assert not any(canvases.nth(at).evaluate(blank) for at in range(drawn))
    visit.look("14-pictures")
    page.locator("section[aria-labelledby=decades] summary").click()
    counts = page.locator("[aria-labelledby=decades] td")
    assert sum(int(text.replace(",", "")) for text in counts.all_inner_texts()) == TRACKS


def disconnect(visit: Visit) -> None:
    page = visit.page
    visit.menu("Connection to Spotify")
    expect(page.get_by_text(re.compile(r"18\d days left"))).to_be_visible()
    visit.look("15-connection")
    visit.link("Disconnect Spotify…").click()
    visit.look("16-leave")
    visit.button("Disconnect").click()
    for removed in ("1,000 saved tracks", f"{ALBUMS} saved albums", f"{SHOWS} saved shows"):
        expect(page.get_by_text(removed)).to_be_visible()
    revoke = visit.link("https://www.spotify.com/account/apps/")
    expect(revoke).to_have_attribute("href", "https://www.spotify.com/account/apps/")
    visit.look("17-disconnected")
    visit.link("To the first page").click()
    expect(visit.link("Connect Spotify")).to_be_visible()


def test_without_script_the_essentials_work(site: Site, visiting):
    visit = visiting(site, "phone", has_script=False)
    listener = visit.start(tracks=TRACKS)

    with held_back(site.spotify, "/me/tracks") as gate:
        visit.connect()
        gate.let(5)
        bar = visit.page.locator("#bar-tracks[value]:not([value='0'])")  # after a reload or two
        expect(bar).to_be_visible()
    visit.expect_run("In step with Spotify")

    visit.go("Tracks")
    names = [entry.track.name for entry in listener.saved]
    assert visit.titles() == names[:SHOWN]
    visit.page.get_by_role("searchbox").fill(names[0])
    visit.button("Search").click()
    assert visit.titles()[0] == names[0]
    visit.go("Statistics")
    expect(visit.page.locator("[aria-labelledby=decades] td").first).to_be_visible()
    visit.button("Dark").click()
    expect(visit.page.locator("html[data-theme=dark]")).to_be_attached()
    assert urlsplit(visit.page.url).path == "/pictures/"
    visit.page.get_by_role("button", name="Русский").click()
    expect(visit.page.locator("html[lang=ru]")).to_be_attached()


def test_the_keyboard_alone_leads_there(site: Site, visiting):
    visit = visiting(site)
    visit.start(tracks=30)
    visit.connect()
    visit.wait_for_syncs()
    page = visit.page
    page.reload()

    page.keyboard.press("Tab")
    expect(visit.link("Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    for _ in range(2):  # past the link to the connection
        page.keyboard.press("Tab")
    expect(visit.button("Sync everything")).to_be_focused()
    sync = visit.button("Sync: Saved tracks")
    sync.focus()
    page.keyboard.press("Enter")
    visit.expect_run("In step with Spotify")
    expect(sync).to_be_focused()  # though the shelf was renewed around it

    menu = page.locator("details.menu")
    menu.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(visit.link("History of syncs").first).to_be_visible()
    page.keyboard.press("Escape")
    expect(menu.locator("summary")).to_be_focused()
    expect(menu).not_to_have_attribute("open", "")


def test_signing_in_with_spotify_needs_no_password(site: Site, visiting):
    newcomer = site.spotify.add_user("newcomer", tracks=3)
    site.spotify.browser_user = newcomer
    visit = visiting(site, "phone")
    visit.open("sign-in/")

    visit.button("Sign in with Spotify").click()
    visit.agree()

    expect(visit.page.get_by_role("heading", name="Newcomer")).to_be_visible()
    visit.menu("Sign out")
    visit.button("Sign in with Spotify").click()  # this time Spotify asks no more
    expect(visit.page.get_by_role("heading", name="Newcomer")).to_be_visible()


def test_whoever_cancels_at_spotify_is_told_that_nothing_changed(site: Site, visiting):
    visit = visiting(site, "phone")
    visit.start()
    visit.link("Connect Spotify").click()

    visit.button("Cancel").click()

    expect(visit.page.get_by_role("alert")).to_contain_text("You did not agree at Spotify")
    expect(visit.link("Connect Spotify")).to_be_visible()
    visit.look("20-cancelled")


def test_opened_on_localhost_the_way_to_spotify_is_refused_with_a_reason(site: Site, visiting):
    visit = visiting(site, host="localhost")
    visit.start()

    visit.link("Connect Spotify").click()

    expect(visit.page.get_by_role("alert")).to_contain_text("127.0.0.1 rather than at localhost")
    visit.look("21-localhost")


def test_a_wrong_password_is_refused_with_a_reason(site: Site, visiting):
    visit = visiting(site, "phone")
    visit.open("sign-in/")

    visit.sign_in("nobody")

    expect(visit.page.get_by_role("alert")).to_contain_text("correct username and password")
    visit.look("22-wrong-password")


def test_a_grant_that_ended_is_given_again(site: Site, visiting):
    visit = visiting(site)
    listener = visit.start(tracks=1)
    visit.connect()
    visit.wait_for_syncs()
    visit.age_grant(184)
    site.spotify.revoke(listener)
    site.spotify.expire_access_tokens()

    visit.sync("tracks")
    expect(visit.page.get_by_text("Your consent at Spotify has ended").first).to_be_visible()
    visit.look("24-grant-ended")
    visit.link("Connect again").first.click()
    visit.agree()

    visit.expect_run("In step with Spotify")  # by itself
    expect(visit.page.locator("#count-tracks")).to_have_text("1")


@pytest.mark.parametrize(
    ("days", "said"),
    [
        (160, "Your consent at Spotify is good for"),
        (177, "Spotify ends your consent in"),
    ],
)
def test_a_grant_that_ends_soon_is_spoken_of_in_time(days, said, site: Site, visiting):
    visit = visiting(site, "phone", "dark")
    visit.start(tracks=1)
    visit.connect()
    expect(visit.page.locator("[data-notice]")).to_have_count(0)

    visit.age_grant(days)
    visit.page.reload()

    expect(visit.page.locator("[data-notice]")).to_contain_text(said)
    visit.look(f"25-grant-{days}-days-old")
    visit.link("Connect again").click()
    visit.agree()
    expect(visit.page.locator("[data-notice]")).to_have_count(0)


@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_a_page_that_is_not_there_and_a_form_too_old_lead_back(size, site: Site, visiting):
    visit = visiting(site, size, "dark")
    visit.open("nothing/here/")
    expect(visit.page.get_by_role("heading", name="There is nothing here")).to_be_visible()
    visit.look("26-not-found")
    visit.link("To the first page").click()
    expect(visit.button("Sign in with Spotify")).to_be_visible()
    visit.forgive(404)

    visit.page.context.clear_cookies(name="csrftoken")
    visit.button("Dark").click()
    expect(visit.page.get_by_role("heading", name="That was not done")).to_be_visible()
    visit.look("27-form-too-old")
    visit.link("To the first page").click()
    expect(visit.button("Sign in with Spotify")).to_be_visible()
    visit.forgive(403)


def test_a_long_history_has_pages(site: Site, visiting):
    visit = visiting(site, "phone")
    visit.start(tracks=1)
    visit.connect()
    visit.wait_for_syncs()
    visit.add_runs(45)

    visit.menu("History of syncs")
    expect(visit.page.locator(".run-row")).to_have_count(20)
    visit.link("Next").click()
    expect(visit.page.locator("[aria-current=page]", has_text="Page 2")).to_be_visible()
    visit.look("28-history-page-2")


def test_in_russian(site: Site, visiting):
    visit = visiting(site, "phone", language="ru-RU")
    site.spotify.browser_user = site.spotify.add_user(
        "vera", TRACKS, PLAYLISTS, ARTISTS, albums=ALBUMS, shows=SHOWS
    )
    page = visit.page
    visit.open()
    expect(page.get_by_role("heading", name="Ваша музыка на вашей полке")).to_be_visible()
    visit.look("30-welcome-ru")
    visit.button("Войти через Spotify").click()
    visit.button("Agree").click()
    for resource in TITLES:
        visit.expect_run("Всё как в Spotify", resource)
    expect(page.locator("#shelf-tracks")).to_contain_text("1\u00a0000")
    visit.load_covers()
    visit.look("31-overview-ru")
    for number, path in enumerate(
        (
            "tracks/",
            "playlists/",
            "pictures/",
            "syncs/",
            "connection/",
            "connection/leave/",
            "albums/",
            "shows/",
        ),
        32,
    ):
        visit.open(path)
        page.wait_for_load_state("networkidle")
        visit.look(f"{number}-{path.strip('/').replace('/', '-')}-ru")
        latin = page.locator("main").evaluate("main => main.innerText")
        assert "Sync" not in latin
        assert "Saved" not in latin

"""A bare site: what `startproject` makes, and the front page's lines."""

from __future__ import annotations

import os
import re

import requests

from django_spotify_sync.testing import FakeSpotify
from tests.kit.documentation import DOCS, code_blocks
from tests.kit.front_page import (
    CALLBACK,
    INSTALL,
    START,
    as_done_alone,
    block_for,
    settings_for,
    typed,
)
from tests.sites.terminal import Site, expect

TRACKS = 120
#: What the quickstart ends with, asked of the user.
LIBRARY = """
from django.contrib.auth import get_user_model
ada = get_user_model().objects.get(username="ada")
print(len(latest(ada)), *bring_up_to_date(ada))
"""


def build(site: Site) -> None:
    """Follow the front page from install to sync, and the quickstart on to reading the library."""
    _, keys, start, second_terminal = map(typed, code_blocks(INSTALL, "console"))
    callback = CALLBACK.replace("http://127.0.0.1:8000", site.url)

    with FakeSpotify(tracks=TRACKS, consent="auto", redirect_uris={callback}) as spotify:
        site.install("redis,postgres")
        site.type(["python -m django startproject project ."])
        prefix = f"site-{site.port}:"
        site.append("project/settings.py", *settings_for(spotify, os.environ["REDIS_URL"], prefix))
        site.append("project/urls.py", block_for("urls.py"))
        site.type(
            as_done_alone([*keys, *start], spotify, "python manage.py check --fail-level WARNING")
        )
        with site.serving(f"{START} --noreload {site.port}"):
            site.wait_until_up()
            browser = signed_in(site.url)
            connect(browser, site.url)
            told = site.type(second_terminal)
            expect("tracks succeeded: 120 new" in told, told)
            page = browser.get(f"{site.url}/spotify/tracks/").json()
            expect(len(page["results"]) == min(TRACKS, 50), str(page))

        blocks = code_blocks((DOCS / "quickstart.md").read_text(), "python")
        site.append("asked.py", *[one for one in blocks if "\ndef " in one], LIBRARY)
        told = site.type(["source .env", "python manage.py shell < asked.py"])
        expect("10 succeeded 0 0" in told, told)


def signed_in(url: str) -> requests.Session:
    """Sign in at the admin, as the front page says."""
    browser = requests.Session()
    at = f"{url}/admin/login/"
    browser.get(at).raise_for_status()
    form = {
        "username": "ada",
        "password": "ada",
        "csrfmiddlewaretoken": browser.cookies["csrftoken"],
    }
    answer = browser.post(f"{at}?next=/spotify/", data=form)
    expect(answer.url == f"{url}/spotify/" and answer.ok, f"{answer.url} {answer.text}")
    return browser


def connect(browser: requests.Session, url: str) -> None:
    """Press the page's button; who is asked by FakeSpotify agrees at once."""
    page = browser.get(f"{url}/spotify/").text
    found = re.search(r'href="(/spotify/auth/[^"]*)"', page)
    expect(found, page)
    answer = browser.get(url + found[1])
    expect(answer.url == f"{url}/spotify/" and answer.ok, f"{answer.url} {answer.text}")
    expect("/spotify/disconnect/" in answer.text, answer.text)

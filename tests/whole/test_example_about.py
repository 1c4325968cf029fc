"""What the example site tells browsers and people of itself, and its pages for when something went wrong."""

from __future__ import annotations

from tests.kit.example_site import run_at_example_site

ABOUT = """
import json, os, re
os.environ["SPOTIFY_LOGO"] = "pages/disc.svg"
os.environ["CONTACT"] = "keeper@shelf.example"
import django; django.setup()
from django.contrib.staticfiles import finders
from django.core.management import call_command
from django.test import Client, override_settings
from demo.library import make_account
call_command("migrate", verbosity=0)
client = Client(HTTP_HOST="127.0.0.1")
manifest = client.get("/shelf.webmanifest")
print(manifest["Content-Type"], manifest["Content-Security-Policy"].count("manifest-src"))
described = manifest.json()
icons = [icon["src"].removeprefix("/static/") for icon in described["icons"]]
print(all(finders.find(icon) for icon in icons), client.get(described["start_url"]).status_code)
privacy = client.get("/privacy/").content.decode()
words = ["90 days", "400 days", "30 days", "keeper@shelf.example", "removed at once"]
words += ["https://www.spotify.com/account/apps/"]
print([one in privacy for one in words], "/connection/leave/" in privacy)
with override_settings(SPOTIFY_SYNC_JOURNAL=False, SPOTIFY_SYNC_DELETE_LIBRARY_ON_DISCONNECT=False):
    other = client.get("/privacy/").content.decode()
print("400 days" in other, "goes 5 days after that" in other)
ada = make_account("ada", 3).user
bare = type(ada).objects.create(username="bare")
for user, page in ((None, "/"), (None, "/sign-in/"), (bare, "/"), (ada, "/connection/"), (ada, "/privacy/")):
    if user:
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    text = client.get(page).content.decode()
    main = text.partition("<main")[2].partition("</main>")[0]
    told = ['"robots" content="noindex"', '<meta name="description"', 'src="/static/pages/disc.svg" alt="Spotify"']
    print(page, "/privacy/" in main, *(one in text for one in told))
for theme in ("auto", "light", "dark"):
    client.post("/theme/", {"theme": theme})
    print(theme, re.findall('name="theme-color" content="(.*?)"(.*?)>', client.get("/").content.decode()))
"""


def test_the_site_says_what_it_is_and_what_it_keeps(database):
    done = run_at_example_site(ABOUT, database)

    assert done.stdout.splitlines() == [
        "application/manifest+json 0",
        "True 200",
        f"{[True] * 6} False",
        "False True",
        "/ True True True True",
        "/sign-in/ True True True True",
        "/ True True True True",
        "/connection/ True True True True",
        "/privacy/ False True True True",
        "auto [('#f6f1e9', ' media=\"(prefers-color-scheme: light)\"'), "
        "('#151210', ' media=\"(prefers-color-scheme: dark)\"')]",
        "light [('#f6f1e9', '')]",
        "dark [('#151210', '')]",
    ], done.stderr


FAULTS = """
import re
import django; django.setup()
from django.core.management import call_command
from django.test import Client
from pages.views import overview
call_command("migrate", verbosity=0)
client = Client(HTTP_HOST="127.0.0.1", enforce_csrf_checks=True, raise_request_exception=False)
client.cookies["theme"] = "dark"
for came_from in ("http://127.0.0.1/tracks/?q=a", "http://elsewhere.example/", ""):
    answer = client.post("/theme/", {}, headers={"Referer": came_from} if came_from else {})
    print(answer.status_code, re.findall('class="button" href="(.*?)"', answer.content.decode()))
def broken(*anything):
    raise ZeroDivisionError
overview.account_of = broken
client.cookies["sessionid"] = "x"
overview.render = broken
answer = client.get("/")
print(answer.status_code, re.findall('data-theme="(.*?)"|"color-scheme" content="(.*?)"', answer.content.decode()))
"""


def test_pages_of_faults_keep_the_theme_and_lead_back(database):
    done = run_at_example_site(FAULTS, database)

    assert done.stdout.splitlines() == [
        "403 ['http://127.0.0.1/tracks/?q=a']",
        "403 ['/']",
        "403 ['/']",
        "500 [('dark', ''), ('', 'dark')]",
    ], done.stderr


SIGN_IN = """
import re
import django; django.setup()
from django.core.management import call_command
from django.test import Client
call_command("migrate", verbosity=0)
client = Client(HTTP_HOST="127.0.0.1")
for sent in ({}, {"username": "ada", "password": "wrong"}):
    text = client.post("/sign-in/", sent).content.decode()
    told_by = re.findall('<input type="(?:text|password)".*?aria-describedby="(.*?)"', text)
    print(re.findall("<title>(.*?)</title>", text), told_by, 'id="sign-in-error"' in text)
"""


def test_a_refused_sign_in_is_told_at_its_fields_and_in_the_title(database):
    done = run_at_example_site(SIGN_IN, database)

    assert done.stdout.splitlines() == [
        "['Not signed in – Shelf'] ['id_username_error', 'id_password_error'] False",
        "['Not signed in – Shelf'] ['sign-in-error', 'sign-in-error'] True",
    ], done.stderr

"""A grown site that takes the package in: `files/` is what it has, and all of ours comes from the documentation.

It has allauth, users with UUIDs, ATOMIC_REQUESTS, LoginRequiredMiddleware, a REST framework of tokens and JSON alone, a
pool of connections, ASGI, Celery, and Russian. One of its users signed in with Spotify before.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import psycopg
import requests

from django_spotify_sync.testing import FakeSpotify
from tests.kit.documentation import DOCS, code_blocks
from tests.kit.front_page import INSTALL, as_done_alone, block_for, settings_for, typed
from tests.sites.bare import connect
from tests.sites.terminal import Site, expect, wait_until

FILES = Path(__file__).parent / "files"
RUSSIAN = re.compile("[а-яё]{3}")
CHECK = "python manage.py check --fail-level WARNING"
APP = "org.example.music://spotify"
#: Three users: of ada the token of the REST framework is printed, and grace has signed in by allauth.
USERS = """
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from people.models import Person
from rest_framework.authtoken.models import Token
ada, grace, eve = [Person.objects.create_user(name, password=name) for name in ("ada", "grace", "eve")]
app = SocialApp.objects.create(provider="spotify", name="Spotify", client_id={client_id!r}, secret={secret!r})
account = SocialAccount.objects.create(user=grace, provider="spotify", uid={uid!r})
SocialToken.objects.create(app=app, account=account, token={token!r}, token_secret={token_secret!r})
print(Token.objects.create(user=ada).key)
"""
SETTINGS = """
INSTALLED_APPS += ["music"]
SPOTIFY_SYNC_REDIRECT_URIS = ["org.example.music://spotify"]
CELERY_BROKER_TRANSPORT_OPTIONS = {"global_keyprefix": os.environ["SITE_DATABASE"]}
"""
#: The site's own views of libraries.
URLS = """
from django.db.transaction import non_atomic_requests
from music import views

urlpatterns += [
    path("latest/", non_atomic_requests(views.latest)),
    path("progress/<int:pk>/", non_atomic_requests(views.progress)),
]
"""


def build(site: Site) -> None:
    """Make the site, take the package in, and connect and sync three users, each in another way."""
    redirects = {f"{site.url}/spotify/callback/", APP}
    with (
        own_database(site),
        FakeSpotify(tracks=120, albums=3, consent="auto", redirect_uris=redirects) as spotify,
    ):
        site.install("redis,postgres", "django-allauth[socialaccount]", "gunicorn", "psycopg[pool]")
        token = found(site, spotify)
        take_in(site, spotify)
        told = site.type(["source .env", "python manage.py spotify_adopt --from allauth"])
        expect("grace: adopted" in told, told)
        worker = "celery --app project worker --loglevel INFO --concurrency 2"
        server = f"gunicorn project.asgi --worker-class asgi --bind 127.0.0.1:{site.port}"
        with site.serving(worker, "worker"), site.serving(server, "server"):
            site.wait_until_up()
            an_app_connects(site.url, token)
            a_browser_connects(site.url, spotify)
            an_adopted_one_is_synced(site.url)


@contextmanager
def own_database(site: Site) -> Iterator[None]:
    """Give the site a database and keys of its own in the services that it shares with others."""
    name = f"site_{site.port}"
    site.environment |= {"SITE_DATABASE": name, "REDIS_URL": os.environ["REDIS_URL"]}
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        try:
            yield
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def found(site: Site, spotify: FakeSpotify) -> str:
    """Make the site as it was before, with its users; return the token of one of them."""
    grace = spotify.add_user("grace", tracks=30)
    grant = spotify.grant(grace)
    users = USERS.format(
        client_id=spotify.client_id,
        secret=spotify.client_secret,
        uid=grace.id,
        token=grant["access_token"],
        token_secret=grant["refresh_token"],
    )
    site.type(["python -m django startproject project ."])
    shutil.copytree(FILES, site.folder, dirs_exist_ok=True)
    site.append("users.py", users)
    manage = ["makemigrations people", "migrate", "shell < users.py"]
    return site.type([f"python manage.py {line}" for line in manage]).split()[-1]


def take_in(site: Site, spotify: FakeSpotify) -> None:
    """Do what the documentation says, in a site that is there already."""
    celery, package, broker = celery_blocks()
    allauth = code_blocks((DOCS / "how-to/next-to-allauth.md").read_text(), "python")
    [schedule, *_] = code_blocks((DOCS / "how-to/existing-site.md").read_text(), "python")
    redis = os.environ["REDIS_URL"]
    site.append("project/celery.py", celery)
    site.append("project/__init__.py", package)
    site.append(
        "project/settings.py",
        *settings_for(spotify, redis, f"{site.environment['SITE_DATABASE']}:"),
        broker.replace("redis://localhost:6379/0", redis),
        schedule,
        next(one for one in allauth if "SOCIALACCOUNT_PROVIDERS = {" in one),
        SETTINGS,
    )
    site.append("project/urls.py", block_for("urls.py"), URLS)
    site.append("music/views.py", *async_views())
    site.append("music/adopting.py", next(one for one in allauth if "def adopt_soon" in one))
    site.append(
        "music/receivers.py",
        next(one for one in allauth if "allauth.account.signals" in one),
        next(one for one in allauth if "def forget_token" in one),
    )
    _, keys, start, _ = map(typed, code_blocks(INSTALL, "console"))
    lines = as_done_alone([*keys, *start], spotify, CHECK)
    site.type([line for line in lines if "createsuperuser" not in line])  # "if you have none yet"


def celery_blocks() -> list[str]:
    """Return celery.py, __init__.py and the settings that Celery needs."""
    blocks = code_blocks((DOCS / "how-to/production.md").read_text(), "python")
    return [
        next(one for one in blocks if words in one)
        for words in ("app = Celery(", "celery_app", "CELERY_BROKER_URL")
    ]


def async_views() -> list[str]:
    blocks = code_blocks((DOCS / "how-to/async-views.md").read_text(), "python")
    return [one for one in blocks if "async def latest" in one or "async def progress" in one]


def an_app_connects(url: str, token: str) -> None:
    """Connect by a token, without a session, as the page on API clients has it; syncs begin by themselves."""
    app = requests.Session()
    app.headers.update({"Authorization": f"Token {token}", "Accept": "application/json"})
    refused = app.get(f"{url}/spotify/account/")
    expect(refused.json().get("code") == "not_connected", refused.text)
    expect(RUSSIAN.search(refused.json()["detail"]), refused.text)

    begun = app.get(f"{url}/spotify/auth/", params={"redirect_uri": APP}).json()
    opened = requests.get(begun["authorize_url"], allow_redirects=False).headers["Location"]
    brought = {name: value for name, [value] in parse_qs(urlsplit(opened).query).items()}
    answer = app.post(f"{url}/spotify/callback/", json=brought)
    expect(answer.ok, answer.text)

    wait_for_syncs(app, url)
    page = app.get(f"{url}/spotify/tracks/").json()
    expect(len(page["results"]) == 50 and page["next"], str(page))
    files = app.get(f"{url}/spotify/export/", params={"as": "uris", "resource": "tracks"}).text
    expect(len(files.splitlines()) == 120, files)


def a_browser_connects(url: str, spotify: FakeSpotify) -> None:
    """Sign in by allauth, see the package's page in Russian, connect, and have it synced by its button."""
    anonymous = requests.get(f"{url}/spotify/")
    expect(anonymous.ok, anonymous.text)
    eve = signed_in(url, "eve")
    spotify.browser_user = spotify.add_user("eve", tracks=7)
    page = eve.get(f"{url}/spotify/").text
    expect(RUSSIAN.search(page), page)
    connect(eve, url)
    wait_for_syncs(eve, url)
    spotify.browser_user.like(2)
    form = {"csrfmiddlewaretoken": eve.cookies["csrftoken"]}
    answer = eve.post(f"{url}/spotify/sync/", data=form, headers={"Accept": "text/html"})
    expect(answer.url == f"{url}/spotify/" and answer.ok, f"{answer.url} {answer.text}")
    wait_for_syncs(eve, url)
    expect(len(eve.get(f"{url}/latest/").json()["names"]) == 9, "the site's own async view")
    told = eve.get(f"{url}/progress/{runs(eve, url)[0]['id']}/").text
    expect('"status": "succeeded"' in told, told)


def an_adopted_one_is_synced(url: str) -> None:
    grace = signed_in(url, "grace")
    account = grace.get(f"{url}/spotify/account/").json()
    expect(account["reauthorize_by_estimated"], str(account))
    wait_for_syncs(grace, url)
    expect(len(grace.get(f"{url}/spotify/tracks/").json()["results"]) == 30, "grace's library")


def signed_in(url: str, name: str) -> requests.Session:
    browser = requests.Session()
    browser.get(f"{url}/accounts/login/").raise_for_status()
    form = {"login": name, "password": name, "csrfmiddlewaretoken": browser.cookies["csrftoken"]}
    answer = browser.post(f"{url}/accounts/login/", data=form)
    expect(answer.url == f"{url}/latest/", f"{answer.url} {answer.text}")
    return browser


def runs(session: requests.Session, url: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = session.get(f"{url}/spotify/syncs/").json()["results"]
    return found


def wait_for_syncs(session: requests.Session, url: str) -> None:
    """Return when the worker has done all that it was asked for, without an error."""

    def all_done() -> bool:
        its = runs(session, url)
        failed = [run for run in its if run["status"] not in {"queued", "running", "succeeded"}]
        expect(not failed, str(failed))
        return bool(its) and all(run["status"] == "succeeded" for run in its)

    wait_until(all_done, f"syncs do not end: {runs(session, url)}")

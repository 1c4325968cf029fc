"""Hosts of other makes: other places, other databases, other servers, other types; and nothing of theirs is touched."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.contrib import admin
from django.db import connection
from django.template.loader import render_to_string
from django.test import AsyncClient
from django.urls import include, path, reverse

import django_spotify_sync
from django_spotify_sync.models import SavedTrack, SpotifyAccount
from django_spotify_sync.testing import FakeSpotify
from tests.celery_app import app
from tests.kit.browsing import HOST, browser_of, consent, query_of
from tests.kit.connecting import connect

ROOT = Path(__file__).parents[2]
PACKAGE = Path(django_spotify_sync.__file__).parent


def in_a_process(code: str, *, settings: str | None = "tests.settings", **overrides: Any) -> str:
    """Run code in a Python of its own; return what it printed."""
    environment = {**os.environ, "TEST_OVERRIDES": json.dumps(overrides)}
    environment.pop("DJANGO_SETTINGS_MODULE", None)
    if settings:
        environment["DJANGO_SETTINGS_MODULE"] = settings
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.strip()


# Nothing global is touched

STATE = """
import importlib, json, locale, logging, pkgutil, signal, socket, sys, warnings
def state():
    loggers = [logging.getLogger(name) for name in ["", *logging.root.manager.loggerDict]]
    ours = [one for one in loggers if one.name.startswith("django_spotify_sync")]
    return {
        "handlers": [(one.name, len(one.handlers)) for one in ours + [logging.getLogger()]
                     if one.handlers or one.name == "root"],
        "levels": [(one.name, one.level, one.propagate) for one in ours if one.level or not one.propagate],
        "root level": logging.getLogger().level,
        "timeout": socket.getdefaulttimeout(),
        "locale": locale.setlocale(locale.LC_ALL),
        "signals": [str(signal.getsignal(one)) for one in (signal.SIGTERM, signal.SIGINT, signal.SIGALRM)],
        "connect": [str(socket.socket.connect), str(socket.create_connection)],
        "recursion": sys.getrecursionlimit(),
        "filters": len(warnings.filters),
        "excepthook": sys.excepthook is sys.__excepthook__,
        "threads": __import__("threading").active_count(),
    }
def modules():
    import pathlib, django_spotify_sync
    folder = pathlib.Path(django_spotify_sync.__file__).parent
    for file in sorted(folder.rglob("*.py")):
        parts = file.relative_to(folder.parent).with_suffix("").parts
        if "migrations" not in parts and parts[-1] not in ("__init__", "fixtures"):  # the latter is pytest's
            yield ".".join(parts)
"""
WITH_SETTINGS = """
import django, celery, requests, rest_framework.test, cryptography.fernet
django.setup()
from django.contrib.auth import signals as auth
from django.core import signals as core
from django.db.backends.signals import connection_created
from django.urls import get_resolver
from celery import current_app
def receivers():
    all = {"signed in": auth.user_logged_in, "request": core.request_started, "end": core.request_finished,
           "connection": connection_created}
    return {name: len(one.receivers) for name, one in all.items()}
before = state(), receivers(), current_app.main, len(get_resolver().url_patterns)
names = list(modules())
for name in names:
    importlib.import_module(name)
after = state(), receivers(), current_app.main, len(get_resolver().url_patterns)
assert before == after, (before, after)
print(len(names))
"""
WITHOUT_SETTINGS = """
import requests, cryptography.fernet
before = state()
without = ("spotify", "testing", "exceptions", "secret")
knows_django = "django_spotify_sync.testing.factories"  # which is imported by its own name
names = [name for name in modules() if name.split(".")[1] in without and name != knows_django]
for name in names:
    importlib.import_module(name)
assert before == state(), (before, state())
assert not [name for name in sys.modules if name.split(".")[0] in ("django", "celery", "rest_framework")]
import django_spotify_sync.conf, django_spotify_sync.signals, django_spotify_sync.schedules
django_spotify_sync.schedules.beat_schedule()  # in a settings module, where no setting can be read yet
from django.conf import settings
assert not settings.configured
print(len(names))
"""


def test_importing_every_module_touches_nothing_of_the_host() -> None:
    assert int(in_a_process(STATE + WITH_SETTINGS)) > 60


def test_what_needs_no_settings_asks_for_none() -> None:
    assert int(in_a_process(STATE + WITHOUT_SETTINGS, settings=None)) > 30


def test_the_package_is_typed() -> None:
    assert (PACKAGE / "py.typed").exists()


HOST_CODE = """
from datetime import datetime

from django.contrib.auth import get_user_model
from django.db.models import QuerySet
from django.dispatch import receiver

from django_spotify_sync import accounts, exceptions
from django_spotify_sync.models import (
    Artist, FollowedArtist, Playlist, PlaylistItem, SavedTrack, SpotifyAccount, SyncRun,
)
from django_spotify_sync.signals import sync_finished
from django_spotify_sync.sync import execute, request_sync, sync
from django_spotify_sync.testing import FakeSpotify


def titles(account: SpotifyAccount) -> list[str]:
    rows: QuerySet[SavedTrack] = account.saved_tracks.recent().with_tracks()[:10]
    return [row.track.name for row in rows if row.track is not None]


def of_artist(artist: Artist) -> QuerySet[SavedTrack]:
    user = get_user_model().objects.get()
    return SavedTrack.objects.for_user(user).by_artist(artist).in_order()


def lists(account: SpotifyAccount) -> tuple[list[Playlist], list[PlaylistItem], list[FollowedArtist]]:
    user = account.user
    return (
        list(Playlist.objects.for_user(user)),
        list(PlaylistItem.objects.readable_by(user).in_order()),
        list(FollowedArtist.objects.for_user(user).in_order()),
    )


def when(account: SpotifyAccount) -> datetime | None:
    try:
        run: SyncRun = sync(account, "tracks", full=True)
    except exceptions.NotConnected as error:
        code: str = error.code
        raise SystemExit(code)
    return execute(request_sync(account, "tracks").pk).finished_at or run.resume_at


def contains(account: SpotifyAccount) -> set[str]:
    with accounts.client_for(account) as client:
        client.requests
    is_there: bool = SavedTrack.objects.contains(SavedTrack.objects.get())
    older: set[str] = SavedTrack.objects.contains(account, ["a"])
    return older if is_there else account.saved_tracks.saved_ids(account, ["a"])


@receiver(sync_finished)
def react(run: SyncRun, added: list[str], removed: list[str], **kwargs: object) -> None: ...


def fake() -> FakeSpotify:
    return FakeSpotify(tracks=10)
"""
WRONG_CODE = """
from django_spotify_sync.models import SavedTrack, SpotifyAccount
from django_spotify_sync.sync import sync


def wrong(account: SpotifyAccount) -> None:
    sync("ada", "tracks")
    sync(account, "tracks", fulll=True)
    account.saved_tracks.recently()
    title: int = SavedTrack.objects.get().get_absolute_url()
"""
SETTINGS = """
SECRET_KEY = "x"
USE_TZ = True
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
INSTALLED_APPS = [
    "django.contrib.auth", "django.contrib.contenttypes", "rest_framework", "django_spotify_sync"
]
"""
MYPY = """
[mypy]
strict = True
plugins = mypy_django_plugin.main
cache_dir = {cache}
[mypy.plugins.django-stubs]
django_settings_module = site_settings
"""


@pytest.mark.timeout(600)
def test_a_hosts_code_is_checked_by_our_types(tmp_path: Path) -> None:
    """As mypy checks a site: strictly, with django-stubs, and the package as it is installed."""
    pytest.importorskip("mypy")
    (tmp_path / "mypy.ini").write_text(MYPY.format(cache=tmp_path / "cache"))
    (tmp_path / "site_settings.py").write_text(SETTINGS)
    (tmp_path / "site_code.py").write_text(HOST_CODE)
    (tmp_path / "wrong_code.py").write_text(WRONG_CODE)

    done = subprocess.run(
        [sys.executable, "-m", "mypy", "site_code.py", "wrong_code.py"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )

    found = [line for line in done.stdout.splitlines() if ": error:" in line]
    assert [line for line in found if not line.startswith("wrong_code.py")] == [], done.stdout
    numbers = {line.split(":")[1] for line in found}
    assert numbers == {"7", "8", "9", "10"}, done.stdout + done.stderr


# Other settings


NO_MIGRATION = """
import django
django.setup()
from django.core.management import call_command
from django_spotify_sync.models import SavedTrack
call_command("makemigrations", "spotify_sync", "--check", "--dry-run", verbosity=0)
print(type(SavedTrack._meta.pk).__name__)
"""


@pytest.mark.parametrize("field", ["AutoField", "SmallAutoField"])
def test_the_hosts_default_auto_field_is_not_ours(field: str) -> None:
    """A host's setting asks for no migration of ours, which would land in site-packages."""
    memory = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}

    told = in_a_process(
        NO_MIGRATION, DATABASES=memory, DEFAULT_AUTO_FIELD=f"django.db.models.{field}"
    )

    assert told == "BigAutoField"


def test_our_templates_can_be_overridden(settings: Any) -> None:
    name = "admin/spotify_sync/spotifyaccount/disconnect_confirmation.html"
    settings.TEMPLATES = [
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "OPTIONS": {
                "loaders": [
                    ("django.template.loaders.locmem.Loader", {name: "the host's own"}),
                    "django.template.loaders.app_directories.Loader",
                ]
            },
        }
    ]

    assert render_to_string(name) == "the host's own"


# Other places

ours = "django_spotify_sync.urls"
nested = ([path("sound/", include(ours))], "host")
urlpatterns = [
    path("admin/", admin.site.urls),
    path("plain/", include(ours)),
    path("music/", include(ours, namespace="music")),
    path("nested/", include(nested)),
]


@pytest.fixture
def eager() -> Any:
    app.conf.task_always_eager = True
    yield
    app.conf.task_always_eager = False


@pytest.mark.urls(__name__)
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("place", ["/plain/", "/music/", "/nested/sound/"])
def test_we_find_our_way_wherever_we_are_mounted(
    user: Any, spotify: FakeSpotify, eager: Any, place: str
) -> None:
    browser = browser_of(user)

    begun = browser.get(f"{place}auth/")["Location"]
    assert query_of(begun)["redirect_uri"] == f"http://{HOST}{place}callback/"
    browser.get(f"{place}callback/", consent(begun))
    asked = browser.post(f"{place}sync/tracks/")

    assert asked.status_code == 202, asked.content
    assert asked["Location"] == f"{place}syncs/{asked.json()['id']}/"
    assert browser.get(asked["Location"]).json()["status"] == "succeeded"
    assert len(browser.get(f"{place}tracks/").json()["results"]) == 50


@pytest.mark.urls(__name__)
def test_a_hosts_own_code_reverses_by_app_name_or_namespace() -> None:
    assert reverse("spotify_sync:auth") == "/plain/auth/"
    assert reverse("music:auth") == "/music/auth/"
    assert reverse("host:spotify_sync:auth") == "/nested/sound/auth/"


# Other servers


@pytest.mark.django_db(transaction=True)
def test_the_whole_way_under_asgi(
    user: Any, spotify: FakeSpotify, eager: Any, settings: Any
) -> None:
    """Connect, sync, read, disconnect, each request as an ASGI server hands it over."""
    settings.SPOTIFY_SYNC_REDIRECT_URI = "https://testserver/spotify/callback/"

    async def go() -> list[Any]:
        client = AsyncClient()
        await client.aforce_login(user)
        begun = await client.get("/spotify/auth/")
        back = await client.get("/spotify/callback/", consent(begun["Location"]))
        asked = await client.post("/spotify/sync/tracks/")
        read = await client.get("/spotify/tracks/")
        gone = await client.post("/spotify/disconnect/")
        return [back, asked, read, gone]

    back, asked, read, gone = async_to_sync(go)()

    assert (back.status_code, back["Location"]) == (302, "/spotify/")
    assert asked.status_code == 202
    assert len(read.json()["results"]) == 50
    assert gone.json()["removed"]["saved_tracks"] == 120
    assert not SavedTrack.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_the_admin_holds_no_transaction_open_while_spotify_is_asked(
    user: Any,
    spotify: FakeSpotify,
    django_user_model: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With ATOMIC_REQUESTS what another connection writes meanwhile would wait; on SQLite, for ever."""
    monkeypatch.setitem(connection.settings_dict, "ATOMIC_REQUESTS", True)
    account = connect(user, spotify)
    staff = browser_of(django_user_model.objects.create_superuser("boss"))
    opened = []

    def write_meanwhile(_: FakeSpotify) -> None:
        opened.append(SpotifyAccount.objects.update(image_url="x"))
        connection.close()  # this thread's

    spotify.faults.add("/api/token", before=write_meanwhile)

    url = reverse("admin:spotify_sync_spotifyaccount_changelist")
    asked = {"action": "refresh_tokens", "_selected_action": account.pk}
    page = staff.post(url, asked, follow=True).content.decode()

    assert "Token refreshed" in page
    assert opened == [1]

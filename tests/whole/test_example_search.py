"""The example site's search, on each database."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from django.db import connection

EXAMPLE = Path(__file__).parents[2] / "example_project"

SEARCH = """
import django; django.setup()
from django.core.management import call_command
from django.test import Client
from django.test.utils import setup_test_environment
from django_spotify_sync.models import AccountPlaylist, FollowedArtist, Playlist, SavedTrack, TrackArtist
from demo.library import make_account
call_command("migrate", verbosity=0)
setup_test_environment()  # which lets a test see what a template was given
account = make_account("ada", 30)
def rename(row, **names):
    for name, value in names.items():
        setattr(row, name, value)
    row.save()
first, second, third = (saved.track for saved in SavedTrack.objects.order_by("pk")[:30:10])
rename(first, name="ТЫСЯЧА Für")
rename(second.album, name="Четвёртый")
rename(TrackArtist.objects.filter(track=third)[0].artist, name="E\\u0301dith Mø")
one, two = (link.playlist for link in AccountPlaylist.objects.order_by("pk")[:2])
rename(one, name="ТЫСЯЧА")
rename(two, owner_name="E\\u0301dith")
rename(FollowedArtist.objects.order_by("-pk")[0].artist, name="Четвёртый")
client = Client(HTTP_HOST="127.0.0.1")
client.force_login(account.user, backend="django.contrib.auth.backends.ModelBackend")
def found(page, words):
    return client.get(page, {"q": words}).context["page"].paginator.count
for page, words in [
    ("/tracks/", "тысяча fur"), ("/tracks/", "тысяча fuer"), ("/tracks/", "четвертый"), ("/tracks/", "\\u00e9DITH mo"),
    ("/playlists/", "тысяча"), ("/playlists/", "edith"), ("/playlists/", "четвертый"),
    ("/artists/", "ЧЕТВЕРТЫЙ"), ("/artists/", "тысяча"),
]:
    print(bool(found(page, words)), end=" ")
"""


@pytest.fixture
def database(transactional_db: None, tmp_path: Path) -> Iterator[str]:
    """Give the URL of a new database of the kind that is tested."""
    if connection.vendor == "sqlite":
        yield f"sqlite:///{tmp_path}/site.sqlite3"
        return
    its = connection.settings_dict
    name = f"{its['NAME']}_example"
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {name}")
    try:
        who = f"{its['USER']}:{quote(its['PASSWORD'], safe='')}".rstrip(":")
        port = f":{its['PORT']}" if its["PORT"] else ""
        yield f"postgres://{who}@{quote(its['HOST'], safe='')}{port}/{name}"
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")


def test_a_name_is_found_however_it_is_written(database):
    done = subprocess.run(
        [sys.executable, "-c", SEARCH],
        cwd=EXAMPLE,
        env={
            **{k: v for k, v in os.environ.items() if not k.startswith("SPOTIFY_")},
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "DATABASE_URL": database,
            "FERNET_KEY": "JsCVCkFpFwBjcK17Hc8V_rGauBvBSa2iH8-aVzRQoD4=",
            "DJANGO_SECRET_KEY": "not a secret, this is a test",
        },
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )

    expected = [True, False, True, True, True, True, False, True, False]
    assert done.stdout.split() == [str(one) for one in expected], done.stderr

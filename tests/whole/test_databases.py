"""Several databases: everything goes where the host's router sends it, and what has to be fresh is read where it was
written. Each host is a process of its own, on SQLite.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.whole.test_hosts import in_a_process

SETUP = """
import io, django
django.setup()
from django.apps import apps
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.db import connections
from django.test import Client
from django.urls import reverse
from django_spotify_sync import accounts
from django_spotify_sync.conf import RESOURCES
from django_spotify_sync.models import *
from django_spotify_sync.sync import sync
from django_spotify_sync.testing import FakeSpotify
from tests.celery_app import app
from tests.kit.browsing import consent
app.conf.task_always_eager = True
from django.conf import settings
settings.ALLOWED_HOSTS = ["*"]
settings.SPOTIFY_SYNC_RESOURCES = list(RESOURCES)
settings.SPOTIFY_SYNC_THROTTLE_RATES = {}
"""

WALK = """
for alias in connections:
    call_command("migrate", database=alias, verbosity=0)
users = get_user_model()
ada = users.objects.create_user("ada")
browser = Client(HTTP_HOST="127.0.0.1")
browser.force_login(ada)
things = {"tracks": 120, "playlists": 3, "artists": 60, "albums": 3, "shows": 3, "episodes": 3, "audiobooks": 3}
with FakeSpotify(**things, consent="auto") as spotify:
    for name, value in spotify.settings.items():
        setattr(settings, name, value)
    begun = browser.get("/spotify/auth/")["Location"]
    assert browser.get("/spotify/callback/", consent(begun))["Location"] == "/spotify/"
    def post(path):
        answer = browser.post("/spotify/" + path)
        assert answer.status_code in (200, 202), (path, answer.content)
        return answer.json()
    post("sync/")
    stored = SpotifyAccount.objects.using(WRITTEN).get()
    runs = SyncRun.objects.using(WRITTEN)
    assert sorted(run.resource for run in runs.all()) == sorted(RESOURCES)
    assert {run.status for run in runs.all()} == {"succeeded"}, list(runs.values())
    assert sync(stored, "shows").status == "succeeded"  # audiobooks are listed among them, and known by now
    for model in (SavedAlbum, SavedShow, SavedEpisode, SavedAudiobook):
        assert model.objects.using(WRITTEN).count() == 3, model
    assert SavedTrack.objects.using(WRITTEN).count() == 120
    assert sync(stored, "tracks").status == "succeeded"
    spotify.user.unlike([3])
    call_command("spotify_sync", "--all", stdout=io.StringIO()) if READ == WRITTEN else sync(stored, "tracks")
    assert SavedTrack.objects.using(WRITTEN).count() == 119
    post("refresh/")
    if READ == WRITTEN:
        album = f"albums/{SavedAlbum.objects.first().spotify_id}/"
        lists = [f"{resource}/" for resource in RESOURCES]
        for path in ("account/", "tracks/?search=a", "syncs/", "changes/", album, *lists):
            answer = browser.get("/spotify/" + path)
            assert answer.status_code == 200, (path, answer.content)
        exported = b"".join(browser.get("/spotify/export/").streaming_content)
        assert exported.count(b'"kind": "track"') == 119, exported[:500]
        assert len(browser.get("/spotify/tracks/").json()["results"]) == 50
        boss = Client(HTTP_HOST="127.0.0.1")
        boss.force_login(users.objects.create_superuser("boss"))
        for model in apps.get_app_config("spotify_sync").get_models():
            if model.__name__ in (
                *("SpotifyToken", "StagedPage", "AlbumArtist", "AlbumTrack", "TrackArtist"),
                *("LargeLoss", "LostRow", "Hour"),
            ):
                continue
            name = f"admin:spotify_sync_{model._meta.model_name}"
            page = boss.get(reverse(name + "_changelist"))
            assert page.status_code == 200, model
            row = model._default_manager.order_by("pk").first()
            assert boss.get(reverse(name + "_change", args=[row.pk])).status_code == 200, model
        url = reverse("admin:spotify_sync_spotifyaccount_changelist")
        for action in ("sync_everything", "refresh_tokens"):
            done = boss.post(url, {"action": action, "_selected_action": stored.pk}, follow=True)
            assert "Refused" not in done.content.decode(), done.content.decode()
        call_command("spotify_prune", stdout=io.StringIO())
        call_command("check", verbosity=0)
    gone = post("disconnect/")
    assert gone["removed"]["saved_tracks"] == 119, gone
    assert not SavedTrack.objects.using(WRITTEN).exists()
    assert not SpotifyToken.objects.using(WRITTEN).exists()
    if READ == WRITTEN:
        begun = browser.get("/spotify/auth/")["Location"]
        browser.get("/spotify/callback/", consent(begun))
        post("sync/tracks/")
        ada.delete()
        assert not SavedTrack.objects.exists() and not SpotifyAccount.objects.exists()
print("walked")
"""


def host(folder: Path, router: str, *aliases: str) -> dict[str, Any]:
    """Return the settings of a host with these databases."""
    return {
        "DATABASES": {
            alias: {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": str(folder / f"{alias}.sqlite3"),
            }
            for alias in aliases
        },
        "DATABASE_ROUTERS": [f"tests.host.routers.{router}"],
    }


def test_all_is_done_on_the_database_that_the_router_names(tmp_path: Path) -> None:
    """`default` has no table at all: whoever asks it, fails."""
    where = 'READ = WRITTEN = "music"\n'

    told = in_a_process(SETUP + where + WALK, **host(tmp_path, "AllOnMusic", "default", "music"))

    assert told.endswith("walked")


def test_what_was_written_is_not_looked_for_on_a_replica_that_is_behind(tmp_path: Path) -> None:
    where = 'READ, WRITTEN = "replica", "default"\n'

    told = in_a_process(
        SETUP + where + WALK, **host(tmp_path, "StaleReplica", "default", "replica")
    )

    assert told.endswith("walked")

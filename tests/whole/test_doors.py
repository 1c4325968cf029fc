"""One room, many doors: whoever asks, and by which door, gets the same run, the same rows and the same signal."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from django_spotify_sync.conf import conf
from django_spotify_sync.models import (
    AccountPlaylist,
    Album,
    AlbumArtist,
    AlbumTrack,
    Artist,
    FollowedArtist,
    Playlist,
    PlaylistItem,
    SavedAlbum,
    SavedShow,
    SavedTrack,
    Show,
    SpotifyAccount,
    SyncRun,
    SyncState,
    Track,
    TrackArtist,
)
from django_spotify_sync.signals import sync_failed, sync_finished
from django_spotify_sync.sync import execute, request_all, request_sync, sync
from django_spotify_sync.tasks import queue, sync_account, sync_due_accounts
from django_spotify_sync.testing import FakeSpotify
from tests.celery_app import app
from tests.kit.connecting import connect

RESOURCES = conf.RESOURCES
SIZES = {"tracks": 120, "playlists": 3, "artists": 60, "albums": 12, "shows": 12}
WHEN = 1_770_000_000.0  # Spotify's clock, so that two libraries are the same to the second


@dataclass(frozen=True)
class Asking:
    """Who asks, for what."""

    account: SpotifyAccount
    resource: str
    browser: Client
    staff: Client

    def post(self, name: str, *args: str) -> None:
        answer = self.browser.post(reverse(f"spotify_sync:{name}", args=args))
        assert answer.status_code == 202, answer.content

    def act(self, action: str) -> None:
        url = reverse("admin:spotify_sync_spotifyaccount_changelist")
        chosen = {"action": action, "_selected_action": self.account.pk, "confirmed": "yes"}
        answer = self.staff.post(url, chosen)
        assert answer.status_code == 302, answer.content

    def call(self, *options: str) -> None:
        call_command("spotify_sync", "--user", "ada", *options, stdout=io.StringIO())

    def come_due(self) -> None:
        states = SyncState.objects.filter(account=self.account)
        states.update(next_sync_at=None)
        states.filter(resource=self.resource).update(next_sync_at=timezone.now())
        sync_due_accounts.delay()


#: Each door, and the trigger that its runs bear.
DOORS: dict[str, tuple[str, Callable[[Asking], Any]]] = {
    "sync()": ("command", lambda one: sync(one.account, one.resource)),
    "request_sync(), execute()": (
        "user",
        lambda one: execute(request_sync(one.account, one.resource).pk),
    ),
    "request_all(), queue()": ("user", lambda one: queue(*request_all(one.account))),
    "task sync_account": (
        "schedule",
        lambda one: sync_account.delay(account_id=one.account.pk, resource=one.resource),
    ),
    "task sync_account of a run": (
        "user",
        lambda one: sync_account.delay(run_id=request_sync(one.account, one.resource).pk),
    ),
    "task sync_due_accounts": ("schedule", Asking.come_due),
    "POST sync/<resource>/": ("user", lambda one: one.post("sync", one.resource)),
    "POST sync/": ("user", lambda one: one.post("sync-all")),
    "admin: sync now": ("admin", lambda one: one.act(f"sync_{one.resource}")),
    "admin: everything": ("admin", lambda one: one.act("sync_everything")),
    "spotify_sync": ("command", lambda one: one.call("--only", one.resource)),
    "spotify_sync, all resources": ("command", lambda one: one.call()),
    "spotify_sync --queue": ("command", lambda one: one.call("--only", one.resource, "--queue")),
}
FOR_ALL = [
    *("request_all(), queue()", "POST sync/", "admin: everything", "spotify_sync, all resources")
]
BY_RESOURCE = [door for door in DOORS if door not in FOR_ALL and door != "sync()"]
#: What was found behind the plainest door, so that it is walked once.
PLAIN: dict[str, list[Any]] = {}
OF_ITS_OWN = {"id", "account", "trigger", "claim"}  # and all times

#: What a library is, without our primary keys.
ROWS: dict[type[Any], list[str]] = {
    SavedTrack: ["spotify_id", "track__spotify_id", "added_at", "rank", "is_playable"],
    AccountPlaylist: ["playlist__spotify_id", "position", "snapshot_id", "can_read_items"],
    PlaylistItem: ["playlist__spotify_id", "position", "kind", "uri", "track__spotify_id", "title"],
    Playlist: ["spotify_id", "name", "owner_id", "total", "items_snapshot_id"],
    FollowedArtist: ["artist__spotify_id", "position"],
    SavedAlbum: ["spotify_id", "album__spotify_id", "added_at", "is_available"],
    SavedShow: ["spotify_id", "show__spotify_id", "added_at", "is_available"],
    Track: ["spotify_id", "name", "album__spotify_id", "duration_ms", "isrc"],
    TrackArtist: ["track__spotify_id", "artist__spotify_id", "position"],
    Album: ["spotify_id", "name", "release_date"],
    AlbumArtist: ["album__spotify_id", "artist__spotify_id", "position"],
    AlbumTrack: ["album__spotify_id", "track__spotify_id", "position"],
    Show: ["spotify_id", "name", "publisher", "total_episodes"],
    Artist: ["spotify_id", "name"],
}


@contextmanager
def heard() -> Iterator[list[tuple[str, dict[str, Any]]]]:
    told: list[tuple[str, dict[str, Any]]] = []

    def hear(sender: Any, signal: Any, run: SyncRun, **said: Any) -> None:
        assert sender is SyncRun
        if "changes" in said:  # the lines of the journal are another run's each time
            said["changes"] = len(said["changes"])
        told.append((run.resource, said))

    for signal in (sync_finished, sync_failed):
        signal.connect(hear)
    yield told
    for signal in (sync_finished, sync_failed):
        signal.disconnect(hear)


def told_of(run: SyncRun) -> dict[str, Any]:
    """Return the run's record, but for what is each run's own."""
    return {
        field.name: getattr(run, field.name)
        for field in SyncRun._meta.concrete_fields
        if field.name not in OF_ITS_OWN and not field.name.endswith("_at")
    }


def rows() -> dict[str, list[tuple[Any, ...]]]:
    return {
        model.__name__: sorted(model._default_manager.values_list(*columns), key=repr)
        for model, columns in ROWS.items()
    }


#: What is emptied between two walks, who refers to others first.
TABLES: list[Any] = [
    *(PlaylistItem, AccountPlaylist, SavedTrack, FollowedArtist, SavedAlbum, SavedShow),
    *(SyncRun, SyncState),
    *(Playlist, TrackArtist, AlbumArtist, AlbumTrack, Track, Album, Artist, Show),
]


def change(spotify: FakeSpotify) -> None:
    """Change something of everything."""
    spotify.user.like(2)
    spotify.user.unlike([7])
    spotify.user.listed.unfollow([1])
    spotify.user.add_playlist("New", 3)
    spotify.user.unfollow([5])
    spotify.user.follow(1)
    spotify.user.albums.remove(3)
    spotify.user.albums.save(1, tracks=4)
    spotify.user.shows.remove(3)
    spotify.user.shows.save(1)


def walked(ask: Callable[[Asking], Any], one: Asking) -> int | str | None:
    """Ask; return the code that a command exits with."""
    try:
        ask(one)
    except SystemExit as stopped:
        return stopped.code
    return None


@pytest.fixture
def walk(
    transactional_db: None, settings: Any, django_user_model: Any
) -> Callable[[str, str], list[Any]]:
    """Return what walks through a door, before and after a change at Spotify, and what it found behind it."""
    boss = Client()
    boss.force_login(django_user_model.objects.create_superuser("boss", password="boss"))
    settings.SPOTIFY_SYNC_THROTTLE_RATES = {"sync": None, "full_sync": None, "oauth": None}

    def go(door: str, resource: str, refused: str = "", times: int = 2) -> list[Any]:
        for model in TABLES:
            model.objects.all().delete()
        django_user_model.objects.filter(username="ada").delete()
        user = django_user_model.objects.create_user("ada")
        browser = Client()
        browser.force_login(user)
        found = []
        with FakeSpotify(**SIZES, clock=lambda: WHEN) as spotify:
            for name, value in spotify.settings.items():
                setattr(settings, name, value)
            one = Asking(connect(user, spotify), resource, browser, boss)
            if refused:
                spotify.faults.add(refused, status=403, times=None)
            for _ in range(times):
                SyncRun.objects.all().delete()
                trigger, ask = DOORS[door]
                with heard() as signals:
                    exit_code = walked(ask, one)
                runs = SyncRun.objects.all()
                assert {run.trigger for run in runs} == {trigger}
                found.append(
                    {
                        "run": told_of(runs.get(resource=resource)),
                        "signal": [said for name, said in signals if name == resource],
                        "rows": rows(),
                        "resources": {run.resource for run in runs},
                        "exit": exit_code,
                    }
                )
                change(spotify)
        return found

    app.conf.task_always_eager = True
    yield go
    app.conf.task_always_eager = False


@pytest.mark.parametrize(
    ("door", "resource"),
    [
        # A door that asks for all is walked once, whichever resource is looked at behind it.
        *[(door, resource) for door in BY_RESOURCE for resource in RESOURCES],
        *zip(FOR_ALL, ["tracks", "albums", "following", "playlists"], strict=True),
    ],
)
def test_every_door_leads_to_the_same_room(
    walk: Callable[[str, str], list[Any]], door: str, resource: str
) -> None:
    behind = walk(door, resource)
    plain = PLAIN.get(resource) or PLAIN.setdefault(resource, walk("sync()", resource))

    for there, expected in zip(behind, plain, strict=True):
        assert there["run"] == expected["run"]
        assert there["signal"] == expected["signal"]
        asked = there.pop("resources")
        assert resource in asked
        if asked == {resource}:
            assert there["rows"] == expected["rows"]
        else:  # the door asks for all: what is of this resource is among it
            assert asked == set(RESOURCES)
            own = {
                "tracks": ["SavedTrack"],
                "playlists": ["AccountPlaylist", "PlaylistItem", "Playlist"],
                "following": ["FollowedArtist"],
                "albums": ["SavedAlbum", "AlbumTrack"],
                "shows": ["SavedShow", "Show"],
            }
            for name in own[resource]:
                assert there["rows"][name] == expected["rows"][name]
    first, second = plain
    assert first["run"]["status"] == second["run"]["status"] == "succeeded"
    assert [len(said["added"]) > 1 for said in first["signal"]] == [True]
    assert [len(said["removed"]) for said in second["signal"]] == [1]
    assert second["run"]["created"] > 0 < second["run"]["removed"]


@pytest.mark.parametrize("door", DOORS)
def test_every_door_tells_of_a_failure_alike(walk: Any, door: str) -> None:
    """Spotify refuses: the run has failed, nothing is stored, one signal says so, and a command says it by its exit."""
    [first] = walk(door, "tracks", refused="/me/tracks", times=1)

    assert (first["run"]["status"], first["run"]["error_code"]) == ("failed", "forbidden")
    [said] = first["signal"]
    assert said["error"].code == "forbidden"
    assert first["rows"]["SavedTrack"] == []
    if (
        door != "spotify_sync --queue"
    ):  # which does not wait for a worker, as the eager one of this test is
        assert first["exit"] == (1 if door.startswith("spotify_sync") else None)


#: The doors that take a wish for a full pass.
FULL: dict[str, Callable[[Asking], Any]] = {
    "sync()": lambda one: sync(one.account, "tracks", full=True),
    "request_all(), queue()": lambda one: queue(*request_all(one.account, full=True)),
    "task sync_account": lambda one: sync_account.delay(
        account_id=one.account.pk, resource="tracks", full=True
    ),
    "POST sync/<resource>/": lambda one: one.browser.post(
        reverse("spotify_sync:sync", args=["tracks"]), {"full": True}, "application/json"
    ),
    "POST sync/": lambda one: one.browser.post(
        reverse("spotify_sync:sync-all"), {"full": True}, "application/json"
    ),
    "admin: everything in full": lambda one: one.act("sync_in_full"),
    "spotify_sync --full": lambda one: one.call("--full"),
}


@pytest.mark.parametrize("door", FULL)
def test_a_full_pass_is_made_whoever_asks_for_it(
    walk: Any, monkeypatch: pytest.MonkeyPatch, door: str
) -> None:
    monkeypatch.setitem(DOORS, door, (TRIGGERS[door], FULL[door]))

    first, second = walk(door, "tracks")

    assert [one["run"]["full"] for one in (first, second)] == [True, True]
    assert second["run"]["mode"] == "full"  # where a plain one is a delta


TRIGGERS = {door: DOORS[door][0] for door in FULL if door in DOORS} | {
    "admin: everything in full": "admin",
    "spotify_sync --full": "command",
}

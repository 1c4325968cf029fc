"""Every endpoint, tried by everybody who has no business with a user's library: the table below is all of urls.py.

The library is Ada's. What is asked for is hers: her run, her playlist, her state of an attempt to connect.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core import serializers
from django.test import Client

from django_spotify_sync import models, urls
from django_spotify_sync.conf import RESOURCES
from django_spotify_sync.models import SpotifyAccount, SyncRun
from django_spotify_sync.models.library import LIBRARY
from django_spotify_sync.testing import FakeSpotify
from tests.kit.browsing import JSON, begin, browser_of, query_of
from tests.kit.changes import write_change
from tests.kit.connecting import connect
from tests.kit.libraries import account_of, follow, own, put, save, track_of
from tests.kit.losing import loss_of
from tests.kit.saved import SCOPE
from tests.kit.shelves import album_of, save_album, save_audiobook, save_episode, save_show

pytestmark = pytest.mark.django_db

type Answer = tuple[int, str]

OK: Answer = (200, "")
ACCEPTED: Answer = (202, "")
NOT_FOUND: Answer = (404, "not_found")
UNKNOWN: Answer = (400, "unknown_parameter")
NOBODY: Answer = (403, "not_authenticated")
UNCONNECTED: Answer = (409, "not_connected")
LOST: Answer = (409, "reauthorization_required")

#: Who asks: a name of who is not signed in, or what they are.
ASKING = ("anonymous", "another", "staff", "unconnected", "lost")


@dataclass(frozen=True)
class Endpoint:
    """One method of one address, and what it answers to each of those who ask."""

    method: str
    address: str
    another: Answer
    lost: Answer
    anonymous: Answer = NOBODY
    unconnected: Answer = UNCONNECTED
    body: str = ""

    def answer(self, who: str) -> Answer:
        """Being of the staff opens nothing."""
        answer: Answer = getattr(self, "unconnected" if who == "staff" else who)
        return answer


def reading(address: str, *, another: Answer = OK, lost: Answer = OK) -> Endpoint:
    return Endpoint("GET", address, another, lost)


BEGIN = {"anonymous": NOBODY, "another": OK, "unconnected": OK, "lost": OK}
STATE_MISSING = dict.fromkeys(BEGIN, (400, "state_missing"))
OTHER_BROWSER = dict.fromkeys(BEGIN, (400, "state_other_browser"))

MAY_NOT: Answer = (403, "permission_denied")
#: Being of the staff is not enough: see ``tests/rest/test_status.py`` for those who may.
OF_THE_STAFF = Endpoint("GET", "status/", another=MAY_NOT, lost=MAY_NOT, unconnected=MAY_NOT)

#: Each route of urls.py, as it is written there.
ENDPOINTS: dict[str, list[Endpoint]] = {
    "": [reading("")],  # a page; an API client is answered with the account
    "auth/": [Endpoint("GET", "auth/", **BEGIN)],
    "login/": [Endpoint("GET", "login/", **dict.fromkeys(BEGIN, NOT_FOUND))],
    "callback/": [
        Endpoint("GET", "callback/", **STATE_MISSING),
        Endpoint("GET", "callback/?state={state}&code=x", **OTHER_BROWSER),
        Endpoint(
            "POST",
            "callback/",
            body='{{"state": "{state}", "code": "x"}}',
            **{**OTHER_BROWSER, "anonymous": NOBODY},
        ),
    ],
    "account/": [reading("account/")],
    "refresh/": [Endpoint("POST", "refresh/", another=OK, lost=LOST)],
    "disconnect/": [Endpoint("POST", "disconnect/", another=OK, lost=OK)],
    "sync/": [Endpoint("POST", "sync/", another=ACCEPTED, lost=LOST)],
    "sync/<str:resource>/": [
        Endpoint("POST", f"sync/{resource}/", another=ACCEPTED, lost=LOST) for resource in RESOURCES
    ],
    "syncs/": [reading("syncs/")],
    "syncs/<str:pk>/": [reading("syncs/{run}/", another=NOT_FOUND, lost=NOT_FOUND)],
    "changes/": [
        reading("changes/"),
        reading("changes/?resource=tracks&kind=removed&since=2020-01-01T00:00:00Z"),
        reading("changes/?account={account}&run={run}", another=UNKNOWN, lost=UNKNOWN),
    ],
    "syncs/<str:pk>/loss/": [
        reading("syncs/{run}/loss/", another=NOT_FOUND, lost=NOT_FOUND),
        Endpoint(
            "POST",
            "syncs/{run}/loss/",
            another=NOT_FOUND,
            lost=NOT_FOUND,
            body='{{"decision": "accept"}}',
        ),
    ],
    "tracks/": [
        reading("tracks/"),
        reading("tracks/?search=ada&ordering=name"),
        reading("tracks/?artist={artist}"),
        reading("tracks/?account={account}&user={user}", another=UNKNOWN, lost=UNKNOWN),
    ],
    "tracks/contains/": [reading("tracks/contains/?ids={track}")],
    "playlists/": [reading("playlists/")],
    "playlists/<str:spotify_id>/items/": [
        reading("playlists/{playlist}/items/", another=NOT_FOUND, lost=NOT_FOUND),
    ],
    "following/": [reading("following/")],
    "albums/": [
        reading("albums/"),
        reading("albums/?search=ada&ordering=artist"),
        reading("albums/?account={account}&user={user}", another=UNKNOWN, lost=UNKNOWN),
    ],
    "albums/<str:spotify_id>/": [
        reading("albums/{album}/", another=NOT_FOUND, lost=NOT_FOUND),
    ],
    "shows/": [reading("shows/"), reading("shows/?search=ada&ordering=name")],
    "episodes/": [reading("episodes/"), reading("episodes/?search=ada&ordering=name")],
    "audiobooks/": [reading("audiobooks/"), reading("audiobooks/?search=ada&ordering=name")],
    "status/": [OF_THE_STAFF],
    "status/metrics/": [replace(OF_THE_STAFF, address="status/metrics/")],
    "export/": [
        reading("export/"),
        reading("export/?as=exportify&resource=tracks"),
        reading("export/?as=spotify-backup&account={account}", another=UNKNOWN, lost=UNKNOWN),
        reading("export/?playlist={playlist}", another=NOT_FOUND, lost=NOT_FOUND),
    ],
}
EACH = [one for endpoints in ENDPOINTS.values() for one in endpoints]
WRITING = [one for one in EACH if one.method == "POST"]
READING = [one for one in EACH if one.another in (OK, NOT_FOUND) and one not in WRITING]


def each(endpoints: list[Endpoint]) -> pytest.MarkDecorator:
    ids = [f"{one.method} {one.address}" for one in endpoints]
    return pytest.mark.parametrize("endpoint", endpoints, ids=ids)


def test_every_endpoint_is_in_the_table() -> None:
    assert {str(pattern.pattern) for pattern in urls.urlpatterns} == set(ENDPOINTS)


@pytest.fixture(autouse=True)
def nothing_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("django_spotify_sync.tasks.sync_account.apply_async", lambda **task: None)


@pytest.fixture(autouse=True)
def all_is_synced(settings: Any) -> None:
    """Else what is left out would be found by nobody, and prove nothing."""
    settings.SPOTIFY_SYNC_RESOURCES = list(RESOURCES)


@pytest.fixture
def hers(user: Any, spotify: FakeSpotify) -> dict[str, Any]:
    """Give Ada's account a library that says whose it is, and what of it others may ask for."""
    account = account_of(user, "ada-at-spotify", display_name="ada-name")
    saved = save(account, track=track_of("ada-song", artists=["ada-artist"], album="ada-album"))
    playlist = own(account)
    playlist.name, playlist.spotify_id = "ada-list", "adalist"
    playlist.save()
    put(playlist, kind="local", title="ada-tape")
    follow(account, "ada-band")
    album = save_album(account, album_of("ada-record", tracks=2))
    save_show(account, "ada-show")
    save_episode(account, "ada-episode")
    save_audiobook(account, "ada-book")
    loss = loss_of(account, 1, band="ada-lost-band")
    run = loss.run
    write_change(account, "ada-lost-song", "removed", run=run)
    return {
        "account": account.pk,
        "user": user.pk,
        "run": run.pk,
        "track": saved.spotify_id,
        "artist": saved.track.track_artists.get().artist.spotify_id,
        "playlist": playlist.spotify_id,
        "album": album.spotify_id,
        "state": query_of(begin(browser_of(user)))["state"],
    }


@pytest.fixture
def asking(who: str, other_user: Any, spotify: FakeSpotify) -> Client:
    """Give the client of somebody who asks."""
    if who == "anonymous":
        return browser_of()
    if who == "staff":
        get_user_model().objects.filter(pk=other_user.pk).update(is_staff=True)
    if who in ("another", "lost"):
        fill(connect(other_user, spotify, spotify.add_user("grace"), scope=SCOPE))
    if who == "lost":
        SpotifyAccount.objects.filter(user=other_user).update(status="reauthorization_required")
    return browser_of(other_user)


def fill(account: SpotifyAccount) -> None:
    save(account, track=track_of("grace-song", artists=["grace and ada and more"]))
    put(own(account))
    follow(account)
    save_album(account, album_of("grace-record and ada", tracks=1))
    save_show(account, "grace-show and ada")
    save_episode(account, "grace-episode and ada")
    save_audiobook(account, "grace-book and ada")
    SyncRun.objects.create(account=account, resource="tracks", trigger="user", status="queued")
    write_change(account, kind="removed")


def rows_of_others(user: Any) -> str:
    """Return all rows of everybody but this user as one text, so that no change is missed."""
    rows: list[Any] = []
    for model in (*(table.model for table in LIBRARY.values()), SyncRun, models.SpotifyToken):
        rows += model._default_manager.exclude(account__user=user).order_by("pk")
    rows += models.PlaylistItem.objects.exclude(
        playlist__account_playlists__account__user=user
    ).order_by("pk")
    rows += SpotifyAccount.objects.exclude(user=user).order_by("pk")
    rows += models.LibraryChange.objects.exclude(account__user=user).order_by("pk")
    return str(serializers.serialize("json", rows))


def read(response: Any) -> dict[str, Any]:
    """Return an answer in JSON, or what a file holds."""
    return {"file": response.getvalue().decode()} if response.streaming else response.json()


@pytest.mark.parametrize("who", ASKING)
@each(EACH)
def test_nobody_reaches_what_is_hers(
    endpoint: Endpoint, who: str, hers: dict[str, Any], asking: Client, other_user: Any
) -> None:
    before = rows_of_others(other_user)

    response = asking.generic(
        endpoint.method,
        "/spotify/" + endpoint.address.format_map(hers),
        endpoint.body.format_map(hers),
        "application/json",
        headers=JSON,
    )

    status, code = endpoint.answer(who)
    answer = read(response)
    assert (response.status_code, answer.get("code", "")) == (status, code)
    if status >= 400:
        assert set(answer) == {"code", "detail"}
    assert "ada-" not in json.dumps(answer)
    assert rows_of_others(other_user) == before
    if "contains" in endpoint.address and status == 200:
        assert answer == {hers["track"]: False}
    if status == 200 and "results" in answer:
        assert len(answer["results"]) == (0 if "artist=" in endpoint.address else 1)


@each([one for one in READING if one.address not in ("auth/", "login/")])
def test_she_reaches_it_herself(endpoint: Endpoint, hers: dict[str, Any], user: Any) -> None:
    """Else the test above proves nothing."""
    response = browser_of(user).get("/spotify/" + endpoint.address.format_map(hers), headers=JSON)

    assert response.status_code == 200
    answer = read(response)
    if "contains" in endpoint.address:
        assert answer == {hers["track"]: True}
    elif endpoint.address.startswith("sync") and "loss" not in endpoint.address:
        assert str(hers["run"]) in json.dumps(answer)
    else:
        assert "ada-" in json.dumps(answer)


@each(WRITING)
def test_writing_by_session_needs_the_csrf_token(
    endpoint: Endpoint, hers: dict[str, Any], user: Any
) -> None:
    browser = browser_of(user, enforce_csrf_checks=True)

    response = browser.post(
        "/spotify/" + endpoint.address, endpoint.body.format_map(hers), "application/json"
    )

    assert (response.status_code, response.json()["code"]) == (403, "permission_denied")

"""An account as JSON; asked for, and its token refreshed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, connections
from django.test import Client
from django.test.utils import CaptureQueriesContext

from django_spotify_sync import accounts, shared_cache
from django_spotify_sync.accounts import tokens
from django_spotify_sync.conf import conf
from django_spotify_sync.models import SpotifyAccount, SpotifyToken, SyncRun, SyncState
from django_spotify_sync.rest.account import SpotifyAccountSerializer
from django_spotify_sync.spotify import deadlines, oauth
from django_spotify_sync.testing import FakeSpotify
from tests.kit.api import NOON, NOON_JSON, QUEUED_JSON
from tests.kit.browsing import JSON
from tests.kit.connecting import connect
from tests.kit.libraries import save
from tests.kit.shelves import save_album

pytestmark = pytest.mark.django_db


def test_an_account(known: SpotifyAccount, settings: Any) -> None:
    settings.SPOTIFY_SYNC_RESOURCES = ["tracks", "following"]
    SpotifyToken.objects.create(
        account=known, sealed=b"", key_id="", expires_at=NOON, scope="user-follow-read a-scope"
    )
    SyncState.objects.create(account=known, resource="tracks", checked_at=NOON, next_sync_at=NOON)
    for status in ("succeeded", "queued"):
        run = SyncRun.objects.create(
            account=known,
            resource="tracks",
            trigger="user",
            status=status,
            created_at=NOON,
            finished_at=NOON if status == "succeeded" else None,
        )
    save(known)
    save(known)

    assert SpotifyAccountSerializer(known).data == {
        "spotify_id": "ada",
        "display_name": "Ada",
        "image_url": "https://i.example/ada",
        "status": "connected",
        "scopes": ["a-scope", "user-follow-read"],
        "missing_scopes": ["user-library-read"],
        "authorized_at": NOON_JSON,
        "reauthorize_by": NOON_JSON,
        "reauthorize_by_estimated": False,
        "resources": {
            "tracks": {
                "count": 2,
                "checked_at": NOON_JSON,
                "next_sync_at": NOON_JSON,
                "run": {"id": run.pk, **QUEUED_JSON},
            },
            "following": {"count": 0, "checked_at": None, "next_sync_at": None, "run": None},
        },
    }


def test_an_account_costs_as_many_queries_whatever_it_holds(known: SpotifyAccount) -> None:
    """Scopes, missing scopes and the states; of each resource its rows and the latest run."""

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            SpotifyAccountSerializer(known).data  # noqa: B018
        return len(captured)

    before = queries()
    for _ in range(10):
        save(known)
        save_album(known)
        SyncRun.objects.create(account=known, resource="tracks", trigger="user", finished_at=NOON)

    assert queries() == before == 3 + 2 * len(conf.RESOURCES)


# account/


def test_account(ada: Client, account: SpotifyAccount) -> None:
    answer = ada.get("/spotify/account/").json()

    assert answer["spotify_id"] == "ada"
    assert list(answer["resources"]) == ["tracks", "playlists", "following", "albums", "shows"]


def test_account_that_never_was(ada: Client) -> None:
    response = ada.get("/spotify/account/")

    assert response.status_code == 409
    assert response.json() == {
        "code": "not_connected",
        "detail": "No Spotify account is connected.",
    }


def test_account_whose_grant_is_gone_says_so(ada: Client, account: SpotifyAccount) -> None:
    SpotifyAccount.objects.update(status="reauthorization_required")

    assert ada.get("/spotify/account/").json()["status"] == "reauthorization_required"


# refresh/


@pytest.mark.django_db(transaction=True)
def test_a_token_is_refreshed_now(user: Any, ada: Client, spotify: FakeSpotify) -> None:
    account = connect(user, spotify)
    before = SpotifyToken.objects.get()
    spotify.clear_log()

    response = ada.post("/spotify/refresh/")

    after = SpotifyToken.objects.get()
    assert response.status_code == 200
    assert response.json() == {"expires_at": after.expires_at.isoformat().replace("+00:00", "Z")}
    assert after.version == before.version + 1
    assert after.unseal().access != before.unseal().access
    assert [line.path for line in spotify.requests] == ["/api/token"]
    account.refresh_from_db()
    assert account.status == "connected"


@pytest.mark.django_db(transaction=True)
def test_what_a_refresh_finds_out_outlives_the_error_answer(
    user: Any, ada: Client, spotify: FakeSpotify, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With ATOMIC_REQUESTS an error answer rolls back what the view wrote; and no transaction waits for Spotify."""
    monkeypatch.setitem(connection.settings_dict, "ATOMIC_REQUESTS", True)
    connect(user, spotify)
    spotify.revoke()
    changed = []

    def write_to_it(_: object) -> None:
        changed.append(SpotifyAccount.objects.update(image_url="while asking"))
        connections.close_all()

    spotify.faults.add("/api/token", before=write_to_it)

    response = ada.post("/spotify/refresh/")

    assert (response.status_code, response.json()["code"]) == (409, "suspect")
    assert SpotifyAccount.objects.get().status == "suspect"
    assert changed == [1]


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        ({"status": 503}, 502, "spotify_unavailable"),
        ({"status": 400, "reason": "invalid_client"}, 502, "spotify_unavailable"),
        ({"status": 429, "retry_after": 7}, 429, "rate_limited"),
    ],
)
def test_a_refresh_that_fails_for_a_moment(
    user: Any, ada: Client, spotify: FakeSpotify, fault: dict[str, Any], status: int, code: str
) -> None:
    connect(user, spotify)
    spotify.faults.add("/api/token", times=None, **fault)

    response = ada.post("/spotify/refresh/")

    assert (response.status_code, response.json()["code"]) == (status, code)
    assert response.headers.get("Retry-After") == ("7" if status == 429 else None)
    assert SpotifyAccount.objects.get().status == "connected"


class Clock:
    """Time that passes when somebody sleeps, a second at once."""

    def __init__(self) -> None:
        self.passed = 0.0

    def monotonic(self) -> float:
        return self.passed

    def sleep(self, seconds: float) -> None:
        self.passed += 1


def test_a_refresh_that_another_is_at_ends_in_time_for_a_page(
    user: Any, ada: Client, spotify: FakeSpotify, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = connect(user, spotify)
    shared_cache.add(f"refresh:{account.pk}", "a worker", timedelta(minutes=2))
    clock = Clock()
    monkeypatch.setattr(tokens, "time", clock)
    monkeypatch.setattr(deadlines, "time", clock)

    response = ada.post("/spotify/refresh/")

    assert (response.status_code, response.json()["code"]) == (502, "spotify_unavailable")
    assert clock.passed <= 15


@pytest.mark.django_db(transaction=True)
def test_a_refresh_ends_in_time_for_a_page_whatever_spotify_does(
    user: Any, ada: Client, spotify: FakeSpotify, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(user, spotify)
    monkeypatch.setattr(tokens, "PAGE_PATIENCE", 0.5)
    monkeypatch.setattr(oauth, "LEAST", 0.1)
    spotify.faults.add("/api/token", times=None, delay=20)

    assert ada.post("/spotify/refresh/").status_code == 502


@pytest.mark.django_db(transaction=True)
def test_a_refresh_that_has_little_time_left_is_not_sent(
    user: Any, ada: Client, spotify: FakeSpotify, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its answer could come too late, and with it the one token that Spotify still accepts."""
    account = connect(user, spotify)
    spotify.clear_log()
    monkeypatch.setattr(tokens, "PAGE_PATIENCE", oauth.LEAST - 1)

    assert ada.post("/spotify/refresh/").status_code == 502
    assert spotify.count("/api/token") == 0
    assert accounts.refresh(account)


def test_a_refresh_without_an_account(ada: Client) -> None:
    response = ada.post("/spotify/refresh/")

    assert (response.status_code, response.json()["code"]) == (409, "not_connected")


def test_nobody_refreshes_anything(client: Client) -> None:
    assert client.post("/spotify/refresh/", headers=JSON).status_code == 403


def test_refreshes_are_throttled(
    user: Any, ada: Client, spotify: FakeSpotify, settings: Any
) -> None:
    connect(user, spotify)
    settings.SPOTIFY_SYNC_THROTTLE_RATES = {"oauth": "1/day"}

    answers = [ada.post("/spotify/refresh/") for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 429]
    assert answers[1].json()["code"] == "throttled"


def test_a_library_that_was_synced(user: Any, ada: Client, spotify: FakeSpotify) -> None:
    account = connect(user, spotify)
    save(account)

    answer = ada.get("/spotify/account/").json()

    assert answer["resources"]["tracks"]["count"] == 1
    assert answer["missing_scopes"] == []
    assert answer["scopes"] == [
        "playlist-read-collaborative",
        "playlist-read-private",
        "user-follow-read",
        "user-library-read",
    ]

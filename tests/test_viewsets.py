"""The REST doors to the library: whose rows, in which shape, at what cost."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from django_spotify_sync.models import SavedTrack, SpotifyAccount, SpotifyToken, SyncRun
from django_spotify_sync.testing import FakeSpotify
from tests.kit.browsing import JSON, browser_of
from tests.kit.connecting import connect
from tests.kit.libraries import account_of, save
from tests.test_serializers import NOON, NOON_JSON, QUEUED_JSON

pytestmark = pytest.mark.django_db

READ = ["/spotify/account/", "/spotify/syncs/", "/spotify/syncs/1/", "/spotify/tracks/"]


@pytest.fixture
def account(user: Any) -> SpotifyAccount:
    return account_of(user, "ada")


@pytest.fixture
def ada(user: Any) -> Client:
    return browser_of(user)


@pytest.fixture
def grace(other_user: Any) -> Client:
    return browser_of(other_user)


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Give what would have been handed to the broker."""
    sent: list[dict[str, Any]] = []
    monkeypatch.setattr(
        "django_spotify_sync.tasks.sync_account.apply_async", lambda **task: sent.append(task)
    )
    return sent


def run_of(account: SpotifyAccount, **values: Any) -> SyncRun:
    return SyncRun.objects.create(
        account=account, resource="tracks", trigger="user", created_at=NOON, **values
    )


# Who may see what


@pytest.mark.parametrize("url", READ)
def test_nobody_sees_anything(client: Client, url: str) -> None:
    response = client.get(url, headers=JSON)

    assert response.status_code == 403
    assert response.json()["code"] == "not_authenticated"


def test_nobody_syncs_anything(client: Client) -> None:
    response = client.post("/spotify/sync/tracks/")

    assert (response.status_code, response.json()["code"]) == (403, "not_authenticated")
    assert not SyncRun.objects.exists()


@pytest.mark.parametrize("number", [0, 10**6, 2**63, 10**30, -1, "x", "1.0", "%00"])
def test_runs_of_nobody_are_not_found(ada: Client, account: SpotifyAccount, number: int) -> None:
    response = ada.get(f"/spotify/syncs/{number}/")

    assert response.status_code == 404
    assert response.json() == {"code": "not_found", "detail": "Not found."}


def test_rows_of_others_are_not_found(
    ada: Client, grace: Client, account: SpotifyAccount, other_user: Any
) -> None:
    run = run_of(account)
    save(account)

    account_of(other_user)

    assert ada.get(f"/spotify/syncs/{run.pk}/").status_code == 200
    assert grace.get(f"/spotify/syncs/{run.pk}/").status_code == 404
    assert grace.get("/spotify/syncs/").json()["results"] == []
    assert grace.get("/spotify/tracks/").json()["results"] == []
    for name in ("account", "user", "account_id", "user_id"):
        query = {name: str(account.pk)}
        assert grace.get("/spotify/tracks/", query).json()["code"] == "unknown_parameter"


def test_two_users_each_see_their_own(
    ada: Client, grace: Client, account: SpotifyAccount, other_user: Any
) -> None:
    mine, theirs = save(account), save(account_of(other_user, "grace"))

    for client, saved in ((ada, mine), (grace, theirs)):
        [track] = client.get("/spotify/tracks/").json()["results"]
        assert track["spotify_id"] == saved.spotify_id
    assert grace.get("/spotify/account/").json()["spotify_id"] == "grace"


# account/


def test_account(ada: Client, account: SpotifyAccount) -> None:
    answer = ada.get("/spotify/account/").json()

    assert answer["spotify_id"] == "ada"
    assert set(answer["resources"]) == {"tracks", "playlists", "following"}


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


# sync/


@pytest.mark.django_db(transaction=True)
def test_asking_for_a_sync(
    ada: Client, account: SpotifyAccount, sent: list[dict[str, Any]]
) -> None:
    response = ada.post("/spotify/sync/tracks/", {"full": True}, "application/json")

    run = SyncRun.objects.get()
    assert response.status_code == 202
    assert response["Location"] == f"/spotify/syncs/{run.pk}/"
    answer = response.json()
    assert answer == {"id": run.pk, **QUEUED_JSON, "created_at": answer["created_at"]}
    assert ada.get(response["Location"]).json() == answer
    assert (run.full, run.trigger) == (True, "user")
    assert sent == [{"kwargs": {"run_id": run.pk}}]


@pytest.mark.django_db(transaction=True)
def test_asking_twice_makes_one_run(
    ada: Client, account: SpotifyAccount, sent: list[dict[str, Any]]
) -> None:
    first, second = (ada.post("/spotify/sync/tracks/") for _ in range(2))

    assert first.json() == second.json()
    assert SyncRun.objects.count() == len(sent) == 1


@pytest.mark.django_db(transaction=True)
def test_nothing_is_handed_over_before_the_host_s_transaction_commits(
    ada: Client,
    account: SpotifyAccount,
    sent: list[dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(connection.settings_dict, "ATOMIC_REQUESTS", True)
    open_when_sent = []
    monkeypatch.setattr(
        "django_spotify_sync.tasks.sync_account.apply_async",
        lambda **task: open_when_sent.append(connection.in_atomic_block),
    )

    assert ada.post("/spotify/sync/tracks/").status_code == 202
    assert ada.post("/spotify/sync/nonsense/").status_code == 404
    assert open_when_sent == [False]


@pytest.mark.parametrize(
    ("status", "code"),
    [
        ("disconnected", "not_connected"),
        ("suspect", "suspect"),
        ("reauthorization_required", "reauthorization_required"),
    ],
)
def test_a_sync_without_a_grant(
    ada: Client, account: SpotifyAccount, status: str, code: str
) -> None:
    judge_at = timezone.now() + timedelta(minutes=1)
    SpotifyAccount.objects.update(status=status, judge_at=judge_at)

    response = ada.post("/spotify/sync/tracks/")

    assert (response.status_code, response.json()["code"]) == (409, code)
    assert not SyncRun.objects.exists()


def test_a_suspect_that_is_due_is_looked_at_by_who_asks_for_a_sync(
    ada: Client, account: SpotifyAccount, sent: list[dict[str, Any]]
) -> None:
    SpotifyAccount.objects.update(status="suspect", judge_at=timezone.now())

    assert ada.post("/spotify/sync/tracks/").status_code == 202


def test_a_sync_without_an_account(ada: Client) -> None:
    response = ada.post("/spotify/sync/tracks/")

    assert (response.status_code, response.json()["code"]) == (409, "not_connected")


@pytest.mark.parametrize("resource", ["podcasts", "Tracks", "%00", "a b", "ü"])
def test_a_sync_of_what_there_is_not(ada: Client, account: SpotifyAccount, resource: str) -> None:
    response = ada.post(f"/spotify/sync/{resource}/")

    assert (response.status_code, response.json()["code"]) == (404, "unknown_resource")


@pytest.mark.parametrize(
    "body", [{"full": "perhaps"}, {"full": None}, {"full": [True]}, {"full": {}}, [1], "x"]
)
def test_a_wish_that_is_none(ada: Client, account: SpotifyAccount, body: object) -> None:
    response = ada.post("/spotify/sync/tracks/", json.dumps(body), "application/json")

    assert (response.status_code, response.json()["code"]) == (400, "invalid")
    assert not SyncRun.objects.exists()


def test_a_session_needs_the_csrf_token(user: Any, account: SpotifyAccount) -> None:
    browser = browser_of(user, enforce_csrf_checks=True)

    response = browser.post("/spotify/sync/tracks/")

    assert (response.status_code, response.json()["code"]) == (403, "permission_denied")
    assert not SyncRun.objects.exists()


# syncs/


def test_runs_come_newest_first(ada: Client, account: SpotifyAccount) -> None:
    runs = [run_of(account, finished_at=NOON) for _ in range(3)]

    page = ada.get("/spotify/syncs/").json()

    assert [run["id"] for run in page["results"]] == [run.pk for run in reversed(runs)]
    assert page["results"][0]["finished_at"] == NOON_JSON
    assert (page["next"], page["previous"]) == (None, None)


def test_no_claim_is_shown(ada: Client, account: SpotifyAccount) -> None:
    run = run_of(account)
    run.start()

    answer = ada.get(f"/spotify/syncs/{run.pk}/").content.decode()

    assert str(run.claim) not in answer
    assert run.claim
    assert run.claim.hex not in answer


# tracks/


def test_entries_without_a_track_are_left_out(ada: Client, account: SpotifyAccount) -> None:
    saved = save(account)
    SavedTrack.objects.create(account=account, rank=10**9)

    [track] = ada.get("/spotify/tracks/").json()["results"]

    assert track["spotify_id"] == saved.spotify_id


def test_a_page_holds_fifty(ada: Client, account: SpotifyAccount) -> None:
    for _ in range(51):
        save(account)

    page = ada.get("/spotify/tracks/", {"page_size": "1000", "limit": "1000"}).json()

    assert len(page["results"]) == 50
    assert len(ada.get(page["next"]).json()["results"]) == 1


@pytest.mark.parametrize("url", ["/spotify/tracks/", "/spotify/syncs/", "/spotify/account/"])
def test_fifty_rows_cost_as_many_queries_as_ten(
    ada: Client, account: SpotifyAccount, url: str
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert ada.get(url).status_code == 200
        return len(captured)

    for _ in range(10):
        save(account)
        run_of(account, finished_at=NOON)
    ten = queries()
    for _ in range(40):
        save(account)
        run_of(account, finished_at=NOON)

    assert queries() == ten <= 11


@pytest.mark.parametrize("url", READ)
def test_reading_writes_nothing(ada: Client, url: str) -> None:
    for method in ("post", "put", "patch", "delete"):
        response = getattr(ada, method)(url)
        assert (response.status_code, response.json()["code"]) == (405, "method_not_allowed")


def test_a_library_that_was_synced(user: Any, ada: Client, spotify: FakeSpotify) -> None:
    account = connect(user, spotify)
    save(account)

    answer = ada.get("/spotify/account/").json()

    assert answer["resources"]["tracks"]["count"] == 1
    assert answer["scopes"] == [
        "playlist-read-collaborative",
        "playlist-read-private",
        "user-follow-read",
        "user-library-read",
    ]

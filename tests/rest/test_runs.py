"""Runs as JSON, who may ask for them, and at what cost they are read."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from django_spotify_sync.conf import conf
from django_spotify_sync.errors import message_for
from django_spotify_sync.models import SpotifyAccount, SpotifyToken, SyncRun
from django_spotify_sync.rest.runs import SyncRequestSerializer, SyncRunSerializer
from tests.kit.api import NOON, NOON_JSON, QUEUED_JSON, run_of
from tests.kit.browsing import browser_of
from tests.kit.libraries import save

pytestmark = pytest.mark.django_db


def test_nobody_syncs_anything(client: Client) -> None:
    response = client.post("/spotify/sync/tracks/")

    assert (response.status_code, response.json()["code"]) == (403, "not_authenticated")
    assert not SyncRun.objects.exists()


@pytest.mark.parametrize("number", [0, 10**6, 2**63, 10**30, -1, "x", "1.0", "%00"])
def test_runs_of_nobody_are_not_found(ada: Client, account: SpotifyAccount, number: int) -> None:
    response = ada.get(f"/spotify/syncs/{number}/")

    assert response.status_code == 404
    assert response.json() == {"code": "not_found", "detail": "Not found."}


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


def test_a_sync_that_the_site_does_not_allow(
    ada: Client, account: SpotifyAccount, sent: list[dict[str, Any]], settings: Any
) -> None:
    """It is refused where it is named, left out where it is not, and nobody is asked about what does not exist."""
    settings.SPOTIFY_SYNC_RESOURCES = ["tracks", "following"]
    settings.SPOTIFY_SYNC_MAY_SYNC = lambda account, resource, trigger: {
        "tracks": trigger != "user",
        "following": True,
    }[resource]

    refused = ada.post("/spotify/sync/tracks/")
    unknown = ada.post("/spotify/sync/nonsense/")
    allowed = ada.post("/spotify/sync/following/")
    together = ada.post("/spotify/sync/")

    assert (refused.status_code, refused.json()["code"]) == (403, "permission_denied")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "unknown_resource")
    assert allowed.status_code == 202
    assert [run["resource"] for run in together.json()["runs"]] == ["following"]


def test_a_sync_that_the_user_has_not_agreed_to(
    ada: Client, account: SpotifyAccount, sent: list[dict[str, Any]], settings: Any
) -> None:
    """It is refused where it is named, left out where it is not, and the account says why."""
    settings.SPOTIFY_SYNC_RESOURCES = ["albums", "episodes"]
    SpotifyToken.objects.create(
        account=account, sealed=b"", key_id="", expires_at=NOON, scope="user-library-read"
    )

    named = ada.post("/spotify/sync/episodes/")
    together = ada.post("/spotify/sync/")

    assert named.status_code == 409
    assert named.json() == {
        "code": "insufficient_scope",
        "detail": message_for("insufficient_scope"),
    }
    assert [run["resource"] for run in together.json()["runs"]] == ["albums"]
    assert ada.get("/spotify/account/").json()["missing_scopes"] == ["user-read-playback-position"]


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


@pytest.mark.parametrize(
    "body",
    [
        "[" * 100_000,
        '{"full":' * 100_000,
        "[" * 100_000 + "]" * 100_000,
        '{"full": ' + "[" * 500 + "]" * 500 + "}",
    ],
    ids=["brackets", "braces", "closed", "as deep as Python reads"],
)
@pytest.mark.parametrize("path", ["/spotify/sync/", "/spotify/sync/tracks/"])
def test_json_of_absurd_depth(ada: Client, account: SpotifyAccount, path: str, body: str) -> None:
    answer = ada.post(path, body, "application/json")

    assert (answer.status_code, set(answer.json())) == (400, {"code", "detail"})
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

    assert queries() == ten <= 6 + 2 * len(conf.RESOURCES)  # of each, its rows and the latest run


def test_a_run_that_is_queued(account: SpotifyAccount) -> None:
    run = SyncRun.objects.create(
        account=account, resource="tracks", trigger="user", created_at=NOON
    )

    assert SyncRunSerializer(run).data == {"id": run.pk, **QUEUED_JSON}


def test_a_run_that_ended(account: SpotifyAccount) -> None:
    run = SyncRun.objects.create(
        account=account,
        resource="tracks",
        trigger="schedule",
        status="failed",
        mode="full",
        reason="drift",
        done=1,
        total=2,
        requests=3,
        created=4,
        updated=5,
        unchanged=6,
        removed=7,
        skipped=8,
        skipped_reasons={"null_track": 8},
        error_code="spotify_unavailable",
        error_detail="It rained.",
        created_at=NOON,
        started_at=NOON,
        finished_at=NOON,
        resume_at=NOON,
    )

    assert SyncRunSerializer(run).data == {
        "id": run.pk,
        "resource": "tracks",
        "status": "failed",
        "mode": "full",
        "trigger": "schedule",
        "reason": "drift",
        "done": 1,
        "total": 2,
        "requests": 3,
        "counts": {"created": 4, "updated": 5, "unchanged": 6, "removed": 7, "skipped": 8},
        "created_at": NOON_JSON,
        "started_at": NOON_JSON,
        "finished_at": NOON_JSON,
        "resume_at": NOON_JSON,
        "error": {"code": "spotify_unavailable", "detail": message_for("spotify_unavailable")},
    }


@pytest.mark.parametrize(
    ("body", "full"), [({}, False), ({"full": True}, True), ({"full": "false"}, False)]
)
def test_what_a_request_asks_for(body: dict[str, Any], full: bool) -> None:
    wish = SyncRequestSerializer(data=body)

    assert wish.is_valid()
    assert wish.validated_data == {"full": full}

"""Rows as JSON, key by key as the public contract has them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from django_spotify_sync.models import SpotifyAccount, SpotifyToken, SyncRun, SyncState
from django_spotify_sync.rest.account import SpotifyAccountSerializer
from django_spotify_sync.rest.runs import SyncRequestSerializer, SyncRunSerializer
from tests.libraries import account_of, save

pytestmark = pytest.mark.django_db

TOKYO = timezone(timedelta(hours=9))
NOON = datetime(2026, 3, 1, 21, 0, 0, tzinfo=TOKYO)
NOON_JSON = "2026-03-01T12:00:00Z"


@pytest.fixture
def account(user: Any) -> SpotifyAccount:
    return account_of(
        user,
        "ada",
        display_name="Ada",
        image_url="https://i.example/ada",
        authorized_at=NOON,
        reauthorize_by=NOON,
    )


QUEUED_JSON = {
    "resource": "tracks",
    "status": "queued",
    "mode": None,
    "trigger": "user",
    "reason": None,
    "done": 0,
    "total": None,
    "requests": 0,
    "counts": {"created": 0, "updated": 0, "unchanged": 0, "removed": 0, "skipped": 0},
    "created_at": NOON_JSON,
    "started_at": None,
    "finished_at": None,
    "resume_at": None,
    "error": None,
}


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
        "error": {"code": "spotify_unavailable", "detail": "It rained."},
    }


def test_an_account(account: SpotifyAccount, settings: Any) -> None:
    settings.SPOTIFY_SYNC_RESOURCES = ["tracks", "following"]
    SpotifyToken.objects.create(
        account=account, sealed=b"", key_id="", expires_at=NOON, scope="b-scope a-scope"
    )
    SyncState.objects.create(account=account, resource="tracks", checked_at=NOON, next_sync_at=NOON)
    for status in ("succeeded", "queued"):
        run = SyncRun.objects.create(
            account=account,
            resource="tracks",
            trigger="user",
            status=status,
            created_at=NOON,
            finished_at=NOON if status == "succeeded" else None,
        )
    save(account)
    save(account)

    assert SpotifyAccountSerializer(account).data == {
        "spotify_id": "ada",
        "display_name": "Ada",
        "image_url": "https://i.example/ada",
        "status": "connected",
        "scopes": ["a-scope", "b-scope"],
        "authorized_at": NOON_JSON,
        "reauthorize_by": NOON_JSON,
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


def test_an_account_costs_as_many_queries_whatever_it_holds(account: SpotifyAccount) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            SpotifyAccountSerializer(account).data  # noqa: B018
        return len(captured)

    before = queries()
    for _ in range(10):
        save(account)
        SyncRun.objects.create(account=account, resource="tracks", trigger="user", finished_at=NOON)

    assert queries() == before <= 8


@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Asia/Kathmandu"])
def test_times_are_utc_wherever_the_site_is(
    account: SpotifyAccount, settings: Any, zone: str
) -> None:
    settings.TIME_ZONE = zone
    account.refresh_from_db()

    assert SpotifyAccountSerializer(account).data["authorized_at"] == NOON_JSON
    assert account.authorized_at == datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("body", "full"), [({}, False), ({"full": True}, True), ({"full": "false"}, False)]
)
def test_what_a_request_asks_for(body: dict[str, Any], full: bool) -> None:
    wish = SyncRequestSerializer(data=body)

    assert wish.is_valid()
    assert wish.validated_data == {"full": full}

"""How the whole app stands; what the command prints of it: ``tests/management/commands/test_spotify_status.py``."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from django_spotify_sync.models import Hour, SpotifyAccount, SyncRun, SyncState
from django_spotify_sync.models.hours import add_to_hour, hour_of, note_look
from django_spotify_sync.upkeep.status import HOURS, read_status
from tests.kit.libraries import people

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture(autouse=True)
def now(monkeypatch):
    """Stand in the middle of an hour, so that no test runs across the end of one."""
    now = hour_of(timezone.now()) + HOUR / 2
    monkeypatch.setattr(timezone, "now", lambda: now)
    return now


def test_hours_are_told_without_a_gap_and_all_resources_together(now):
    add_to_hour("tracks", succeeded=1, nothing=2, requests=3)
    add_to_hour("albums", succeeded=4, partial=5, rate_limited=6)
    add_to_hour("", requests=7)
    add_to_hour("tracks", at=now - 47 * HOUR, failed=1, lost=2, quota_met=3, waited=4)
    add_to_hour("tracks", at=now - 48 * HOUR, failed=99)
    note_look(due=8, oldest_due=90)

    hours = read_status().hours

    assert [hour.at for hour in hours] == [
        hour_of(now) - number * HOUR for number in reversed(range(HOURS))
    ]
    last, first = hours[-1], hours[0]
    assert (last.succeeded, last.nothing, last.partial, last.failed) == (5, 2, 5, 0)
    assert (last.requests, last.rate_limited) == (10, 6)
    assert (last.looked, last.due, last.oldest_due) == (True, 8, 90)
    assert (first.failed, first.lost, first.quota_met, first.waited) == (1, 2, 3, 4)
    assert not first.looked


def test_runs_that_ended_are_counted_though_they_left_no_row(now):
    [account] = people(1)
    add_to_hour("tracks", succeeded=1, nothing=2, partial=3, failed=4, lost=5)
    add_to_hour("tracks", at=now - 25 * HOUR, succeeded=99)
    cancelled = {"account": account, "status": "cancelled", "resource": "tracks"}
    SyncRun.objects.create(finished_at=now - HOUR, **cancelled)
    SyncRun.objects.create(finished_at=now - 25 * HOUR, **cancelled)
    SyncRun.objects.create(account=account, resource="tracks")

    counted = {name: count for name, count in read_status().runs.items() if count}

    assert counted == {
        "queued": 1,
        "succeeded": 3,
        "partial": 3,
        "failed": 4,
        "lost": 5,
        "cancelled": 1,
    }


def test_grants_that_end_soon_are_counted(now):
    accounts = people(5)
    for account, days in zip(accounts, (-1, 6, 8, 29, 31), strict=True):
        SpotifyAccount.objects.filter(pk=account.pk).update(reauthorize_by=now + days * DAY)
    [gone] = people(1, status="reauthorization_required", first=10)
    SpotifyAccount.objects.filter(pk=gone.pk).update(reauthorize_by=now)

    assert read_status().grants == {7: 2, 30: 4}


def test_the_pace_of_an_hour(settings):
    settings.SPOTIFY_SYNC_REQUESTS_PER_WINDOW = 180
    assert read_status().pace_an_hour == 21_600

    settings.SPOTIFY_SYNC_REQUESTS_PER_WINDOW = None
    assert read_status().pace_an_hour is None


def test_the_sentence_is_that_of_the_worst_lamp(settings):
    assert (read_status().ok, read_status().sentence) == (True, "All is well.")

    settings.SPOTIFY_SYNC_FERNET_KEYS = []

    status = read_status()
    assert (status.ok, status.worst_lamp, status.keys) == (False, "keys", [])
    assert status.sentence == status.lamps["keys"].sentence
    assert status.as_json()["sentence"] == status.sentence


def test_it_costs_the_same_however_many_there_are(now):
    def fill(first: int, count: int) -> None:
        for account in people(count, first=first):
            failing = SyncState.objects.create(
                account=account, resource="tracks", next_sync_at=now, failures=1
            )
            SyncRun.objects.create(
                account=account, resource=failing.resource, status="failed", finished_at=now
            )

    def statements() -> int:
        with CaptureQueriesContext(connection) as queries:
            read_status()
        return len(queries)

    fill(0, 1)
    statements()
    few = statements()
    fill(10, 20)
    Hour.objects.bulk_create(
        Hour(at=hour_of(now) - number * HOUR, resource="tracks") for number in range(100)
    )

    assert statements() == few <= 15

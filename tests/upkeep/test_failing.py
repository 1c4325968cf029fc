"""Who fails most often in a row."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from django_spotify_sync.models import SyncRun, SyncState
from django_spotify_sync.sync import sync
from django_spotify_sync.upkeep.failing import worst_failures
from tests.kit.connecting import connect
from tests.kit.libraries import people

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def failing(account, failures=1, **values) -> SyncState:
    given = {"account": account, "resource": "tracks", "failures": failures}
    return SyncState.objects.create(**given | values)


def failed(account, ago: timedelta, **values) -> SyncRun:
    at = timezone.now() - ago
    given = {"account": account, "resource": "tracks", "status": "failed", "trigger": "schedule"}
    return SyncRun.objects.create(created_at=at, finished_at=at, **given | values)


def test_the_ten_worst_come_first(db):
    accounts = people(12)
    for number, account in enumerate(accounts):
        failing(account, number)

    worst = worst_failures("default")

    assert [one.failures for one in worst] == [11, 10, 9, 8, 7, 6, 5, 4, 3, 2]
    assert worst[0].name == accounts[11].spotify_id
    assert (worst[0].run, worst[0].since, worst[0].error) == (None, None, "")


def test_one_that_fails_is_told_since_when_and_why(db):
    [account] = people(1)
    state = failing(account, 2, checked_at=timezone.now() - 5 * HOUR)
    failed(account, 9 * HOUR, error_code="quota_exceeded")  # before the last good one
    failed(account, 1 * HOUR, resource="albums", error_code="not_found")
    first = failed(account, 4 * HOUR, error_code="cache_unavailable")
    last = failed(
        account, 2 * HOUR, error_code="spotify_unavailable", error_detail="GET /me answered 503."
    )

    [one] = worst_failures("default")

    assert (one.state, one.account, one.run) == (state.pk, account.pk, last.pk)
    assert one.since == first.finished_at
    assert (one.code, one.detail) == ("spotify_unavailable", "GET /me answered 503.")
    assert one.error == last.error_words != ""


def test_a_lost_run_is_a_failure_in_words_of_its_own(db):
    [account] = people(1)
    failing(account)
    failed(account, HOUR, status="lost", reason="heartbeat")

    [one] = worst_failures("default")

    assert (one.code, one.error, one.detail) == ("lost", "lost", "heartbeat")


def test_what_is_not_synced_fails_no_more(db, settings):
    lost, gone, there = people(3)
    type(lost).objects.filter(pk=lost.pk).update(status="reauthorization_required")
    failing(lost)
    failing(gone, resource="audiobooks")  # which this site does not sync
    failing(there)

    assert [one.account for one in worst_failures("default")] == [there.pk]


@pytest.mark.django_db(transaction=True)
def test_a_real_failure_is_told_until_a_sync_goes_well(user, spotify):
    account = connect(user, spotify)
    sync(account, "tracks")
    spotify.faults.add("/me/tracks", status=501, times=1)
    run = sync(account, "tracks")

    [one] = worst_failures("default")
    assert (one.run, one.failures, one.since) == (run.pk, 1, run.finished_at)

    sync(account, "tracks")
    assert worst_failures("default") == []

"""What runs add to the hour in which they end, or are put down."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import DatabaseError, InterfaceError, connection
from django.test.utils import CaptureQueriesContext

from django_spotify_sync.models import Hour, SyncRun
from django_spotify_sync.sync import execute, request_sync, sync
from django_spotify_sync.sync.runs import counting
from django_spotify_sync.testing import Quota
from tests.kit.connecting import let_pauses_end
from tests.kit.crowds import age

TABLE = Hour._meta.db_table


@pytest.fixture(autouse=True)
def nothing_counted(account):
    """Begin after connecting, which is counted too."""
    Hour.objects.all().delete()


def counted(resource: str = "tracks") -> dict[str, int]:
    """Return what this resource has added up, of all hours: a test may run across the end of one."""
    total: dict[str, int] = {}
    fields = [field.name for field in Hour._meta.concrete_fields]
    for hour in Hour.objects.filter(resource=resource).values(*fields[3:]):
        for name, number in hour.items():
            if number:
                total[name] = total.get(name, 0) + number
    return total


def test_runs_are_counted_by_outcome_each_by_one_statement(account, spotify):
    with CaptureQueriesContext(connection) as queries:
        first = sync(account, "tracks")
    check = execute(request_sync(account, "tracks", trigger="schedule").pk)

    assert len([query for query in queries if TABLE in query["sql"]]) == 1
    assert TABLE in queries[-1]["sql"], "when all else is written"
    assert counted() == {
        "succeeded": 1,
        "nothing": 1,
        "requests": first.requests + check.requests,
        "whole_passes": 1,
        "whole_requests": first.requests,
        "checks": 1,
        "check_requests": check.requests,
    }


def test_a_run_that_fails_is_counted_with_what_it_asked(account, spotify, impatient):
    spotify.faults.add("/me/tracks", nth=2, status=501, times=None)

    run = sync(account, "tracks")

    assert counted() == {"failed": 1, "requests": run.requests}
    assert run.requests >= 2


def test_a_429_is_counted_and_the_pause_that_it_asks_for(account, spotify, settings):
    settings.SPOTIFY_SYNC_MAX_WAIT = timedelta(seconds=1)
    spotify.faults.add("/me/tracks", nth=1, status=429, retry_after=3600)

    run = sync(account, "tracks")

    assert run.status == "waiting"
    waited = counted()
    assert 3500 < waited.pop("waited") < 3700
    assert waited == {"requests": 1, "rate_limited": 1}


def test_each_attempt_counts_what_it_asked_and_the_last_one_how_it_ended(
    account, spotify, settings
):
    settings.SPOTIFY_SYNC_MAX_WAIT = timedelta(seconds=1)
    spotify.faults.add("/me/tracks", nth=1, status=429, retry_after=3600)
    sync(account, "tracks")
    let_pauses_end()

    run = sync(account, "tracks")

    assert run.status == "succeeded"
    assert (counted()["succeeded"], counted()["requests"]) == (1, run.requests)


def test_a_quota_is_counted(account, spotify):
    spotify.quota = Quota(requests=0)

    sync(account, "tracks")

    assert counted()["quota_met"] == counted()["rate_limited"] == 1


def test_a_lost_run_is_counted_where_it_is_found(account):
    run = request_sync(account, "tracks")
    run.start()
    age(run, heartbeat_at=timedelta(minutes=3))

    request_sync(account, "tracks")

    assert counted() == {"lost": 1}


def test_a_run_that_was_taken_over_counts_what_it_asked_and_no_end(account, spotify):
    def lose(fake):
        SyncRun.objects.update(status="failed", claim=None, finished_at="2026-11-28T12:00Z")
        connection.close()

    spotify.faults.add("/me/tracks", nth=2, before=lose)

    run = sync(account, "tracks")

    assert run.status == "failed"
    assert set(counted()) == {"requests"}


@pytest.mark.parametrize("error", [DatabaseError, InterfaceError])
def test_a_run_is_done_whether_it_can_be_counted_or_not(account, monkeypatch, caplog, error):
    def away(*args, **counts):
        raise error

    monkeypatch.setattr(counting, "add_to_hour", away)

    assert sync(account, "tracks").status == "succeeded"
    assert f"was not counted ({error.__name__})" in caplog.text


def test_requests_for_tokens_belong_to_no_resource(account, spotify):
    spotify.expire_access_tokens()

    sync(account, "tracks")

    assert counted("") == {"requests": 1}

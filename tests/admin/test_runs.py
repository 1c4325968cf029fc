"""A run as the admin shows it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from django_spotify_sync.conf import conf
from django_spotify_sync.models import SpotifyAccount, SyncRun, SyncState
from tests.kit.administering import address, text_of
from tests.kit.libraries import EPOCH, account_of

pytestmark = pytest.mark.django_db


def test_a_run_says_how_far_it_is_and_why_it_failed(staff: Client, user: Any) -> None:
    account = account_of(user)
    run = SyncRun.objects.create(
        account=account, resource="tracks", trigger="user", status="running", done=30, total=120
    )
    failed = SyncRun.objects.create(
        account=account,
        resource="following",
        trigger="admin",
        status="failed",
        error_code="app_forbidden",
        error_detail="Look at the allow-list.",
        finished_at=EPOCH,
    )

    page = text_of(staff, SyncRun, "changelist")
    assert 'max="120" value="30"' in page
    assert "30 / 120" in page
    assert "?error=app_forbidden" in page
    assert address(SpotifyAccount, "change", account.pk) in page
    only = text_of(staff, SyncRun, "changelist", error="app_forbidden")
    assert address(SyncRun, "change", failed.pk) in only
    assert address(SyncRun, "change", run.pk) not in only
    assert "Look at the allow-list." in text_of(staff, SyncRun, "change", failed.pk)


def run_of(user: Any, **values: Any) -> SyncRun:
    account = SpotifyAccount.objects.filter(user=user).first() or account_of(user)
    return SyncRun.objects.create(
        **{"account": account, "resource": "tracks", "trigger": "user"} | values
    )


def shown(client: Client, **query: str) -> set[int]:
    """Return the ids of the runs that a list has."""
    runs = SyncRun.objects.all()
    page = text_of(client, SyncRun, "changelist", **query)
    return {run.pk for run in runs if address(SyncRun, "change", run.pk) in page}


def test_a_run_whose_worker_is_gone_is_silent(staff: Client, user: Any) -> None:
    gone = timezone.now() - conf.LOST_AFTER - timedelta(minutes=1)
    silent = run_of(user, status="running", heartbeat_at=gone)
    healthy = run_of(user, status="running", heartbeat_at=timezone.now(), resource="albums")

    for page in (
        text_of(staff, SyncRun, "changelist", life="silent"),
        text_of(staff, SyncRun, "change", silent.pk),
    ):
        assert 'is-bad">silent' in page
    assert shown(staff, life="silent") == {silent.pk}
    assert shown(staff, life="?") == {silent.pk, healthy.pk}
    assert 'is-plain">running' in text_of(staff, SyncRun, "change", healthy.pk)
    accounts = text_of(staff, SpotifyAccount, "changelist")
    assert accounts.count('is-bad">silent') == 2  # of the account, and of that run


def test_a_waiting_run_says_until_when(staff: Client, user: Any, settings: Any) -> None:
    settings.TIME_ZONE = "UTC"
    noon = timezone.now().replace(year=2100, hour=12, minute=34)
    run_of(user, status="waiting", reason="rate_limited", resume_at=noon)

    page = text_of(staff, SyncRun, "changelist")

    assert "rate_limited" in page
    assert f"until {noon:%m/%d/%Y} 12:34 p.m." in page


def test_a_run_says_how_long_it_took(staff: Client, user: Any) -> None:
    ended = {"started_at": EPOCH, "status": "succeeded"}
    quick = run_of(user, finished_at=EPOCH + timedelta(seconds=65), created=1234, **ended)
    run_of(user, finished_at=EPOCH + timedelta(hours=2, seconds=5), **ended)
    run_of(user)

    page = text_of(staff, SyncRun, "changelist")

    assert [time for time in ("1:05", "2:00:05", "—") if f'field-time">{time}<' in page] == [
        "1:05",
        "2:00:05",
        "—",
    ]
    assert "+1,234" in page
    assert "1,234<" in text_of(staff, SyncRun, "change", quick.pk)


def test_runs_are_filtered_by_when_they_were_asked_for(staff: Client, user: Any) -> None:
    now = timezone.now()
    runs = [
        run_of(user, finished_at=now, created_at=now - timedelta(hours=hours)).pk
        for hours in (0, 2, 25)
    ]

    assert shown(staff, hours="1") == {runs[0]}
    assert shown(staff, hours="24") == set(runs[:2])
    assert shown(staff, hours="168") == shown(staff, hours="9" * 30) == set(runs)


def test_states_of_syncs_are_ordered_and_filtered_and_say_what_is_overdue(
    staff: Client, user: Any, other_user: Any
) -> None:
    ada, grace = account_of(user), account_of(other_user, status="disconnected")
    late = timezone.now() - timedelta(hours=1)
    soon = timezone.now() + timedelta(hours=1)
    failing = SyncState.objects.create(
        account=ada, resource="tracks", failures=3, next_sync_at=soon
    )
    overdue = SyncState.objects.create(account=ada, resource="albums", next_sync_at=late)
    idle = SyncState.objects.create(account=grace, resource="tracks", failures=1, next_sync_at=late)

    def order(**query: str) -> list[int]:
        answer = staff.get(address(SyncState, "changelist"), query)
        return [state.pk for state in answer.context["cl"].result_list]

    assert order(syncs="failing") == order(syncs="again") == [failing.pk]
    assert order(syncs="overdue") == [overdue.pk]
    assert order(syncs="?", o="-3") == [failing.pk, idle.pk, overdue.pk]
    assert order(o="4")[-1] == failing.pk
    page = text_of(staff, SyncState, "changelist")
    assert page.count('is-busy">overdue') == 1
    assert "failed 3 times in a row" in page

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from django_spotify_sync.models import SyncRun, SyncState
from django_spotify_sync.sync import execute, request_sync
from django_spotify_sync.sync.runs.intervals import after_failure, after_success, backoff

HOUR = timedelta(hours=1)


def hours(of: timedelta) -> float:
    return of / HOUR


def until(state: SyncState) -> float:
    assert state.next_sync_at
    return hours(state.next_sync_at - timezone.now())


def test_what_does_not_change_is_looked_at_ever_less_often():
    state = SyncState()
    intervals = []
    for _ in range(6):
        after_success(state, changed=False, scheduled=True)
        intervals.append(hours(state.interval))
        assert intervals[-1] * 0.84 < until(state) < intervals[-1] * 1.16

    assert intervals == [9, 13.5, 20.25, 24, 24, 24]


def test_a_change_brings_it_back():
    state = SyncState(interval=20 * HOUR, failures=3)

    after_success(state, changed=True, scheduled=True)

    assert (state.interval, state.failures) == (6 * HOUR, 0)
    assert 5 < until(state) < 7


def test_a_user_who_asks_again_and_again_makes_nothing_slower():
    state = SyncState()

    for _ in range(5):
        after_success(state, changed=False, scheduled=False)

    assert state.interval == 6 * HOUR


@pytest.mark.parametrize("failures", [40, 10_000, 2**31 - 1])
def test_no_number_of_failures_is_too_large(settings, failures):
    settings.SPOTIFY_SYNC_SYNC_INTERVAL = timedelta(days=30)

    assert timedelta(days=25) < backoff(failures) < timedelta(days=35)


def test_what_keeps_failing_is_left_alone_for_ever_longer():
    state = SyncState()
    pauses = []
    for _ in range(9):
        after_failure(state)
        pauses.append(until(state))

    assert state.failures == 9
    for pause, wanted in zip(pauses, [0.75, 1.5, 3, 6, 12, 24, 24, 24, 24], strict=True):
        assert wanted * 0.84 < pause < wanted * 1.16


def test_a_thousand_failures_are_not_too_many():
    assert hours(backoff(1000)) < 28


def test_those_who_came_together_part():
    moments = set()
    for _ in range(50):
        state = SyncState()
        after_success(state, changed=True, scheduled=True)
        moments.add(state.next_sync_at)

    assert max(moments) - min(moments) > HOUR / 2


def test_intervals_follow_the_settings(settings):
    settings.SPOTIFY_SYNC_SYNC_INTERVAL = 30 * HOUR
    state = SyncState(interval=6 * HOUR)

    after_success(state, changed=False, scheduled=True)

    assert state.interval == 30 * HOUR  # longer than MAX_SYNC_INTERVAL, and what was set


# At the end of a run


def scheduled(account):
    return execute(request_sync(account, "tracks", trigger="schedule").pk)


def test_the_end_of_a_run_says_when_the_next_is_due(account, spotify):
    scheduled(account)
    state = SyncState.objects.get(account=account, resource="tracks")
    assert state.interval == 6 * HOUR
    assert 5 < until(state) < 7

    scheduled(account)
    state.refresh_from_db()
    assert state.interval == 9 * HOUR

    spotify.user.like(1)
    scheduled(account)
    state.refresh_from_db()
    assert state.interval == 6 * HOUR

    spotify.allowlist = set()
    scheduled(account)
    state.refresh_from_db()
    assert state.failures == 1
    assert until(state) < 1


def test_checks_that_found_nothing_leave_one_row(account, spotify):
    first = scheduled(account)
    for _ in range(3):
        last = scheduled(account)
    asked = execute(request_sync(account, "tracks", trigger="user").pk)
    SyncState.objects.filter(resource="tracks").update(full_due=True)
    full = scheduled(account)

    runs = list(SyncRun.objects.order_by("pk").values_list("pk", "mode"))
    assert runs == [(first.pk, "full"), (asked.pk, "probe"), (full.pk, "full")]
    assert last.status == "succeeded"
    state = SyncState.objects.get(account=account, resource="tracks")
    assert state.checked_at >= full.created_at


@pytest.mark.parametrize("change", ["like", "unlike"])
def test_a_check_that_found_something_is_kept(account, spotify, change):
    scheduled(account)
    getattr(spotify.user, change)(1)
    found = scheduled(account)
    scheduled(account)
    scheduled(account)

    assert SyncRun.objects.count() == 3
    assert SyncRun.objects.get(pk=found.pk).mode == "delta"

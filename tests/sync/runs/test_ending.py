"""How runs end, and what is told of it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from django_spotify_sync.exceptions import RateLimited
from django_spotify_sync.models import SavedTrack, SpotifyAccount, SyncRun, SyncState, Track
from django_spotify_sync.pace import governor
from django_spotify_sync.signals import sync_finished
from django_spotify_sync.sync import sync
from django_spotify_sync.sync.tracks import reading
from tests.kit.connecting import connect, let_pauses_end, stored


def test_success_is_told_with_what_came_and_went(account, spotify, heard):
    sync(account, "tracks")
    [new] = spotify.user.like(1)
    [gone] = spotify.user.unlike(7)

    run = sync(account, "tracks")

    assert [told["run"].pk for told in heard][-1] == run.pk
    assert (heard[-1]["added"], heard[-1]["removed"]) == ([new.id], [gone.id])
    state = SyncState.objects.get(account=account, resource="tracks")
    assert (state.failures, state.full_due) == (0, False)
    assert state.full_at < state.checked_at


def test_a_receiver_that_raises_stops_nothing(account, is_true, caplog):
    def receiver(**kwargs):
        raise ZeroDivisionError

    sync_finished.connect(receiver)
    try:
        run = sync(account, "tracks")
    finally:
        sync_finished.disconnect(receiver)

    assert run.status == "succeeded"
    assert is_true()


def test_a_page_that_fails_for_good_leaves_all_as_it_was(account, spotify, heard, impatient):
    sync(account, "tracks")
    before, catalogue = stored(account), Track.objects.count()
    spotify.user.like(5)
    spotify.user.unlike(60)
    spotify.faults.add("/me/tracks", nth=2, status=502, times=None)

    run = sync(account, "tracks")

    assert (run.status, run.error_code) == ("failed", "spotify_unavailable")
    assert "/me/tracks" in run.error_detail
    assert "502" in run.error_detail
    assert stored(account) == before
    assert Track.objects.count() == catalogue
    assert heard[-1]["error"].code == "spotify_unavailable"
    assert SyncState.objects.get(account=account, resource="tracks").failures == 1
    spotify.faults.clear()
    assert sync(account, "tracks").status == "succeeded"
    assert stored(account) == spotify.user.entries()
    assert SyncState.objects.get(account=account, resource="tracks").failures == 0


def test_a_short_pause_is_waited_in_place(account, spotify, is_true):
    spotify.faults.add("/me/tracks", nth=2, status=429, retry_after=1)

    run = sync(account, "tracks")

    assert run.status == "succeeded"
    assert is_true()


@pytest.mark.parametrize(
    ("fault", "reason", "seconds"),
    [
        ({"retry_after": 600}, "rate_limited", 600),
        ({"retry_after": 72_000, "reason": "QUOTA_EXCEEDED"}, "quota_exceeded", 72_000),
    ],
)
def test_a_long_pause_puts_the_run_to_waiting(account, spotify, heard, fault, reason, seconds):
    spotify.faults.add("/me/tracks", nth=2, times=None, status=429, **fault)

    run = sync(account, "tracks")

    assert (run.status, run.reason, run.finished_at) == ("waiting", reason, None)
    wait = (run.resume_at - timezone.now()).total_seconds()
    assert seconds * 0.99 < wait < seconds * 1.11
    assert heard == []
    assert run.requests == spotify.count("/v1/me/tracks")
    spotify.faults.clear()
    let_pauses_end()
    assert sync(account, "tracks").pk == run.pk
    assert stored(account) == spotify.user.entries()


def test_while_one_account_has_to_wait_nobody_knocks(account, other_user, spotify):
    grace = connect(other_user, spotify, spotify.add_user("grace", tracks=70))
    spotify.faults.add("/me/tracks", status=429, retry_after=7200, reason="QUOTA_EXCEEDED")
    first = sync(account, "tracks")
    spotify.clear_log()

    second = sync(grace, "tracks")

    assert spotify.requests == []
    assert (second.status, second.reason) == ("waiting", "quota_exceeded")
    assert abs(second.resume_at - first.resume_at) < timedelta(seconds=1)
    let_pauses_end()
    assert sync(grace, "tracks").status == "succeeded"
    assert sync(account, "tracks").status == "succeeded"


def test_a_run_under_way_stops_when_another_is_told_to_wait(account, other_user, spotify, settings):
    grace = connect(other_user, spotify, spotify.add_user("grace", tracks=70))
    elsewhere = governor.Governor(spotify.client_id, None, 30.0)  # as another process has it
    spotify.latency = 0.1
    settings.SPOTIFY_SYNC_FETCH_WORKERS = 1
    spotify.user.like(1000)

    def tell(fake):
        elsewhere.refused(RateLimited(retry_after=3600))
        connection.close()

    spotify.faults.add("/me/tracks", nth=3, before=tell)

    runs = [sync(account, "tracks"), sync(grace, "tracks")]

    assert [(run.status, run.reason) for run in runs] == [("waiting", "rate_limited")] * 2
    assert spotify.count("/v1/me/tracks") < 15


def test_a_user_who_is_off_the_allow_list_fails_the_run(account, spotify):
    spotify.allowlist = set()

    run = sync(account, "tracks")

    assert (run.status, run.error_code) == ("failed", "app_forbidden")
    account.refresh_from_db()
    assert account.status == "connected"


def test_a_revoked_grant_is_doubted_at_first(account, spotify):
    """And fails the run when it is lost: tests/accounts/test_suspicion.py."""
    spotify.revoke(spotify.user)
    spotify.expire_access_tokens()

    run = sync(account, "tracks")

    assert (run.status, run.reason, run.error_code) == ("waiting", "suspect", "")


def test_a_grant_that_has_ended_fails_the_run(account, spotify):
    spotify.age_grants(185)
    SpotifyAccount.objects.update(reauthorize_by=timezone.now())
    spotify.expire_access_tokens()

    run = sync(account, "tracks")

    assert (run.status, run.error_code) == ("failed", "reauthorization_required")


def test_an_app_that_is_refused_fails_the_run_and_blames_no_user(account, spotify):
    spotify.faults.add("/api/token", status=400, reason="invalid_client", times=None)
    spotify.expire_access_tokens()

    run = sync(account, "tracks")

    assert (run.status, run.error_code) == ("failed", "invalid_client")
    assert "SPOTIFY_SYNC_CLIENT_SECRET" in run.error_detail
    account.refresh_from_db()
    assert account.status == "connected"


def test_an_expired_token_is_refreshed_once_on_the_way(account, spotify, is_true):
    spotify.faults.add("/me/tracks", nth=1, before=lambda fake: fake.expire_access_tokens())

    run = sync(account, "tracks")

    assert run.status == "succeeded"
    assert spotify.count("/api/token") == 1
    assert is_true()


def test_a_fault_of_our_own_is_recorded_and_raised(account, monkeypatch, heard):
    def broken(*args, **kwargs):
        raise ZeroDivisionError("with a secret in it")

    monkeypatch.setattr(reading, "count_stored", broken)

    with pytest.raises(ZeroDivisionError):
        sync(account, "tracks")

    run = SyncRun.objects.get()
    assert (run.status, run.error_code) == ("failed", "error")
    assert "ZeroDivisionError" in run.error_detail
    assert "secret" not in run.error_detail


def test_an_account_disconnected_meanwhile_gets_nothing_written(account, spotify):
    spotify.faults.add("/me/tracks", nth=3, before=lambda fake: disconnect())

    def disconnect():
        SpotifyAccount.objects.update(status="disconnected")
        connection.close()

    run = sync(account, "tracks")

    assert (run.status, run.reason) == ("cancelled", "cancelled")
    assert not SavedTrack.objects.exists()

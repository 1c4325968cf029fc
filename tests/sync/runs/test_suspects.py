"""Runs of an account whose grant is in doubt: they wait for the verdict."""

from __future__ import annotations

from threading import Event

import pytest
from django.db import connections
from django.utils import timezone

from django_spotify_sync import accounts
from django_spotify_sync.exceptions import GrantInDoubt, ReauthorizationRequired
from django_spotify_sync.models import SpotifyAccount, SyncRun
from django_spotify_sync.sync import execute, sync
from django_spotify_sync.sync.runs import heartbeat
from django_spotify_sync.testing import FakeSpotify
from tests.kit.connecting import connect
from tests.kit.crowds import HOUR, MINUTE, Crowd, let_pass, status_of

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_run_waits_for_the_verdict_and_goes_on(
    account: SpotifyAccount, spotify: FakeSpotify
) -> None:
    spotify.user.like(500)
    spotify.faults.add("/me/tracks", offset=300, before=lambda fake: fake.expire_access_tokens())
    spotify.refuse_grants()

    run = sync(account, "tracks")

    assert (run.status, run.reason) == ("waiting", "suspect")
    assert run.resume_at
    assert run.resume_at == pytest.approx(timezone.now() + 15 * MINUTE, abs=MINUTE)
    assert run.staged_pages.exists(), "what was read is kept"
    spotify.accept_grants()
    let_pass(15 * MINUTE)

    run = execute(run.pk)

    assert (run.status, run.created) == ("succeeded", 620)
    assert status_of(account) == "connected"


@pytest.mark.parametrize("accepted", [True, False])
def test_a_verdict_wakes_the_runs_that_wait_for_it(
    account: SpotifyAccount, spotify: FakeSpotify, crowd: Crowd, accepted: bool
) -> None:
    [other] = crowd.come(1)
    spotify.refuse_grants(spotify.user)
    spotify.expire_access_tokens()
    run = sync(account, "tracks")
    blocked = SyncRun.objects.create(
        account=account,
        resource="following",
        trigger="user",
        status="waiting",
        reason="rate_limited",
        resume_at=timezone.now() + HOUR,
    )
    accounts.refresh(other)
    SpotifyAccount.objects.suspect().update(judge_at=timezone.now())
    if accepted:
        spotify.accept_grants()
    assert not SyncRun.objects.due().exists()

    try:
        accounts.refresh(account)
    except ReauthorizationRequired:
        assert not accepted

    assert list(SyncRun.objects.due()) == [run]
    assert blocked not in SyncRun.objects.due()


def test_connecting_again_wakes_the_runs_that_wait_for_a_verdict(
    account: SpotifyAccount, spotify: FakeSpotify
) -> None:
    spotify.revoke()
    spotify.expire_access_tokens()
    run = sync(account, "tracks")
    assert (run.status, run.reason) == ("waiting", "suspect")
    assert not SyncRun.objects.due().exists()

    again = connect(account.user, spotify)

    assert list(SyncRun.objects.due()) == [run]
    ended = sync(again, "tracks")
    assert (ended.pk, ended.status) == (run.pk, "succeeded")


def test_a_run_under_way_stops_when_its_account_turns_suspect(
    account: SpotifyAccount, spotify: FakeSpotify, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its own token would serve for up to an hour more, but a suspect's token is not used."""
    monkeypatch.setattr(heartbeat, "PROGRESS_EVERY", 0)
    spotify.user.like(2000)
    spotify.latency = 0.05

    doubted = Event()

    def doubt(_: object) -> None:
        with pytest.raises(GrantInDoubt):
            accounts.refresh(account)
        connections.close_all()
        doubted.set()

    spotify.refuse_grants()
    spotify.faults.add("/me/tracks", offset=300, before=doubt)
    for offset in range(1000, 1500, 50):  # however long the doubt takes, these come after it
        spotify.faults.add("/me/tracks", offset=offset, before=lambda _: doubted.wait(60))

    run = sync(account, "tracks")

    assert (run.status, run.reason) == ("waiting", "suspect")
    assert spotify.count("/me/tracks") < 42, "of 43 pages"


def test_what_was_read_before_the_doubt_is_written(
    account: SpotifyAccount, spotify: FakeSpotify
) -> None:
    def doubt(fake: FakeSpotify) -> None:
        SpotifyAccount.objects.update(status="suspect", judge_at=timezone.now() + HOUR)
        connections.close_all()

    spotify.faults.add("/me/tracks", offset=100, before=doubt)

    assert sync(account, "tracks").status == "succeeded"
    assert status_of(account) == "suspect"

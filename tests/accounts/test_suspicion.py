"""A grant that Spotify refuses: doubted, looked at again, lost only when that is proved, and told of once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.utils import timezone

from django_spotify_sync import accounts
from django_spotify_sync.accounts import suspicion, tokens
from django_spotify_sync.exceptions import GrantInDoubt, NotConnected, ReauthorizationRequired
from django_spotify_sync.models import SpotifyAccount, SpotifyToken
from django_spotify_sync.signals import grant_lost
from django_spotify_sync.sync import execute, request_sync, sync
from django_spotify_sync.testing import FakeSpotify
from tests.kit.concurrency import at_once, in_processes
from tests.kit.connecting import connect
from tests.kit.crowds import DAY, HOUR, MINUTE, Crowd, let_pass, now, status_of

pytestmark = pytest.mark.django_db(transaction=True)

TOKENS = "/api/token"


@pytest.fixture
def lost() -> Iterator[list[tuple[int, str, str]]]:
    """Collect what the signal grant_lost tells: account, its status by then, and the reason."""
    told: list[tuple[int, str, str]] = []

    def hear(account: SpotifyAccount, reason: str, **kwargs: Any) -> None:
        told.append((account.pk, account.status, reason))

    grant_lost.connect(hear)
    yield told
    grant_lost.disconnect(hear)


def refused(account: SpotifyAccount) -> None:
    """Refresh, and be refused."""
    with pytest.raises(GrantInDoubt):
        accounts.refresh(account)


# The first refusal


def test_a_refused_grant_is_suspect_and_nothing_more(
    account: SpotifyAccount, spotify: FakeSpotify, lost: list[Any]
) -> None:
    before = SpotifyToken.objects.values().get()
    spotify.revoke()

    with pytest.raises(GrantInDoubt) as caught:
        accounts.refresh(account)

    after = now(account)
    assert after.status == "suspect"
    assert after.judge_at
    assert timedelta(minutes=14) < after.judge_at - timezone.now() <= timedelta(minutes=15)
    assert caught.value.retry_after == pytest.approx(15 * 60, abs=60)
    assert SpotifyToken.objects.values().get() == before, "the tokens stay, sealed"
    assert lost == []


def test_a_suspect_is_not_asked_after_until_its_time(
    account: SpotifyAccount, spotify: FakeSpotify
) -> None:
    spotify.revoke()
    refused(account)
    spotify.clear_log()

    refused(account)
    with pytest.raises(GrantInDoubt):
        accounts.client_for(account)
    with pytest.raises(GrantInDoubt):
        request_sync(now(account), "tracks")

    assert spotify.count() == 0


def test_a_suspect_is_accepted_again(
    account: SpotifyAccount, spotify: FakeSpotify, lost: list[Any]
) -> None:
    spotify.refuse_grants()
    refused(account)
    let_pass(15 * MINUTE)
    spotify.accept_grants()

    with accounts.client_for(account) as client:
        assert client.get("/me")["id"] == spotify.user.id

    assert (status_of(account), now(account).judge_at) == ("connected", None)
    asked = [line.path for line in spotify.requests]
    assert asked == [TOKENS, TOKENS, "/v1/me"], "asked first, although its token was not rejected"
    assert lost == []


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 500},
        {"reset": True},
        {"status": 429},
        {"status": 400, "reason": "invalid_client"},
    ],
)
def test_no_answer_is_no_verdict(
    account: SpotifyAccount, spotify: FakeSpotify, crowd: Crowd, fault: dict[str, Any]
) -> None:
    [other] = crowd.come(1)
    spotify.revoke()
    refused(account)
    accounts.refresh(other)
    let_pass(15 * MINUTE)
    before = SpotifyAccount.objects.filter(pk=account.pk).values().get()
    spotify.faults.add(TOKENS, times=None, **fault)

    with pytest.raises(Exception) as caught:  # noqa: PT011 - tests/accounts/test_tokens.py tells which
        accounts.refresh(account)

    assert not isinstance(caught.value, NotConnected)
    assert SpotifyAccount.objects.filter(pk=account.pk).values().get() == before


# The verdict


def test_a_second_refusal_is_believed_when_another_grant_was_accepted(
    account: SpotifyAccount, spotify: FakeSpotify, crowd: Crowd, lost: list[Any]
) -> None:
    [other] = crowd.come(1)
    sealed = SpotifyToken.objects.get(pk=account.pk).unseal()
    spotify.revoke()
    refused(account)
    accounts.refresh(other)
    let_pass(15 * MINUTE)

    with pytest.raises(ReauthorizationRequired):
        accounts.refresh(account)

    assert status_of(account) == "reauthorization_required"
    assert lost == [(account.pk, "reauthorization_required", "refused")]
    assert SpotifyToken.objects.get(pk=account.pk).unseal() == sealed
    spotify.clear_log()
    with pytest.raises(ReauthorizationRequired):
        accounts.refresh(account)
    assert spotify.count() == 0, "what is lost is not asked after again"
    assert len(lost) == 1


@pytest.mark.parametrize("when", ["before", "by connecting"])
def test_what_proves_nothing(
    account: SpotifyAccount, spotify: FakeSpotify, crowd: Crowd, lost: list[Any], when: str
) -> None:
    """Who was accepted before the refusal, and a code that was accepted after it, say nothing of refresh tokens."""
    if when == "before":
        accounts.refresh(crowd.come(1)[0])
    spotify.revoke()
    refused(account)
    if when == "by connecting":
        crowd.come(1)
    let_pass(15 * MINUTE)

    refused(account)

    assert status_of(account) == "suspect"
    assert lost == []


def test_looks_become_rarer(account: SpotifyAccount, spotify: FakeSpotify) -> None:
    spotify.revoke()
    refused(account)
    pauses = []
    for _ in range(4):
        waits = now(account).judge_at
        assert waits
        let_pass(waits - timezone.now() + timedelta(seconds=1))
        refused(account)
        judge_at = now(account).judge_at
        assert judge_at
        pauses.append(round((judge_at - timezone.now()) / MINUTE))

    assert pauses == [15, 30, 60, 60]


def test_who_is_alone_is_believed_after_a_day(
    account: SpotifyAccount, spotify: FakeSpotify, lost: list[Any]
) -> None:
    spotify.revoke()
    refused(account)
    let_pass(23 * HOUR)
    refused(account)
    assert lost == []
    let_pass(2 * HOUR)

    with pytest.raises(ReauthorizationRequired):
        accounts.refresh(account)

    assert lost == [(account.pk, "reauthorization_required", "refused")]


def test_a_grant_past_its_six_months_needs_no_second_look(
    account: SpotifyAccount, spotify: FakeSpotify, lost: list[Any]
) -> None:
    spotify.age_grants(185)
    let_pass(185 * DAY)

    with pytest.raises(ReauthorizationRequired):
        accounts.refresh(account)

    assert lost == [(account.pk, "reauthorization_required", "expired")]
    assert spotify.count(TOKENS) == 1


def test_a_grant_past_an_end_that_was_guessed_has_its_second_look(
    account: SpotifyAccount, spotify: FakeSpotify, lost: list[Any]
) -> None:
    let_pass(185 * DAY)
    SpotifyAccount.objects.update(reauthorize_by_estimated=True)
    accounts.refresh(account)
    assert status_of(account) == "connected", "Spotify accepts it"
    spotify.revoke()

    refused(account)

    assert status_of(account) == "suspect"
    assert lost == []


def test_a_suspect_whose_six_months_end_meanwhile(
    account: SpotifyAccount, spotify: FakeSpotify, lost: list[Any]
) -> None:
    spotify.revoke()
    refused(account)
    SpotifyAccount.objects.update(reauthorize_by=timezone.now() + MINUTE)
    let_pass(15 * MINUTE)

    with pytest.raises(ReauthorizationRequired):
        accounts.refresh(account)

    assert [reason for *_, reason in lost] == ["expired"]


# Outages


def test_many_who_turn_suspect_at_once_stop_all_judging(
    spotify: FakeSpotify, crowd: Crowd, lost: list[Any], caplog: pytest.LogCaptureFixture
) -> None:
    *many, good = crowd.come(suspicion.WAVE + 1)
    spotify.refuse_grants()
    for account in many:
        refused(account)
    spotify.accept_grants()
    accounts.refresh(good)  # so that only the wave speaks for them
    SpotifyAccount.objects.suspect().update(judge_at=timezone.now())
    spotify.clear_log()

    for account in many:
        refused(account)

    assert spotify.count() == 0
    assert {status_of(account) for account in many} == {"suspect"}
    assert lost == []
    assert any(record.levelname == "ERROR" for record in caplog.records)


def test_after_an_outage_all_are_good_again(
    spotify: FakeSpotify, crowd: Crowd, lost: list[Any]
) -> None:
    many = crowd.come(suspicion.WAVE + 2)
    spotify.refuse_grants()
    for account in many:
        with pytest.raises(GrantInDoubt):
            accounts.refresh(account)
    let_pass(3 * HOUR)
    spotify.accept_grants()

    for account in many:
        accounts.refresh(account)

    assert {status_of(account) for account in many} == {"connected"}
    assert lost == []


def test_who_turned_suspect_in_a_wave_is_doubted_for_a_day(
    spotify: FakeSpotify, crowd: Crowd, lost: list[Any]
) -> None:
    """An outage that hits a part of all users: the others are accepted, and prove nothing of these."""
    *many, good = crowd.come(suspicion.WAVE + 1)
    spotify.refuse_grants(*(spotify.users_by_key[account.spotify_id] for account in many))
    for account in many:
        refused(account)
    for _ in range(2):
        let_pass(11 * HOUR)
        accounts.refresh(good)
        for account in many:
            refused(account)
    assert lost == []

    let_pass(3 * HOUR)
    with pytest.raises(ReauthorizationRequired):
        accounts.refresh(many[0])


def test_a_long_outage_with_little_traffic_costs_nobody(
    spotify: FakeSpotify, crowd: Crowd, lost: list[Any]
) -> None:
    """One refusal every six hours is no wave. But nobody was accepted since, and there are others to compare with."""
    many = crowd.come(suspicion.WAVE + 1)
    spotify.refuse_grants()
    for account in many:
        refused(account)
        let_pass(6 * HOUR)
    assert now(many[0]).status_changed_at < timezone.now() - 30 * HOUR

    refused(many[0])

    assert lost == []
    spotify.accept_grants()
    let_pass(HOUR)
    for account in many:
        accounts.refresh(account)
    assert {status_of(account) for account in many} == {"connected"}


# Races


def test_a_race_that_was_lost_is_no_refusal(account: SpotifyAccount, spotify: FakeSpotify) -> None:
    """Another worker, whose lock ended, refreshes just before this one: its token is good."""
    spotify.rotate_refresh_tokens = True
    winner, loser = tokens._token_of(account), tokens._token_of(account)
    tokens._refresh(winner, alone=True)

    token = tokens._refresh(loser, alone=True)

    assert token.version == 2
    assert status_of(account) == "connected"


@pytest.mark.parametrize("status", ["suspect", "reauthorization_required"])
def test_a_win_undoes_a_verdict_that_was_spoken_meanwhile(
    account: SpotifyAccount, spotify: FakeSpotify, status: str
) -> None:
    token = tokens._token_of(account)
    SpotifyAccount.objects.update(status=status, judge_at=timezone.now() + HOUR)

    tokens._refresh(token, alone=True)

    assert status_of(account) == "connected"


@pytest.mark.parametrize("status", ["connected", "suspect"])
def test_a_refusal_of_a_former_token_counts_for_nothing(
    user: Any, account: SpotifyAccount, spotify: FakeSpotify, status: str
) -> None:
    SpotifyAccount.objects.update(status=status, judge_at=None)
    old = tokens._token_of(account)
    connect(user, spotify)

    suspicion.refused(old)

    assert status_of(account) == "connected"


def test_who_asked_before_the_first_refusal_was_known_makes_no_second_look(
    account: SpotifyAccount, spotify: FakeSpotify, crowd: Crowd, lost: list[Any]
) -> None:
    [other] = crowd.come(1)
    early, late = tokens._token_of(account), tokens._token_of(account)
    suspicion.refused(early)
    accounts.refresh(other)
    before = SpotifyAccount.objects.filter(pk=account.pk).values().get()

    suspicion.refused(late)

    assert SpotifyAccount.objects.filter(pk=account.pk).values().get() == before
    assert lost == []


def test_a_disconnected_account_stays_so(account: SpotifyAccount, lost: list[Any]) -> None:
    token = tokens._token_of(account)
    accounts.disconnect(account)

    suspicion.refused(token)
    assert suspicion.expired(account) is False

    assert not SpotifyAccount.objects.exclude(status="disconnected").exists()
    assert lost == []


def test_two_judges_at_once_lose_a_grant_once(
    account: SpotifyAccount, spotify: FakeSpotify, crowd: Crowd, lost: list[Any]
) -> None:
    [other] = crowd.come(1)
    spotify.revoke()
    refused(account)
    accounts.refresh(other)
    let_pass(15 * MINUTE)
    asked_with = [tokens._token_of(account) for _ in range(4)]

    results = at_once(*(partial(suspicion.refused, token) for token in asked_with))

    assert results == [None] * 4
    assert lost == [(account.pk, "reauthorization_required", "refused")]


JUDGE = """
from django_spotify_sync import accounts, upkeep
from django_spotify_sync.exceptions import SpotifySyncError
from django_spotify_sync.models import SpotifyAccount
from django_spotify_sync.signals import grant_lost

def hear(account, reason, **kwargs):
    print("told", account.spotify_id, flush=True)

grant_lost.connect(hear)
upkeep.refresh_tokens()
"""


def test_eight_processes_judge_once(
    account: SpotifyAccount, spotify: FakeSpotify, crowd: Crowd
) -> None:
    """Dead grants, and a good one to compare them with, which eight workers look at in the same moment."""
    dead = crowd.come(3)
    spotify.latency = 0.05
    for one in dead:
        spotify.revoke(spotify.users_by_key[one.spotify_id])
        refused(one)
    let_pass(16 * MINUTE)
    spotify.clear_log()

    printed = in_processes(8, JUDGE, **spotify.settings)

    told = sorted(line for lines in printed for line in lines.split("\n") if "told" in line)
    assert told == sorted(f"told {one.spotify_id}" for one in dead)
    assert {status_of(one) for one in dead} == {"reauthorization_required"}
    assert status_of(account) == "connected"


def test_a_run_whose_account_is_lost_fails(
    account: SpotifyAccount, spotify: FakeSpotify, crowd: Crowd, lost: list[Any]
) -> None:
    [other] = crowd.come(1)
    spotify.revoke()
    spotify.expire_access_tokens()
    run = sync(account, "tracks")
    assert (run.status, run.reason) == ("waiting", "suspect")
    accounts.refresh(other)
    let_pass(15 * MINUTE)

    run = execute(run.pk)

    assert (run.status, run.error_code) == ("failed", "reauthorization_required")
    assert len(lost) == 1

"""Tokens that nobody uses, and suspects that are due: what a round asks Spotify, in which order, and when it stops."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from django_spotify_sync import accounts, shared_cache, tasks
from django_spotify_sync.accounts import suspicion, tokens
from django_spotify_sync.exceptions import (
    ClientRejected,
    GrantInDoubt,
    RateLimited,
    SpotifyUnavailable,
)
from django_spotify_sync.models import SpotifyAccount, SpotifyToken
from django_spotify_sync.testing import FakeSpotify
from django_spotify_sync.upkeep import refreshing
from django_spotify_sync.upkeep.refreshing import Round, refresh_tokens
from tests.kit.concurrency import in_processes
from tests.kit.crowds import Crowd, let_pass, now, status_of

pytestmark = pytest.mark.django_db(transaction=True)

HOUR = timedelta(hours=1)
TOKENS = "/api/token"


def unused_for(account: SpotifyAccount, duration: timedelta) -> None:
    SpotifyToken.objects.filter(pk=account.pk).update(refreshed_at=timezone.now() - duration)


def refreshed(crowd: Crowd) -> list[int]:
    """Return which of the crowd were refreshed, in the order they were."""
    tokens = SpotifyToken.objects.filter(version__gt=1).order_by("refreshed_at")
    places = {account.pk: place for place, account in enumerate(crowd.accounts)}
    return [places[token.pk] for token in tokens]


def suspect(*some: SpotifyAccount, for_minutes: int = 16) -> None:
    """Let accounts have turned suspect a while ago, their second look being due, and each be no part of a wave."""
    for place, account in enumerate(some):
        since = timezone.now() - timedelta(minutes=for_minutes + 30 * place)
        SpotifyAccount.objects.filter(pk=account.pk).update(
            status="suspect",
            status_changed_at=since,
            judge_at=since + suspicion.SECOND_LOOK,
        )


# Tokens that nobody uses


def test_what_was_not_used_for_a_day_is_refreshed_the_longest_first(
    crowd: Crowd, spotify: FakeSpotify
) -> None:
    for account, hours in zip(crowd.come(5), (25, 23, 50, 0, 30), strict=True):
        unused_for(account, hours * HOUR)

    done = refresh_tokens()

    assert refreshed(crowd) == [2, 4, 0]
    assert done == Round(refreshed=3, suspect=0, lost=0, unreadable=0, stopped=None)
    assert refresh_tokens().refreshed == 0, "and it is fresh now"
    assert spotify.count() == spotify.count(TOKENS) == 3


@pytest.mark.parametrize("status", ["suspect", "reauthorization_required", "disconnected"])
def test_only_who_is_connected_is_refreshed(
    crowd: Crowd, spotify: FakeSpotify, status: str
) -> None:
    [account] = crowd.come(1)
    unused_for(account, 25 * HOUR)
    SpotifyAccount.objects.update(status=status, judge_at=timezone.now() + HOUR)

    assert refresh_tokens().refreshed == 0
    assert spotify.count() == 0


def test_a_grant_that_was_revoked_is_noticed_within_a_day(
    crowd: Crowd, spotify: FakeSpotify
) -> None:
    gone, _ = crowd.come(2)
    spotify.revoke(spotify.users_by_key[gone.spotify_id])

    let_pass(25 * HOUR)
    assert refresh_tokens().suspect == 1
    let_pass(timedelta(minutes=16))
    assert refresh_tokens().lost == 1

    assert [status_of(account) for account in crowd.accounts] == [
        "reauthorization_required",
        "connected",
    ]


def test_a_round_asks_so_much_and_the_next_goes_on(
    crowd: Crowd, spotify: FakeSpotify, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refreshing, "REFRESHES", 3)
    monkeypatch.setattr(refreshing, "CHUNK", 2)
    for account in crowd.come(7):
        unused_for(account, 2 * 24 * HOUR)

    assert [refresh_tokens().refreshed for _ in range(4)] == [3, 3, 1, 0]
    assert spotify.count(TOKENS) == 7


def test_a_round_ends_in_time(
    crowd: Crowd, spotify: FakeSpotify, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refreshing, "ROUND_SECONDS", 0.25)
    spotify.latency = 0.1
    for account in crowd.come(10):
        unused_for(account, 25 * HOUR)

    assert 1 <= refresh_tokens().refreshed <= 3


def test_tokens_that_cannot_be_read_do_not_keep_the_others_from_theirs(
    crowd: Crowd, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(refreshing, "REFRESHES", 2)
    monkeypatch.setattr(refreshing, "CHUNK", 2)
    *broken, good, better = crowd.come(5)
    for account in broken:
        unused_for(account, 50 * HOUR)
    SpotifyToken.objects.filter(pk__in=[account.pk for account in broken]).update(key_id="gone")
    for account in (good, better):
        unused_for(account, 25 * HOUR)

    done = refresh_tokens()

    assert done == Round(refreshed=2, suspect=0, lost=0, unreadable=3, stopped=None)
    assert caplog.text.count("key gone") == 3


def test_reading_costs_as_many_queries_whatever_the_number_of_accounts(
    crowd: Crowd, monkeypatch: pytest.MonkeyPatch
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            refresh_tokens()
        return len(captured)

    crowd.come(1)
    before = queries()
    crowd.come(9)

    assert queries() == before <= 4


@pytest.mark.parametrize(
    ("fault", "error", "tries"),
    [
        ({"status": 429, "retry_after": 30}, RateLimited, 1),
        ({"status": 503}, SpotifyUnavailable, 3),
        ({"reset": True}, SpotifyUnavailable, 3),
        ({"status": 400, "reason": "invalid_client"}, ClientRejected, 1),
    ],
)
def test_what_is_no_answer_about_one_grant_ends_the_round(
    crowd: Crowd,
    spotify: FakeSpotify,
    monkeypatch: pytest.MonkeyPatch,
    fault: dict[str, Any],
    error: type[Exception],
    tries: int,
) -> None:
    monkeypatch.setattr("django_spotify_sync.spotify.oauth.BACKOFF", ())
    for account in crowd.come(5):
        unused_for(account, 25 * HOUR)
    spotify.faults.add(TOKENS, nth=2, times=None, **fault)

    done = refresh_tokens()

    assert isinstance(done.stopped, error)
    assert (done.refreshed, spotify.count(TOKENS)) == (1, 1 + tries)
    assert {status_of(account) for account in crowd.accounts} == {"connected"}


@pytest.mark.parametrize("fault", [{"status": 500}, {"status": 400, "reason": "invalid_request"}])
def test_a_grant_that_is_never_answered_does_not_keep_the_others_from_theirs(
    crowd: Crowd,
    spotify: FakeSpotify,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    fault: dict[str, Any],
) -> None:
    monkeypatch.setattr("django_spotify_sync.spotify.oauth.BACKOFF", ())
    broken, *_ = crowd.come(5)
    for account in crowd.accounts:
        unused_for(account, 25 * HOUR)
    unused_for(broken, 26 * HOUR)
    spotify.faults.add(TOKENS, **fault)

    done = refresh_tokens()

    assert (done.refreshed, done.stopped) == (4, None)
    assert f"account {broken.pk}: its token was not refreshed" in caplog.text


def test_a_token_that_is_being_refreshed_elsewhere_is_passed_over(
    crowd: Crowd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokens, "longest_refresh", lambda: timedelta(seconds=0.1))
    busy, free = crowd.come(2)
    for account in (busy, free):
        unused_for(account, 25 * HOUR)
    shared_cache.add(f"refresh:{busy.pk}", "somebody else", HOUR)

    done = refresh_tokens()

    assert (done.refreshed, done.stopped) == (1, None)


ROUND = "from django_spotify_sync.tasks import refresh_expiring_tokens; refresh_expiring_tokens()"


def test_rounds_of_four_workers_refresh_each_token_once(crowd: Crowd, spotify: FakeSpotify) -> None:
    spotify.rotate_refresh_tokens = True
    spotify.latency = 0.02
    for account in crowd.come(12):
        unused_for(account, 25 * HOUR)

    assert in_processes(4, ROUND, **spotify.settings) == [""] * 4

    assert spotify.count(TOKENS) == 12
    assert set(SpotifyToken.objects.values_list("version", flat=True)) == {2}


# Suspects


def test_suspects_are_judged_when_they_are_due(crowd: Crowd, spotify: FakeSpotify) -> None:
    good, dead, later, witness = crowd.come(4)
    spotify.refuse_grants(spotify.users_by_key[dead.spotify_id])
    suspect(good, dead)
    SpotifyAccount.objects.filter(pk=later.pk).update(
        status="suspect", status_changed_at=timezone.now(), judge_at=timezone.now() + HOUR
    )
    accounts.refresh(witness)
    spotify.clear_log()

    done = refresh_tokens()

    assert (done.refreshed, done.lost, done.suspect) == (1, 1, 0)
    assert [status_of(one) for one in (good, dead, later)] == [
        "connected",
        "reauthorization_required",
        "suspect",
    ]
    assert spotify.count(TOKENS) == 2


def test_somebody_else_is_asked_first_where_there_is_nobody_to_compare_with(
    crowd: Crowd, spotify: FakeSpotify
) -> None:
    dead, *others = crowd.come(3)
    spotify.refuse_grants(spotify.users_by_key[dead.spotify_id])
    suspect(dead)

    done = refresh_tokens()

    assert (done.refreshed, done.lost) == (1, 1)
    assert spotify.count(TOKENS) == 2
    assert [status_of(other) for other in others] == ["connected"] * 2


def test_an_outage_in_which_nobody_is_asked_by_chance(crowd: Crowd, spotify: FakeSpotify) -> None:
    """The one who is asked for comparison is refused too, so nobody is lost, round after round, for days."""
    crowd.come(8)
    spotify.refuse_grants()
    with pytest.raises(GrantInDoubt):
        accounts.refresh(crowd.accounts[0])

    asked = []
    for _ in range(48):
        let_pass(HOUR)
        spotify.clear_log()
        done = refresh_tokens()
        assert done.lost == 0
        asked.append(spotify.count(TOKENS))

    assert {status_of(account) for account in crowd.accounts} == {"suspect"}
    assert max(asked) <= 8, "each at most once an hour"
    spotify.accept_grants()
    let_pass(HOUR)
    refresh_tokens()
    assert {status_of(account) for account in crowd.accounts} == {"connected"}


def test_a_round_stops_when_many_turn_suspect(
    crowd: Crowd, spotify: FakeSpotify, caplog: pytest.LogCaptureFixture
) -> None:
    for account in crowd.come(suspicion.WAVE + 5):
        unused_for(account, 25 * HOUR)
    spotify.refuse_grants()

    done = refresh_tokens()

    assert done.suspect == spotify.count(TOKENS) == suspicion.WAVE
    assert isinstance(done.stopped, SpotifyUnavailable)
    assert refresh_tokens().suspect == 0
    assert spotify.count(TOKENS) == suspicion.WAVE, "the next round does not even begin"
    assert SpotifyAccount.objects.connected().count() == 5
    assert "Spotify seems to refuse" in caplog.text


WAVE = """
from django_spotify_sync import accounts
from django_spotify_sync.exceptions import SpotifySyncError
from django_spotify_sync.models import SpotifyAccount

for account in SpotifyAccount.objects.order_by("?"):
    try:
        accounts.refresh(account)
    except SpotifySyncError:
        pass
"""


def test_a_wave_is_counted_over_processes_and_without_a_cache(
    crowd: Crowd, spotify: FakeSpotify, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    crowd.come(8)
    spotify.refuse_grants()
    nowhere = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    in_processes(2, WAVE, CACHES=nowhere, **spotify.settings)
    let_pass(timedelta(minutes=1))
    SpotifyAccount.objects.suspect().update(judge_at=timezone.now())
    settings.CACHES = nowhere
    spotify.clear_log()

    done = refresh_tokens()

    assert isinstance(done.stopped, SpotifyUnavailable)
    assert spotify.count() == 0


# Doors


def test_the_command_tells_what_it_did(crowd: Crowd, spotify: FakeSpotify) -> None:
    account, ended = crowd.come(2)
    unused_for(account, 25 * HOUR)
    SpotifyAccount.objects.filter(pk=account.pk).update(reauthorize_by=timezone.now() + HOUR)
    SpotifyAccount.objects.filter(pk=ended.pk).update(reauthorize_by=timezone.now())
    out = StringIO()

    call_command("spotify_refresh_tokens", stdout=out)

    assert out.getvalue().splitlines() == [
        "grants: 1 told of their end, 1 ended",
        "tokens: 1 refreshed, 0 suspect, 0 lost, 0 unreadable",
    ]
    assert status_of(ended) == "reauthorization_required"


def test_the_command_says_what_is_wrong_with_the_app(
    crowd: Crowd, spotify: FakeSpotify, settings: Any
) -> None:
    unused_for(crowd.come(1)[0], 25 * HOUR)
    settings.SPOTIFY_SYNC_CLIENT_SECRET = "of another app"

    with pytest.raises(CommandError, match="SPOTIFY_SYNC_CLIENT_SECRET"):
        call_command("spotify_refresh_tokens", stdout=StringIO())

    assert status_of(crowd.accounts[0]) == "connected"


def test_the_task_takes_what_a_newer_site_sends(crowd: Crowd) -> None:
    [account] = crowd.come(1)
    unused_for(account, 25 * HOUR)

    tasks.refresh_expiring_tokens.apply(kwargs={"something_newer": True}).get()

    assert now(account).token.version == 2

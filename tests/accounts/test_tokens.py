"""An access token: whoever needs one has a good one, and it is refreshed by one at a time."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import connections
from django_redis import get_redis_connection

from django_spotify_sync import accounts, shared_cache
from django_spotify_sync.accounts import tokens
from django_spotify_sync.conf import conf
from django_spotify_sync.exceptions import (
    BadRequest,
    CacheUnavailable,
    ClientRejected,
    GrantInDoubt,
    NoSealingKey,
    NotConnected,
    RateLimited,
    RefreshUnderWay,
    SpotifyUnavailable,
)
from django_spotify_sync.models import SpotifyAccount, SpotifyToken
from django_spotify_sync.sync import sync
from django_spotify_sync.testing import FakeSpotify
from tests.kit.concurrency import at_once, in_processes
from tests.kit.connecting import TOKENS, ask, connect, let_expire
from tests.kit.crowds import status_of

pytestmark = pytest.mark.django_db


commits = pytest.mark.django_db(transaction=True)


# Refreshing


def test_the_refresh_token_is_kept_where_the_answer_has_none(account: SpotifyAccount) -> None:
    before = account.token.unseal()

    after = accounts.refresh(account).unseal()

    assert after.refresh == before.refresh
    assert after.access != before.access


def test_the_refresh_token_is_replaced_where_the_answer_has_one(
    account: SpotifyAccount, spotify: FakeSpotify
) -> None:
    spotify.rotate_refresh_tokens = True
    before = account.token.unseal()

    after = accounts.refresh(account).unseal()

    assert after.refresh != before.refresh
    assert accounts.refresh(account).version == 3, "the new one serves"


@pytest.mark.parametrize("answer", [{}, {"scope": ""}, {"scope": None}, {"scope": 7}])
def test_the_scopes_are_kept_where_the_answer_has_none(
    account: SpotifyAccount, spotify: FakeSpotify, answer: dict[str, Any]
) -> None:
    before = account.scopes
    tokens = {"access_token": spotify.grant()["access_token"], "refresh_token": ""}
    spotify.faults.add(TOKENS, status=200, body=json.dumps(tokens | answer).encode())

    accounts.refresh(account)

    assert account.scopes == before != []


def test_a_public_client_refreshes_too(
    account: SpotifyAccount, spotify: FakeSpotify, settings: Any
) -> None:
    spotify.client_secret = settings.SPOTIFY_SYNC_CLIENT_SECRET = ""

    assert accounts.refresh(account).version == 2


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"status": 500}, SpotifyUnavailable),
        ({"status": 503, "body": "text"}, SpotifyUnavailable),
        ({"reset": True}, SpotifyUnavailable),
        ({"html": True}, SpotifyUnavailable),
        ({"body": b"{}"}, SpotifyUnavailable),
        ({"body": b'{"access_token": null}'}, SpotifyUnavailable),
        ({"status": 429, "retry_after": 9}, RateLimited),
        ({"status": 400, "reason": "invalid_client"}, ClientRejected),
        ({"status": 401, "reason": "invalid_client"}, ClientRejected),
        ({"status": 400, "reason": "unauthorized_client"}, ClientRejected),
        ({"status": 400, "reason": "invalid_request"}, BadRequest),
        ({"status": 401, "body": "text"}, SpotifyUnavailable),
    ],
)
def test_a_fault_of_the_moment_changes_nothing(
    account: SpotifyAccount, spotify: FakeSpotify, fault: dict[str, Any], error: Any
) -> None:
    before = SpotifyToken.objects.values().get()
    spotify.faults.add(TOKENS, times=None, **fault)

    with pytest.raises(error):
        accounts.refresh(account)

    assert status_of(account) == "connected"
    assert SpotifyToken.objects.values().get() == before
    spotify.faults.clear()
    assert accounts.refresh(account).version == 2, "and the lock is free again"


def test_a_race_that_was_lost_is_no_verdict(account: SpotifyAccount, spotify: FakeSpotify) -> None:
    """Another worker, whose lock ended, refreshes just before this one: its token is good."""
    spotify.rotate_refresh_tokens = True
    winner = tokens._token_of(account)
    loser = tokens._token_of(account)
    tokens._refresh(winner, alone=True)

    token = tokens._refresh(loser, alone=True)

    assert token.version == 2
    assert status_of(account) == "connected"


def test_a_refresh_that_comes_late_overwrites_no_newer_grant(
    user: Any, account: SpotifyAccount, spotify: FakeSpotify
) -> None:
    late = tokens._token_of(account)
    connect(user, spotify)
    newer = SpotifyToken.objects.get().unseal()

    taken = tokens._refresh(late, alone=True)

    assert taken.unseal() == newer
    assert SpotifyToken.objects.get().unseal() == newer
    assert SpotifyToken.objects.get().version == 2


def test_a_refresh_does_not_revive_what_was_disconnected(
    account: SpotifyAccount, spotify: FakeSpotify
) -> None:
    token = tokens._token_of(account)
    SpotifyAccount.objects.update(status="disconnected")

    with pytest.raises(NotConnected):
        tokens._refresh(token, alone=True)

    assert status_of(account) == "disconnected"


class Clock:
    """Time that passes when somebody sleeps, ten seconds at once; then something may have happened."""

    def __init__(self, happens: Callable[[float], object] = lambda seconds: None) -> None:
        self.passed = 0.0
        self._happens = happens

    def monotonic(self) -> float:
        return self.passed

    def sleep(self, seconds: float) -> None:
        self.passed += 10
        self._happens(self.passed)


def test_who_lost_the_lock_does_not_spend_the_token(
    account: SpotifyAccount, spotify: FakeSpotify, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokens, "time", clock := Clock())
    shared_cache.add(f"refresh:{account.pk}", "somebody else", timedelta(minutes=1))

    with pytest.raises(RefreshUnderWay):
        accounts.refresh(account)

    assert 70 <= clock.passed <= 80
    assert spotify.count(TOKENS) == 0
    assert shared_cache.get(f"refresh:{account.pk}") == "somebody else"
    assert status_of(account) == "connected"


def test_who_lost_the_lock_waits_as_long_as_a_refresh_can_take(
    account: SpotifyAccount, spotify: FakeSpotify, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One whose Spotify hangs until its deadline, and answers the second time."""

    def refreshed_elsewhere(seconds: float) -> None:
        if seconds >= 2 * conf.REQUEST_TIMEOUT.total_seconds():
            SpotifyToken.objects.update(version=2)

    monkeypatch.setattr(tokens, "time", Clock(refreshed_elsewhere))
    shared_cache.add(f"refresh:{account.pk}", "somebody else", timedelta(minutes=1))

    assert accounts.refresh(account).version == 2
    assert spotify.count(TOKENS) == 0


def test_who_waited_for_one_that_died_refreshes_when_its_lock_has_ended(
    account: SpotifyAccount, spotify: FakeSpotify, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = f"refresh:{account.pk}"
    tokens._lock(lock, "somebody who died")
    redis = get_redis_connection()
    [key] = redis.scan_iter(django_settings.REDIS_PREFIX + f"*spotify_sync:{lock}:*")
    lives = redis.ttl(key)

    def end(seconds: float) -> None:
        if seconds >= lives:
            shared_cache.delete(lock)

    monkeypatch.setattr(tokens, "time", Clock(end))

    assert accounts.refresh(account).version == 2
    assert spotify.count(TOKENS) == 1


def test_a_lock_that_is_another_worker_s_by_now_stays(
    account: SpotifyAccount, spotify: FakeSpotify
) -> None:
    lock = f"refresh:{account.pk}"

    def take_lock(_: object) -> None:
        shared_cache.delete(lock)
        shared_cache.add(lock, "somebody else", timedelta(minutes=1))

    spotify.faults.add(TOKENS, before=take_lock)

    accounts.refresh(account)

    assert shared_cache.get(lock) == "somebody else"


@pytest.mark.parametrize("rotate", [False, True])
@pytest.mark.parametrize("why", ["expiring", "rejected"])
@commits
def test_eight_threads_refresh_once(
    account: SpotifyAccount, spotify: FakeSpotify, rotate: bool, why: str
) -> None:
    spotify.rotate_refresh_tokens = rotate
    spotify.latency = 0.05
    if why == "expiring":
        let_expire(account)
    else:
        spotify.expire_access_tokens()

    results = at_once(*[partial(ask, account)] * 8)

    assert results == [spotify.user.id] * 8
    assert spotify.count(TOKENS) == 1
    assert SpotifyToken.objects.get().version == 2


@commits
def test_eight_fetching_threads_refresh_once(account: SpotifyAccount, spotify: FakeSpotify) -> None:
    """In a run, which fetches its pages in threads: all that are under way are answered with a 401."""
    assert conf.FETCH_WORKERS == 8
    spotify.user.like(900)
    spotify.latency = 0.05
    spotify.faults.add("/me/tracks", offset=400, before=lambda fake: fake.expire_access_tokens())

    run = sync(account, "tracks", full=True)

    assert (run.status, run.created) == ("succeeded", 1020)
    assert sum(line.status == 401 for line in spotify.requests) > 1
    assert spotify.count(TOKENS) == 1
    assert SpotifyToken.objects.get().version == 2


EIGHT_TIMES = """
from django_spotify_sync import accounts
from django_spotify_sync.exceptions import SpotifySyncError
from django_spotify_sync.models import SpotifyAccount

try:
    with accounts.client_for(SpotifyAccount.objects.get()) as client:
        print(client.get("/me")["id"])
except SpotifySyncError as error:
    print(error.code)
"""


@pytest.mark.parametrize("rotate", [False, True])
@pytest.mark.parametrize("why", ["expiring", "rejected"])
@commits
def test_eight_processes_refresh_once(
    account: SpotifyAccount, spotify: FakeSpotify, rotate: bool, why: str
) -> None:
    spotify.rotate_refresh_tokens = rotate
    spotify.latency = 0.1
    if why == "expiring":
        let_expire(account)
    else:
        spotify.expire_access_tokens()

    printed = in_processes(8, EIGHT_TIMES, **spotify.settings)

    assert printed == [spotify.user.id] * 8
    assert spotify.count(TOKENS) == 1
    assert SpotifyToken.objects.get().version == 2
    assert status_of(account) == "connected"


@commits
def test_eight_processes_ask_once_after_a_grant_that_is_gone(
    account: SpotifyAccount, spotify: FakeSpotify
) -> None:
    spotify.latency = 0.1
    spotify.revoke()
    let_expire(account)

    printed = in_processes(8, EIGHT_TIMES, **spotify.settings)

    assert [lines.split("\n")[-1] for lines in printed] == ["suspect"] * 8  # one logs before
    assert spotify.count() == spotify.count(TOKENS) == 1


@pytest.mark.parametrize("hides_it", [False, True])
@pytest.mark.parametrize("rotate", [False, True])
@commits
def test_with_the_cache_away_the_conditional_write_decides(
    account: SpotifyAccount, spotify: FakeSpotify, settings: Any, rotate: bool, hides_it: bool
) -> None:
    settings.CACHES = {
        "default": {
            "BACKEND": "django_redis.cache.RedisCache",
            "LOCATION": "redis://127.0.0.1:1/0",
            "OPTIONS": {"IGNORE_EXCEPTIONS": hides_it},
        }
    }
    spotify.rotate_refresh_tokens = rotate
    spotify.latency = 0.05
    let_expire(account)

    results = at_once(*[partial(ask, account)] * 4)

    assert results == [spotify.user.id] * 4
    assert SpotifyToken.objects.get().version == 2
    assert status_of(account) == "connected"
    assert accounts.refresh(account).version == 3, "and what was written serves"


def test_with_the_cache_away_a_dead_grant_is_still_found_out(
    account: SpotifyAccount, spotify: FakeSpotify, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    monkeypatch.setattr(tokens, "SETTLING", 0.2)
    settings.SPOTIFY_SYNC_CACHE = "nowhere"
    spotify.revoke()

    with pytest.raises(GrantInDoubt):
        accounts.refresh(account)

    assert status_of(account) == "suspect"


def test_the_cache_goes_away_during_a_refresh(
    account: SpotifyAccount, spotify: FakeSpotify, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*args: Any) -> None:
        raise CacheUnavailable

    spotify.faults.add(TOKENS, before=lambda _: monkeypatch.setattr(shared_cache, "_ask", away))

    assert accounts.refresh(account).version == 2


@commits
def test_no_row_is_locked_while_spotify_is_asked(
    account: SpotifyAccount, spotify: FakeSpotify
) -> None:
    changed = []

    def write_to_it(_: object) -> None:
        changed.append(SpotifyAccount.objects.update(display_name="while asking"))
        changed.append(SpotifyToken.objects.update(scope="while asking"))
        connections.close_all()

    spotify.faults.add(TOKENS, before=write_to_it)

    accounts.refresh(account)

    assert changed == [1, 1]


def test_who_is_to_blame_when_the_app_is_refused(
    account: SpotifyAccount, spotify: FakeSpotify, settings: Any
) -> None:
    """An app's own secret being wrong is nobody's lost grant, and says what to set right."""
    settings.SPOTIFY_SYNC_CLIENT_SECRET = "of another app"

    with pytest.raises(ClientRejected, match="SPOTIFY_SYNC_CLIENT_SECRET") as caught:
        accounts.refresh(account)

    assert "of another app" not in str(caught.value)
    assert (caught.value.code, status_of(account)) == ("invalid_client", "connected")


WEAK = base64.urlsafe_b64encode(b"a" * 32).decode()


def test_with_a_weak_key_nothing_is_asked_for_that_could_not_be_stored(account, spotify, settings):
    """Its token stays good, and is refreshed with a key that is random."""
    [good] = settings.SPOTIFY_SYNC_FERNET_KEYS
    settings.SPOTIFY_SYNC_FERNET_KEYS = [WEAK, good]
    spotify.clear_log()

    with pytest.raises(NoSealingKey, match="not random"):
        accounts.refresh(account)

    assert spotify.count("/api/token") == 0
    settings.SPOTIFY_SYNC_FERNET_KEYS = [good, WEAK]
    accounts.refresh(account)
    assert spotify.count("/api/token") == 1

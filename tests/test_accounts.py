"""A grant's life: stored, refreshed by one at a time, lost, and taken over by another Spotify account."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connection, connections, transaction
from django.utils import timezone

from django_spotify_sync import accounts, grants, shared_cache
from django_spotify_sync.exceptions import (
    AccessTokenRejected,
    CacheUnavailable,
    LinkedElsewhere,
    NotAllowlisted,
    NotConnected,
    RateLimited,
    ReauthorizationRequired,
    SpotifyUnavailable,
)
from django_spotify_sync.models import (
    FollowedArtist,
    SavedTrack,
    SpotifyAccount,
    SpotifyToken,
    StagedPage,
    SyncRun,
    SyncState,
    Track,
)
from django_spotify_sync.secret import Secret
from django_spotify_sync.spotify import oauth
from django_spotify_sync.spotify.rows import ProfileRow
from django_spotify_sync.sync import request_sync, sync
from django_spotify_sync.testing import FakeSpotify
from tests.concurrency import at_once, in_processes
from tests.connecting import connect, wait_until

pytestmark = pytest.mark.django_db

commits = pytest.mark.django_db(transaction=True)

GRANT = oauth.Grant(Secret("access"), Secret("refresh"), expires_in=3600, scope="user-library-read")
TOKENS = "/api/token"


def profile(spotify_id: str, account_id: str | None = None, **more: str) -> ProfileRow:
    return ProfileRow(
        spotify_id=spotify_id,
        spotify_account_id=account_id,
        **{"display_name": "", "image_url": ""} | more,
    )


@pytest.fixture
def account(user: Any, spotify: FakeSpotify) -> SpotifyAccount:
    account = connect(user, spotify)
    spotify.clear_log()
    return account


def let_expire(account: SpotifyAccount, seconds: float = 30) -> None:
    SpotifyToken.objects.filter(pk=account.pk).update(
        expires_at=timezone.now() + timedelta(seconds=seconds)
    )


def ask(account: SpotifyAccount) -> Any:
    """Call Spotify as anybody would."""
    with accounts.client_for(account) as client:
        return client.get("/me")["id"]


def status_of(account: SpotifyAccount) -> str:
    return SpotifyAccount.objects.get(pk=account.pk).status


# Connecting


def test_what_is_stored(user: Any, settings: Any) -> None:
    settings.SPOTIFY_SYNC_RESOURCES = ["tracks", "following"]

    account = accounts.connect(
        user, profile("ada", "acct", display_name="Ada", image_url="https://i.example/a"), GRANT
    )

    account.refresh_from_db()
    assert (account.spotify_id, account.spotify_account_id) == ("ada", "acct")
    assert (account.display_name, account.image_url) == ("Ada", "https://i.example/a")
    assert account.status == "connected"
    assert account.scopes == ["user-library-read"]
    assert account.token.version == 1
    ends = account.token.expires_at - account.authorized_at
    assert ends == timedelta(hours=1)
    states = account.sync_states.order_by("resource")
    assert [(state.resource, state.next_sync_at) for state in states] == [
        ("following", account.authorized_at),
        ("tracks", account.authorized_at),
    ]


def test_scopes_are_those_asked_for_where_the_answer_has_none(user: Any, settings: Any) -> None:
    settings.SPOTIFY_SYNC_SCOPES = ["user-top-read"]
    silent = oauth.Grant(Secret("access"), Secret("refresh"), expires_in=3600, scope=None)

    assert accounts.connect(user, profile("ada"), silent).scopes == ["user-top-read"]


@pytest.mark.parametrize("expires_in", [10**7, 10**30])
def test_a_lifetime_beyond_belief_is_cut(user: Any, expires_in: int) -> None:
    grant = oauth.Grant(Secret("access"), Secret("refresh"), expires_in=expires_in, scope=None)

    account = accounts.connect(user, profile("ada"), grant)

    assert account.token.expires_at - account.authorized_at == timedelta(days=1)


def test_a_grant_without_a_refresh_token_is_none(user: Any) -> None:
    grant = oauth.Grant(Secret("access"), None, expires_in=3600, scope=None)

    with pytest.raises(SpotifyUnavailable):
        accounts.connect(user, profile("ada"), grant)

    assert not SpotifyAccount.objects.exists()


def test_a_consent_lasts_six_calendar_months(user: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    now = datetime(2026, 8, 31, 23, 59, tzinfo=UTC)
    monkeypatch.setattr(timezone, "now", lambda: now)

    account = accounts.connect(user, profile("ada"), GRANT)

    assert account.authorized_at == now
    assert account.reauthorize_by == datetime(2027, 2, 28, 23, 59, tzinfo=UTC)


@commits
def test_connecting_again_keeps_the_library_and_begins_six_new_months(
    user: Any, account: SpotifyAccount, spotify: FakeSpotify
) -> None:
    sync(account, "tracks")
    spotify.age_grants(400)
    SpotifyAccount.objects.update(
        authorized_at=datetime(2020, 1, 1, tzinfo=UTC),
        reauthorize_by=datetime(2020, 7, 1, tzinfo=UTC),
        status="reauthorization_required",
        grant_noticed_at=timezone.now(),
    )
    rows = set(SavedTrack.objects.values_list("pk", flat=True))
    state = SyncState.objects.filter(resource="tracks").values().get()

    again = connect(user, spotify)

    assert again.pk == account.pk
    assert again.status == "connected"
    assert again.authorized_at > timezone.now() - timedelta(minutes=1)
    assert again.reauthorize_by > timezone.now() + timedelta(days=180)
    assert again.grant_noticed_at is None
    assert again.token.version == 2
    assert set(SavedTrack.objects.values_list("pk", flat=True)) == rows
    assert SyncState.objects.filter(resource="tracks").values().get() == state
    assert ask(again) == spotify.user.id


@pytest.mark.parametrize(
    ("before", "after", "same"),
    [
        (("ada", "acct"), ("ada", "acct"), True),
        (("ada", "acct"), ("ada-renamed", "acct"), True),
        (("ada", None), ("ada", "acct"), True),
        (("ada", "acct"), ("ada", None), True),
        (("ada", None), ("ada", None), True),
        (("ada", "acct"), ("ada", "acct-2"), False),
        (("ada", None), ("grace", None), False),
        (("ada", "acct"), ("grace", None), False),
        (("ada", None), ("grace", "acct"), False),
    ],
)
def test_which_spotify_account_it_is(
    user: Any, before: tuple[str, str | None], after: tuple[str, str | None], same: bool
) -> None:
    account = accounts.connect(user, profile(*before), GRANT)
    SavedTrack.objects.create(account=account, rank=1)

    again = accounts.connect(user, profile(*after), GRANT)

    assert again.pk == account.pk
    assert SavedTrack.objects.exists() is same
    assert again.spotify_id == after[0]
    kept = before[1] if same else None
    assert again.spotify_account_id == (after[1] or kept)
    assert again.token.unseal().access == Secret("access"), "sealed for the new id"


@pytest.mark.parametrize(
    ("theirs", "mine"),
    [
        (("ada", "acct"), ("ada", "acct")),
        (("ada", "acct"), ("ada-renamed", "acct")),
        (("ada", None), ("ada", "acct")),
        (("ada", "acct"), ("ada", None)),
        (("ada", "acct"), ("ada", "acct-2")),  # only one row may hold an id
    ],
)
@pytest.mark.parametrize("status", ["connected", "suspect", "reauthorization_required"])
def test_a_spotify_account_that_another_user_has(
    user: Any, other_user: Any, theirs: Any, mine: Any, status: str
) -> None:
    accounts.connect(other_user, profile(*theirs), GRANT)
    SpotifyAccount.objects.update(status=status)

    with pytest.raises(LinkedElsewhere):
        accounts.connect(user, profile(*mine), GRANT)

    assert SpotifyAccount.objects.get().user_id == other_user.pk
    assert SpotifyToken.objects.count() == 1


def test_two_different_matches_are_refused(user: Any, other_user: Any) -> None:
    accounts.connect(other_user, profile("taken"), GRANT)
    accounts.connect(user, profile("ada", "acct"), GRANT)

    with pytest.raises(LinkedElsewhere):
        accounts.connect(user, profile("taken", "acct"), GRANT)

    assert user.spotify_account.spotify_id == "ada"


def test_an_account_that_was_disconnected_is_free(user: Any, other_user: Any) -> None:
    accounts.connect(other_user, profile("ada", "acct"), GRANT)
    SpotifyAccount.objects.update(status="disconnected")

    assert accounts.connect(user, profile("ada", "acct"), GRANT).user_id == user.pk


@commits
def test_another_spotify_account_takes_nothing_over(
    user: Any, other_user: Any, account: SpotifyAccount, spotify: FakeSpotify
) -> None:
    sync(account, "tracks")
    neighbour = connect(other_user, spotify, spotify.add_user("neighbour", tracks=3))
    sync(neighbour, "tracks")
    ended = account.sync_runs.get()
    live = request_sync(account, "tracks")
    live.start()
    StagedPage.objects.create(run=live, offset=0, rows=b"")
    SyncState.objects.filter(account=account).update(hidden=3, failures=2)

    again = connect(user, spotify, spotify.add_user("second", tracks=5))

    assert again.pk == account.pk
    assert again.spotify_id == "second"
    assert not SavedTrack.objects.filter(account=account).exists()
    assert not FollowedArtist.objects.filter(account=account).exists()
    assert not StagedPage.objects.filter(run__account=account).exists()
    live.refresh_from_db()
    assert (live.status, live.reason, live.claim) == ("cancelled", "other_account", None)
    assert live.finished_at is not None
    ended.refresh_from_db()
    assert ended.status == "succeeded"
    state = SyncState.objects.get(account=account, resource="tracks")
    assert (state.hidden, state.failures, state.full_due) == (0, 0, True)
    assert (state.full_at, state.full_total, state.checked_at) == (None, None, None)
    assert state.next_sync_at is not None
    assert SavedTrack.objects.filter(account=neighbour).count() == 3, "nobody else's is touched"

    sync(again, "tracks")
    assert SavedTrack.objects.filter(account=again).count() == 5


@commits
def test_a_run_of_the_former_account_can_write_nothing(
    user: Any, account: SpotifyAccount, spotify: FakeSpotify
) -> None:
    second = spotify.add_user("second")

    def swap(_: object) -> None:
        connect(user, spotify, second)
        connections.close_all()

    spotify.faults.add("/me/tracks", offset=100, before=swap)

    run = sync(account, "tracks")

    assert run.status == "cancelled"
    assert not SavedTrack.objects.exists()


@commits
@pytest.mark.postgres
def test_taking_over_and_a_sync_that_writes_do_not_wait_for_each_other(user: Any) -> None:
    account = accounts.connect(user, profile("ada"), GRANT)
    run = request_sync(account, "tracks")
    track = Track.objects.create(spotify_id="t", name="T")

    def is_waiting() -> bool:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_locks WHERE NOT granted")
            return cursor.fetchone() is not None

    def take_over() -> None:
        try:
            accounts.connect(user, profile("second"), GRANT)
        finally:
            connections.close_all()

    other = threading.Thread(target=take_over)
    with transaction.atomic():  # as a sync writes: the state, the run, the rows
        SyncState.objects.select_for_update().get(account=account, resource="tracks")
        other.start()
        wait_until(is_waiting)
        SyncRun.objects.select_for_update().get(pk=run.pk)
        SavedTrack.objects.create(account=account, track=track, rank=1)
    other.join(timeout=20)

    account.refresh_from_db()
    assert account.spotify_id == "second"
    assert not SavedTrack.objects.exists()


@commits
def test_connecting_twice_at_once(user: Any) -> None:
    results = at_once(*[partial(accounts.connect, user, profile("ada"), GRANT)] * 4)

    assert {getattr(result, "pk", result) for result in results} == {user.spotify_account.pk}
    assert user.spotify_account.token.version == 4


@commits
def test_two_users_take_one_spotify_account_at_once(user: Any, other_user: Any) -> None:
    results = at_once(
        *(
            partial(accounts.connect, who, profile("ada", "acct"), GRANT)
            for who in (user, other_user)
        )
    )

    assert sum(isinstance(result, LinkedElsewhere) for result in results) == 1
    assert SpotifyAccount.objects.count() == 1


def test_whose_grant_it_is(spotify: FakeSpotify) -> None:
    answer = spotify.grant()
    grant = oauth.Grant(Secret(answer["access_token"]), None, expires_in=1, scope=None)

    assert accounts.fetch_profile(grant).spotify_id == spotify.user.id
    spotify.allowlist = set()
    with pytest.raises(NotAllowlisted):
        accounts.fetch_profile(grant)


def test_a_fresh_token_that_is_rejected_for_good(spotify: FakeSpotify) -> None:
    grant = oauth.Grant(Secret("unknown"), None, expires_in=1, scope=None)

    with pytest.raises(AccessTokenRejected):
        accounts.fetch_profile(grant)

    assert spotify.count("/me") == 2


# The client of an account


def test_a_good_token_is_used_as_it_is(account: SpotifyAccount, spotify: FakeSpotify) -> None:
    assert ask(account) == spotify.user.id
    assert spotify.count(TOKENS) == 0


@pytest.mark.parametrize(("seconds", "refreshes"), [(-100, 1), (0, 1), (55, 1), (70, 0)])
def test_a_token_is_refreshed_a_minute_before_its_end(
    account: SpotifyAccount, spotify: FakeSpotify, seconds: int, refreshes: int
) -> None:
    let_expire(account, seconds)

    assert ask(account) == spotify.user.id

    assert spotify.count(TOKENS) == refreshes
    assert spotify.count("/me") == 1
    token = SpotifyToken.objects.get()
    assert token.version == 1 + refreshes
    assert token.is_expiring is False


def test_a_token_that_ends_while_the_client_lives(
    account: SpotifyAccount, spotify: FakeSpotify, monkeypatch: pytest.MonkeyPatch
) -> None:
    with accounts.client_for(account) as client:
        client.get("/me")
        later = timezone.now() + timedelta(minutes=59, seconds=30)
        monkeypatch.setattr(timezone, "now", lambda: later)
        client.get("/me")
        client.get("/me")

    assert spotify.count(TOKENS) == 1


def test_a_rejected_token_is_refreshed_once(account: SpotifyAccount, spotify: FakeSpotify) -> None:
    spotify.expire_access_tokens()

    assert ask(account) == spotify.user.id

    asked = [(line.path, line.status) for line in spotify.requests]
    assert asked == [("/v1/me", 401), ("/api/token", 200), ("/v1/me", 200)]


def test_a_token_that_stays_rejected_is_no_loop(
    account: SpotifyAccount, spotify: FakeSpotify
) -> None:
    spotify.faults.add("/me", status=401, times=None)

    with pytest.raises(AccessTokenRejected):
        ask(account)

    assert spotify.count(TOKENS) == 1
    assert status_of(account) == "connected"


def test_what_another_worker_refreshed_meanwhile_is_taken(
    account: SpotifyAccount, spotify: FakeSpotify
) -> None:
    let_expire(account)
    with accounts.client_for(account) as mine, accounts.client_for(account) as theirs:
        theirs.get("/me")
        mine.get("/me")

    assert spotify.count(TOKENS) == 1


@pytest.mark.parametrize(
    ("status", "error"),
    [
        ("disconnected", NotConnected),
        ("suspect", ReauthorizationRequired),
        ("reauthorization_required", ReauthorizationRequired),
    ],
)
def test_no_client_without_a_grant(account: SpotifyAccount, status: str, error: Any) -> None:
    SpotifyAccount.objects.update(status=status)

    with pytest.raises(error):
        accounts.client_for(account)


def test_no_client_without_a_token(account: SpotifyAccount) -> None:
    SpotifyToken.objects.all().delete()

    with pytest.raises(NotConnected):
        accounts.client_for(account)


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


def test_a_public_client_refreshes_too(
    account: SpotifyAccount, spotify: FakeSpotify, settings: Any
) -> None:
    spotify.client_secret = settings.SPOTIFY_SYNC_CLIENT_SECRET = ""

    assert accounts.refresh(account).version == 2


def test_a_grant_that_is_gone(account: SpotifyAccount, spotify: FakeSpotify) -> None:
    before = account.token.unseal()
    spotify.revoke()

    with pytest.raises(ReauthorizationRequired):
        accounts.refresh(account)

    assert status_of(account) == "reauthorization_required"
    assert SpotifyToken.objects.get().unseal() == before, "kept, in case Spotify was wrong"
    with pytest.raises(ReauthorizationRequired):
        accounts.refresh(account)
    assert spotify.count(TOKENS) == 1, "what is dead is not asked for again"


def test_a_grant_of_more_than_six_months(account: SpotifyAccount, spotify: FakeSpotify) -> None:
    spotify.age_grants(185)

    with pytest.raises(ReauthorizationRequired):
        accounts.refresh(account)


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
    winner = grants._token_of(account)
    loser = grants._token_of(account)
    grants._refresh(winner, alone=True)

    token = grants._refresh(loser, alone=True)

    assert token.version == 2
    assert status_of(account) == "connected"


def test_a_win_undoes_a_verdict_that_was_spoken_meanwhile(
    account: SpotifyAccount, spotify: FakeSpotify
) -> None:
    token = grants._token_of(account)
    grants._lose_grant(token)
    assert status_of(account) == "reauthorization_required"

    grants._refresh(token, alone=True)

    assert status_of(account) == "connected"


def test_a_verdict_on_a_former_token_counts_for_nothing(
    user: Any, account: SpotifyAccount, spotify: FakeSpotify
) -> None:
    old = grants._token_of(account)
    connect(user, spotify)

    grants._lose_grant(old)

    assert status_of(account) == "connected"


def test_a_refresh_that_comes_late_overwrites_no_newer_grant(
    user: Any, account: SpotifyAccount, spotify: FakeSpotify
) -> None:
    late = grants._token_of(account)
    connect(user, spotify)
    newer = SpotifyToken.objects.get().unseal()

    taken = grants._refresh(late, alone=True)

    assert taken.unseal() == newer
    assert SpotifyToken.objects.get().unseal() == newer
    assert SpotifyToken.objects.get().version == 2


def test_a_refresh_does_not_revive_what_was_disconnected(
    account: SpotifyAccount, spotify: FakeSpotify
) -> None:
    token = grants._token_of(account)
    SpotifyAccount.objects.update(status="disconnected")

    with pytest.raises(NotConnected):
        grants._refresh(token, alone=True)

    assert status_of(account) == "disconnected"


def test_who_lost_the_lock_does_not_spend_the_token(
    account: SpotifyAccount, spotify: FakeSpotify, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grants, "LOSER_WAITS", 0.3)
    shared_cache.add(f"refresh:{account.pk}", "somebody else", timedelta(minutes=1))

    with pytest.raises(SpotifyUnavailable):
        accounts.refresh(account)

    assert spotify.count(TOKENS) == 0
    assert shared_cache.get(f"refresh:{account.pk}") == "somebody else"
    assert status_of(account) == "connected"


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
def test_processes_refresh_once(account: SpotifyAccount, spotify: FakeSpotify) -> None:
    spotify.rotate_refresh_tokens = True
    spotify.expire_access_tokens()
    code = """
from concurrent.futures import ThreadPoolExecutor
from django.db import connections
from django_spotify_sync import accounts
from django_spotify_sync.models import SpotifyAccount

def ask(_):
    try:
        with accounts.client_for(SpotifyAccount.objects.get()) as client:
            return client.get("/me")["id"]
    finally:
        connections.close_all()

with ThreadPoolExecutor(3) as pool:
    print(*pool.map(ask, range(3)))
"""

    printed = in_processes(3, code, **spotify.settings)

    assert printed == [" ".join([spotify.user.id] * 3)] * 3
    assert spotify.count(TOKENS) == 1
    assert status_of(account) == "connected"


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
    monkeypatch.setattr(grants, "SETTLING", 0.2)
    settings.SPOTIFY_SYNC_CACHE = "nowhere"
    spotify.revoke()

    with pytest.raises(ReauthorizationRequired):
        accounts.refresh(account)


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

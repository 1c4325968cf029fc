"""A user's grant, stored: at first, again, and by who has another Spotify account."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connections, transaction
from django.utils import timezone

from django_spotify_sync import accounts
from django_spotify_sync.exceptions import LinkedElsewhere, SpotifyUnavailable
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
from django_spotify_sync.spotify.answers.profile import ProfileRow
from django_spotify_sync.sync import request_sync, sync
from django_spotify_sync.testing import FakeSpotify
from tests.kit.concurrency import at_once, lock_waits, wait_until
from tests.kit.connecting import connect

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
    due = state.pop("next_sync_at")

    again = connect(user, spotify)

    assert again.pk == account.pk
    assert again.status == "connected"
    assert again.authorized_at > timezone.now() - timedelta(minutes=1)
    assert again.reauthorize_by > timezone.now() + timedelta(days=180)
    assert again.grant_noticed_at is None
    assert again.token.version == 2
    assert set(SavedTrack.objects.values_list("pk", flat=True)) == rows
    known = SyncState.objects.filter(resource="tracks").values().get()
    assert known.pop("next_sync_at") <= timezone.now() < due  # who comes back is looked at at once
    assert known == state
    with accounts.client_for(again) as client:
        assert client.get("/me")["id"] == spotify.user.id


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

    def take_over() -> None:
        try:
            accounts.connect(user, profile("second"), GRANT)
        finally:
            connections.close_all()

    other = threading.Thread(target=take_over)
    with transaction.atomic():  # as a sync writes: the state, the run, the rows
        SyncState.objects.select_for_update().get(account=account, resource="tracks")
        other.start()
        wait_until(lock_waits)
        SyncRun.objects.select_for_update().get(pk=run.pk)
        SavedTrack.objects.create(account=account, track=track, rank=1)
    other.join(timeout=90)

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

"""A grant that another app of the site was given: proved, stored as the user's, and told of before it ends."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from django_spotify_sync import accounts
from django_spotify_sync.accounts import HeldGrant, adopt_held
from django_spotify_sync.exceptions import (
    GrantRejected,
    InsideTransaction,
    InsufficientScope,
    LinkedElsewhere,
    NoSealingKey,
    NotAllowlisted,
    NotConnected,
    RateLimited,
    SpotifyUnavailable,
)
from django_spotify_sync.models import SpotifyAccount, SpotifyToken, SyncState
from django_spotify_sync.models.accounts import six_months_after
from django_spotify_sync.secret import Secret
from django_spotify_sync.signals import account_connected, sign_in_linked
from django_spotify_sync.testing import FakeSpotify
from tests.kit.concurrency import at_once
from tests.kit.connecting import ask, connect, nothing_is_stored
from tests.kit.crowds import now
from tests.kit.reports import told

pytestmark = pytest.mark.django_db
commits = pytest.mark.django_db(transaction=True)

TOKENS, ME = "/api/token", "/me"
DAY = timedelta(days=1)


@pytest.fixture
def held(spotify: FakeSpotify) -> str:
    """Give the refresh token that another app has of Ada's."""
    return str(spotify.grant()["refresh_token"])


@pytest.fixture
def connected() -> Iterator[list[bool]]:
    """Collect what the signal tells: whether the user had no account before."""
    heard: list[bool] = []

    def hear(created: bool, **kwargs: Any) -> None:
        heard.append(created)

    account_connected.connect(hear)
    yield heard
    account_connected.disconnect(hear)


def test_a_grant_is_adopted(user: Any, spotify: FakeSpotify, held: str) -> None:
    account = accounts.adopt(user, held)

    assert [request.path for request in spotify.requests] == [TOKENS, "/v1/me"]
    account = now(account)
    assert (account.user_id, account.status) == (user.pk, "connected")
    assert account.spotify_id == spotify.user.id
    assert account.spotify_account_id == spotify.user.account_id
    assert account.missing_scopes == []
    assert account.token.unseal().refresh == Secret(held)
    assert account.token.expires_at > timezone.now() + timedelta(minutes=59)
    assert {state.next_sync_at for state in SyncState.objects.all()} == {account.status_changed_at}
    assert ask(account) == spotify.user.id


def test_a_refresh_token_that_takes_the_place_of_the_old_one_is_kept(
    user: Any, spotify: FakeSpotify, held: str
) -> None:
    spotify.rotate_refresh_tokens = True

    account = accounts.adopt(user, Secret(held))

    assert account.token.unseal().refresh != Secret(held)
    assert accounts.refresh(account).version == 2


def test_it_is_told_as_any_connecting(
    user: Any, held: str, connected: list[bool], django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        accounts.adopt(user, held)
        accounts.adopt(user, held)

    assert connected == [True]


def test_a_new_way_to_sign_in_began_when_it_was_adopted(
    user: Any, settings: Any, held: str, django_capture_on_commit_callbacks: Any
) -> None:
    settings.SPOTIFY_SYNC_LOGIN_ENABLED = True
    heard: list[datetime] = []

    def hear(linked_at: datetime, **kwargs: Any) -> None:
        heard.append(linked_at)

    before = timezone.now()
    sign_in_linked.connect(hear)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            accounts.adopt(user, held)
    finally:
        sign_in_linked.disconnect(hear)

    assert len(heard) == 1
    assert before <= heard[0] <= timezone.now()


# When it ends


@pytest.mark.parametrize(("notice", "days"), [([30 * DAY, 7 * DAY], 7), ([20 * DAY], 20), ([], 1)])
def test_an_end_that_nobody_knows_is_the_nearest_of_which_users_are_told(
    user: Any, settings: Any, held: str, notice: list[timedelta], days: int
) -> None:
    settings.SPOTIFY_SYNC_GRANT_NOTICE = notice
    before = timezone.now()

    account = now(accounts.adopt(user, held))

    assert account.reauthorize_by_estimated
    assert before <= account.reauthorize_by - days * DAY <= timezone.now()
    assert account.is_expiring_soon == bool(notice)
    assert account.authorized_at < before - 150 * DAY


def test_a_consent_whose_day_is_known(user: Any, held: str) -> None:
    day = timezone.now() - 30 * DAY

    account = now(accounts.adopt(user, held, authorized_at=day))

    assert (account.authorized_at, account.reauthorize_by) == (day, six_months_after(day))
    assert not account.reauthorize_by_estimated


def test_a_day_that_cannot_be_is_not_believed(
    user: Any, other_user: Any, spotify: FakeSpotify
) -> None:
    """Six months ago: yet Spotify accepts the grant. And tomorrow."""
    tokens = [spotify.grant(who)["refresh_token"] for who in (None, spotify.add_user("grace"))]

    past = accounts.adopt(user, tokens[0], authorized_at=timezone.now() - 200 * DAY)
    future = accounts.adopt(other_user, tokens[1], authorized_at=timezone.now() + DAY)

    assert past.reauthorize_by_estimated
    assert past.reauthorize_by > timezone.now()
    assert future.authorized_at <= timezone.now()
    assert future.reauthorize_by == six_months_after(future.authorized_at)


def test_connecting_again_ends_the_guessing(user: Any, spotify: FakeSpotify, held: str) -> None:
    adopted = accounts.adopt(user, held)

    again = now(connect(user, spotify))

    assert again.pk == adopted.pk
    assert not again.reauthorize_by_estimated
    assert again.reauthorize_by == six_months_after(again.authorized_at)


# Who has a grant, had one, or wants none


@pytest.mark.parametrize("status", ["connected", "suspect"])
def test_an_account_that_has_a_grant_keeps_it_without_a_request(
    user: Any, spotify: FakeSpotify, status: str
) -> None:
    account = connect(user, spotify)
    SpotifyAccount.objects.update(status=status)
    before = SpotifyToken.objects.values().get()
    held = spotify.grant(spotify.add_user("somebody else"))["refresh_token"]
    spotify.clear_log()

    assert accounts.adopt(user, held) == account

    assert spotify.count() == 0
    assert SpotifyToken.objects.values().get() == before
    assert now(account).spotify_id == spotify.user.id


def test_a_lost_grant_is_replaced(user: Any, spotify: FakeSpotify, held: str) -> None:
    account = connect(user, spotify)
    SpotifyAccount.objects.update(status="reauthorization_required")

    assert accounts.adopt(user, held) == account

    assert now(account).status == "connected"
    assert SpotifyToken.objects.get().unseal().refresh == Secret(held)


def test_a_lost_grant_is_replaced_by_none_of_another_account(
    user: Any, spotify: FakeSpotify
) -> None:
    account = connect(user, spotify)
    SpotifyAccount.objects.update(status="reauthorization_required")
    held = spotify.grant(spotify.add_user("grace"))["refresh_token"]

    with pytest.raises(LinkedElsewhere):
        accounts.adopt(user, held)

    assert (now(account).status, now(account).spotify_id) == (
        "reauthorization_required",
        spotify.user.id,
    )


def test_who_disconnected_stays_so(
    user: Any, spotify: FakeSpotify, settings: Any, held: str
) -> None:
    settings.SPOTIFY_SYNC_DELETE_LIBRARY_ON_DISCONNECT = False
    account = connect(user, spotify)
    accounts.disconnect(account)
    spotify.clear_log()

    with pytest.raises(NotConnected):
        accounts.adopt(user, held)

    assert spotify.count() == 0
    assert now(account).status == "disconnected"


@commits
def test_adopting_at_once_makes_one_account(user: Any, held: str) -> None:
    results = at_once(*[partial(accounts.adopt, user, held)] * 4)

    assert {getattr(result, "pk", result) for result in results} == {user.spotify_account.pk}
    assert user.spotify_account.token.version == 1


# What is refused, and stores nothing


def test_a_token_that_spotify_does_not_accept(user: Any, spotify: FakeSpotify, held: str) -> None:
    spotify.revoke()

    for token in (held, "made up", "\n", ""):
        with pytest.raises(GrantRejected):
            accounts.adopt(user, token)

    assert spotify.count(ME) == 0
    assert nothing_is_stored()


def test_a_token_of_another_app_is_not_even_tried(
    user: Any, spotify: FakeSpotify, held: str
) -> None:
    with pytest.raises(GrantRejected, match="another app"):
        accounts.adopt(user, held, client_id="another")
    assert spotify.count() == 0

    assert accounts.adopt(user, held, client_id=spotify.client_id).status == "connected"


def test_a_grant_that_does_not_cover_the_resources(
    user: Any, spotify: FakeSpotify, settings: Any
) -> None:
    held = spotify.grant(scope="user-library-read user-read-email")["refresh_token"]

    with pytest.raises(InsufficientScope, match=r"playlist-read-private, .*user-follow-read"):
        accounts.adopt(user, held)
    assert spotify.count(ME) == 0
    assert nothing_is_stored()

    settings.SPOTIFY_SYNC_RESOURCES = ["tracks"]
    assert accounts.adopt(user, held).scopes == ["user-library-read", "user-read-email"]


@pytest.mark.parametrize(
    ("known", "scopes"),
    [
        (None, []),
        ("user-library-read a-scope", ["a-scope", "user-library-read"]),
        ("a-scope", None),
    ],
)
def test_scopes_that_spotify_does_not_say(
    user: Any, spotify: FakeSpotify, settings: Any, known: str | None, scopes: list[str] | None
) -> None:
    settings.SPOTIFY_SYNC_RESOURCES = ["tracks"]
    grant = spotify.grant()
    said = {"access_token": grant["access_token"], "expires_in": 3600}
    spotify.faults.add(TOKENS, body=json.dumps(said).encode())

    if scopes is None:
        with pytest.raises(InsufficientScope):
            accounts.adopt(user, grant["refresh_token"], scope=known)
    else:
        assert accounts.adopt(user, grant["refresh_token"], scope=known).scopes == scopes


def test_the_account_of_another_user(
    user: Any, other_user: Any, spotify: FakeSpotify, held: str
) -> None:
    theirs = connect(other_user, spotify)

    with pytest.raises(LinkedElsewhere):
        accounts.adopt(user, held)

    assert SpotifyAccount.objects.get() == theirs


def test_a_token_of_somebody_else_than_it_is_kept_for(user: Any, held: str) -> None:
    with pytest.raises(LinkedElsewhere, match="somebody else"):
        adopt_held(user, HeldGrant(Secret(held), spotify_id="grace"))

    assert nothing_is_stored()


def test_a_user_who_may_not_use_the_app(user: Any, spotify: FakeSpotify, held: str) -> None:
    spotify.allowlist = set()

    with pytest.raises(NotAllowlisted):
        accounts.adopt(user, held)

    assert nothing_is_stored()


def test_a_spotify_that_does_not_answer(user: Any, spotify: FakeSpotify, held: str) -> None:
    spotify.faults.add(TOKENS, status=503, times=None)

    with pytest.raises(SpotifyUnavailable):
        accounts.adopt(user, held)

    assert nothing_is_stored()


def test_no_token_is_spent_while_spotify_wants_no_requests(
    user: Any, spotify: FakeSpotify, held: str
) -> None:
    spotify.faults.add("/me", status=429, retry_after=3600)
    with pytest.raises(RateLimited):
        accounts.adopt(user, held)
    spotify.clear_log()

    with pytest.raises(RateLimited):
        accounts.adopt(user, held)

    assert spotify.count() == 0


def test_no_token_is_spent_that_could_not_be_stored(
    user: Any, spotify: FakeSpotify, settings: Any, held: str
) -> None:
    settings.SPOTIFY_SYNC_FERNET_KEYS = []

    with pytest.raises(NoSealingKey):
        accounts.adopt(user, held)

    assert spotify.count() == 0


def test_no_transaction_is_held_open(user: Any, spotify: FakeSpotify, held: str) -> None:
    with transaction.atomic(), pytest.raises(InsideTransaction):
        accounts.adopt(user, held)

    assert spotify.count() == 0


def test_no_report_of_a_failure_shows_the_token(user: Any, spotify: FakeSpotify, held: str) -> None:
    spotify.allowlist = set()

    with pytest.raises(NotAllowlisted) as caught:
        accounts.adopt(user, held)

    assert held not in told(caught.value)

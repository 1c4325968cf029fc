"""All grants of another login: what becomes of each row, what is asked of Spotify, and when a round ends."""

from __future__ import annotations

import itertools
import uuid
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.test.utils import CaptureQueriesContext

from django_spotify_sync import accounts
from django_spotify_sync.exceptions import (
    ClientRejected,
    RateLimited,
    SpotifyUnavailable,
)
from django_spotify_sync.models import SpotifyAccount, SpotifyToken
from django_spotify_sync.testing import FakeSpotify
from django_spotify_sync.upkeep import adoption
from django_spotify_sync.upkeep.adoption import Adoption, adopt_all
from django_spotify_sync.upkeep.sources import HeldRow
from tests.kit.connecting import ask, connect
from tests.kit.libraries import account_of
from tests.kit.other_logins import allauth_account, allauth_row, new, social_auth_row

pytestmark = pytest.mark.usefixtures("other_logins")

TOKENS, ME = "/api/token", "/me"
MAKE = {"allauth": allauth_row, "social-auth": social_auth_row}


def results(source: str = "allauth", **options: Any) -> list[tuple[str, str | None, str]]:
    return [(one.user, one.result, one.reason) for one in adopt_all(source, **options)]


def people(users: Any, spotify: FakeSpotify, count: int) -> list[Any]:
    """Sign up so many by allauth, which keeps their tokens."""
    made = [users.objects.create_user(username=f"user {number}") for number in range(count)]
    for user in made:
        allauth_row(user, spotify.add_user(f"spotify of {user.username}"), spotify)
    return made


# What becomes of a row


@pytest.mark.parametrize("source", MAKE)
def test_a_row_is_adopted_once(user: Any, spotify: FakeSpotify, source: str) -> None:
    MAKE[source](user, spotify.user, spotify)
    table = "SocialToken" if source == "allauth" else "UserSocialAuth"
    label = "socialaccount" if source == "allauth" else "social_django"
    theirs = apps.get_model(label, table)._default_manager
    before = list(theirs.values())

    first = list(adopt_all(source))
    asked = spotify.count()
    second = results(source)

    assert first == [Adoption("ada", spotify.user.id, adoption.Result.ADOPTED)]
    assert (spotify.count(TOKENS), spotify.count(ME), asked) == (1, 1, 2)
    assert second == [("ada", "already_here", "")]
    assert spotify.count() == asked
    account = SpotifyAccount.objects.get()
    assert (account.user_id, account.reauthorize_by_estimated) == (user.pk, True)
    assert ask(account) == spotify.user.id
    assert list(theirs.values()) == before, "nothing is written or deleted there"


def test_rows_of_old_versions_are_adopted(user: Any, spotify: FakeSpotify) -> None:
    held = spotify.grant()["refresh_token"]
    social_auth_row(user, spotify.user, spotify, extra_data=f'{{"refresh_token": "{held}"}}')

    assert results("social-auth") == [("ada", "adopted", "")]


@pytest.mark.parametrize("in_database", [False, True])
def test_the_app_in_the_database_or_in_the_settings(
    user: Any, spotify: FakeSpotify, settings: Any, in_database: bool
) -> None:
    its = {"client_id": spotify.client_id, "secret": spotify.client_secret}
    if in_database:
        app = new("socialaccount", "SocialApp", provider="spotify", **its)
        allauth_row(user, spotify.user, spotify, app=app)
    else:
        settings.SOCIALACCOUNT_PROVIDERS = {"spotify": {"APP": its}}
        allauth_row(user, spotify.user, spotify)

    assert results() == [("ada", "adopted", "")]


def test_another_provider(user: Any, spotify: FakeSpotify) -> None:
    account = allauth_account(user, spotify.user, provider="music")
    allauth_row(user, spotify.user, spotify, account=account)

    assert results() == []
    assert results(provider="music") == [("ada", "adopted", "")]


def test_some_users_alone(user: Any, other_user: Any, spotify: FakeSpotify) -> None:
    allauth_row(user, spotify.user, spotify)
    allauth_row(other_user, spotify.add_user("grace"), spotify)

    assert results(user_ids=[other_user.pk]) == [("grace", "adopted", "")]


def without_token(user: Any, spotify: FakeSpotify, settings: Any, other: Any) -> None:
    allauth_account(user, spotify.user)


def of_another_app(user: Any, spotify: FakeSpotify, settings: Any, other: Any) -> None:
    settings.SOCIALACCOUNT_PROVIDERS = {"spotify": {"APP": {"client_id": "another"}}}
    allauth_row(user, spotify.user, spotify)


def of_another_user(user: Any, spotify: FakeSpotify, settings: Any, other: Any) -> None:
    allauth_row(user, spotify.user, spotify)
    account_of(other, spotify.user.id)


def disconnected(user: Any, spotify: FakeSpotify, settings: Any, other: Any) -> None:
    allauth_row(user, spotify.user, spotify)
    account_of(user, spotify.user.id, status="disconnected")


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (without_token, "no_refresh_token"),
        (of_another_app, "other_client"),
        (of_another_user, "linked_elsewhere"),
        (disconnected, "not_connected"),
    ],
)
def test_what_needs_consent_without_asking_spotify(
    user: Any, other_user: Any, spotify: FakeSpotify, settings: Any, make: Any, reason: str
) -> None:
    make(user, spotify, settings, other_user)

    [one] = adopt_all("allauth", user_ids=[user.pk])

    assert (one.result, one.reason) == ("needs_consent", reason)
    assert one.words == adoption.WORDS[reason]
    assert spotify.count() == 0


def revoked(user: Any, spotify: FakeSpotify) -> None:
    allauth_row(user, spotify.user, spotify)
    spotify.revoke()


def narrow(user: Any, spotify: FakeSpotify) -> None:
    held = spotify.grant(scope="user-read-email")["refresh_token"]
    allauth_row(user, spotify.user, spotify, token_secret=held)


def of_somebody_else(user: Any, spotify: FakeSpotify) -> None:
    held = spotify.grant(spotify.add_user("grace"))["refresh_token"]
    allauth_row(user, spotify.user, spotify, token_secret=held)


def shut_out(user: Any, spotify: FakeSpotify) -> None:
    allauth_row(user, spotify.user, spotify)
    spotify.allowlist = set()


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (revoked, "invalid_grant"),
        (narrow, "insufficient_scope"),
        (of_somebody_else, "linked_elsewhere"),
        (shut_out, "not_allowlisted"),
    ],
)
def test_what_needs_consent_by_spotifys_word(
    user: Any, spotify: FakeSpotify, make: Any, reason: str
) -> None:
    make(user, spotify)

    [one] = adopt_all("allauth")

    assert (one.result, one.reason) == ("needs_consent", reason)
    assert one.words
    assert not SpotifyAccount.objects.exists()


def test_a_lost_grant_is_asked_about_again(user: Any, spotify: FakeSpotify) -> None:
    """The user may have signed in there since, and so consented again."""
    allauth_row(user, spotify.user, spotify)
    connect(user, spotify)
    SpotifyAccount.objects.update(status="reauthorization_required")

    assert results() == [("ada", "adopted", "")]
    assert SpotifyAccount.objects.get().status == "connected"


@pytest.mark.parametrize("status", ["connected", "suspect"])
def test_who_is_here_is_not_asked_about(user: Any, spotify: FakeSpotify, status: str) -> None:
    allauth_row(user, spotify.user, spotify)
    allauth_row(user, spotify.add_user("another"), spotify)
    account_of(user, spotify.user.id, status=status)

    assert results() == [("ada", "already_here", ""), ("ada", "already_here", "other_account")]
    assert spotify.count() == 0


def test_of_two_accounts_of_one_user_the_first_is_adopted(user: Any, spotify: FakeSpotify) -> None:
    allauth_row(user, spotify.user, spotify)
    allauth_row(user, spotify.add_user("another"), spotify)

    assert results() == [("ada", "adopted", ""), ("ada", "already_here", "other_account")]
    assert SpotifyAccount.objects.get().spotify_id == spotify.user.id


def test_a_dry_run_asks_nobody(user: Any, other_user: Any, spotify: FakeSpotify) -> None:
    allauth_row(user, spotify.user, spotify)
    allauth_account(other_user, spotify.add_user("grace"))

    found = results(dry_run=True)

    assert found == [("ada", "adopted", ""), ("grace", "needs_consent", "no_refresh_token")]
    assert spotify.count() == 0
    assert not SpotifyAccount.objects.exists()


# The round


def test_a_row_costs_no_query_unless_it_is_adopted(
    django_user_model: Any, spotify: FakeSpotify
) -> None:
    """Accounts and tokens of a chunk, and what is known of them; and the question for the next chunk."""

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            results()
        return len(captured)

    first, *others = people(django_user_model, spotify, 10)
    account_of(first, "spotify of user 0")
    for user in others:
        account_of(user, f"spotify of {user.username}", status="disconnected")
    before = queries()
    for number in range(20, 50):
        user = django_user_model.objects.create_user(username=f"user {number}")
        allauth_account(user, spotify.add_user(f"spotify of user {number}"))

    assert queries() == before == 6


def test_a_round_goes_on_where_it_was_cut_short(
    django_user_model: Any, spotify: FakeSpotify
) -> None:
    people(django_user_model, spotify, 5)
    cut = adopt_all("allauth")
    assert [one.result for one in itertools.islice(cut, 2)] == ["adopted"] * 2
    cut.close()
    spotify.clear_log()

    assert [result for _, result, _ in results()] == ["already_here"] * 2 + ["adopted"] * 3
    assert spotify.count(TOKENS) == 3
    assert SpotifyToken.objects.count() == 5


def test_one_that_spotify_does_not_answer_keeps_nobody_waiting(
    django_user_model: Any, spotify: FakeSpotify
) -> None:
    people(django_user_model, spotify, 4)
    spotify.faults.add(TOKENS, status=400, times=2)

    first, second = results(), results()

    assert [result for _, result, _ in first] == [None, None, "adopted", "adopted"]
    assert first[0][2] == "bad_request"
    assert [result for _, result, _ in second] == ["adopted"] * 2 + ["already_here"] * 2


def test_a_spotify_that_is_away_ends_the_round(
    django_user_model: Any, spotify: FakeSpotify
) -> None:
    people(django_user_model, spotify, 5)
    spotify.faults.add(TOKENS, status=501, times=None)
    round_ = adopt_all("allauth")

    assert [next(round_).result, next(round_).result] == [None, None]
    with pytest.raises(SpotifyUnavailable):
        next(round_)
    assert spotify.count(TOKENS) == adoption.IN_ROW


@pytest.mark.parametrize(
    ("path", "fault", "error"),
    [
        (TOKENS, {"status": 401, "reason": "invalid_client"}, ClientRejected),
        (TOKENS, {"status": 429, "retry_after": 60}, RateLimited),
        (ME, {"status": 429, "retry_after": 600}, RateLimited),
    ],
)
def test_what_is_no_answer_about_a_grant_ends_the_round_at_once(
    django_user_model: Any, spotify: FakeSpotify, path: str, fault: dict[str, Any], error: Any
) -> None:
    people(django_user_model, spotify, 3)
    spotify.faults.add(path, times=None, **fault)

    with pytest.raises(error):
        results()

    assert spotify.count(path) == 1
    assert not SpotifyAccount.objects.exists()


def test_a_user_who_is_gone_is_no_row(monkeypatch: pytest.MonkeyPatch) -> None:
    """Deleted while the rows were read."""
    gone = HeldRow(uuid.uuid4(), "spotify", None)
    monkeypatch.setitem(adoption.SOURCES, "allauth", lambda provider, user_ids: iter([[gone]]))

    assert results() == []


def test_a_user_who_was_shut_out_is_no_row(user: Any, spotify: FakeSpotify) -> None:
    user.is_active = False
    user.save()
    allauth_row(user, spotify.user, spotify)

    assert results() == []


def test_it_goes_by_the_pace_of_the_schedule(
    user: Any, spotify: FakeSpotify, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[dict[str, Any]] = []
    shared = accounts.clients.pace.shared_pace

    def listen(**options: Any) -> Any:
        asked.append(options)
        return shared(**options)

    monkeypatch.setattr(accounts.clients.pace, "shared_pace", listen)
    allauth_row(user, spotify.user, spotify)

    results()

    assert asked == [{"scheduled": True, "account_id": None}]

"""Signing in with Spotify: who may, what of the grant is kept, and that it is never mixed up with connecting."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.utils import timezone

from django_spotify_sync import accounts, shared_cache
from django_spotify_sync.accounts import states
from django_spotify_sync.models import SpotifyAccount
from django_spotify_sync.rest.pinned import PinnedAPIView
from django_spotify_sync.testing import FakeSpotify
from tests.kit.browsing import (
    JSON,
    SIGN_IN_FIRST,
    ByName,
    begun,
    both_doors,
    browser_of,
    by_browser,
    by_post,
)
from tests.kit.connecting import connect
from tests.kit.signing_in import BACKEND, agreed, stored, who

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("login_enabled")]


@both_doors
def test_who_is_linked_is_signed_in(
    nobody: Client, account: SpotifyAccount, user: Any, finish: Any
) -> None:
    assert finish(nobody, agreed(nobody)) == (200, "")

    assert who(nobody) == str(user.pk)
    assert nobody.session["_auth_user_backend"] == BACKEND
    assert nobody.get("/spotify/account/").json()["spotify_id"] == account.spotify_id, (
        "REST's session authentication knows the user, too"
    )


def test_a_browser_goes_on_to_where_it_was(nobody: Client, account: SpotifyAccount) -> None:
    there = nobody.get("/spotify/callback/", agreed(nobody, next="/library/"))
    elsewhere = nobody.get("/spotify/callback/", agreed(nobody, next="https://evil.example/"))

    assert (there["Location"], elsewhere["Location"]) == ("/library/", "/spotify/")


@pytest.mark.parametrize("status", ["connected", "suspect", "reauthorization_required"])
def test_a_link_serves_as_long_as_it_is_one(
    nobody: Client, account: SpotifyAccount, user: Any, status: str
) -> None:
    SpotifyAccount.objects.update(status=status)

    assert by_browser(nobody, agreed(nobody)) == (200, "")
    assert who(nobody) == str(user.pk)


@both_doors
def test_nobody_is_made_up(nobody: Client, user: Any, spotify: FakeSpotify, finish: Any) -> None:
    """The browser's Spotify account is nobody's here; that a user has the same name and address says nothing."""
    spotify.cohort = "extended"
    user.username, user.email = spotify.user.id, spotify.user.email
    user.first_name = spotify.user.display_name or ""
    user.save()

    assert finish(nobody, agreed(nobody)) == (302 if finish is by_browser else 403, "no_user")

    assert who(nobody) is None
    assert get_user_model().objects.count() == 1
    assert stored() == {"tokens": [], "accounts": 0}


@both_doors
def test_a_stranger_costs_no_request_more_than_to_know_them(
    nobody: Client, spotify: FakeSpotify, finish: Any
) -> None:
    brought = agreed(nobody)
    spotify.clear_log()

    assert finish(nobody, brought)[1] == "no_user"

    assert [line.path for line in spotify.requests] == ["/api/token", "/v1/me"]


def test_who_disconnected_is_signed_in_by_it_no_more(
    nobody: Client, account: SpotifyAccount, settings: Any
) -> None:
    settings.SPOTIFY_SYNC_DELETE_LIBRARY_ON_DISCONNECT = False
    accounts.disconnect(account)

    assert by_browser(nobody, agreed(nobody)) == (302, "no_user")
    assert who(nobody) is None
    assert SpotifyAccount.objects.get().status == "disconnected"


@both_doors
def test_who_was_shut_out_stays_out(
    nobody: Client, account: SpotifyAccount, user: Any, finish: Any
) -> None:
    user.is_active = False
    user.save()
    before = stored()

    assert finish(nobody, agreed(nobody))[1] == "no_user"

    assert who(nobody) is None
    assert stored() == before


@pytest.mark.parametrize(
    ("mine", "others"),
    [
        ({"spotify_account_id": "acct-other"}, {}),  # the same name at Spotify, given to another
        ({"spotify_id": "was-mine"}, {"spotify_account_id": None}),  # two who claim it
    ],
)
def test_two_who_might_be_meant_are_nobody(
    nobody: Client,
    account: SpotifyAccount,
    other_user: Any,
    spotify: FakeSpotify,
    mine: dict[str, str],
    others: dict[str, Any],
) -> None:
    SpotifyAccount.objects.filter(pk=account.pk).update(**mine)
    if others:
        theirs = connect(other_user, spotify, spotify.add_user("grace"))
        SpotifyAccount.objects.filter(pk=theirs.pk).update(spotify_id=spotify.user.id, **others)

    assert by_browser(nobody, agreed(nobody)) == (302, "no_user")
    assert who(nobody) is None


def test_a_new_name_at_spotify_is_the_same_account(
    nobody: Client, account: SpotifyAccount, user: Any, spotify: FakeSpotify
) -> None:
    SpotifyAccount.objects.update(spotify_id="former-name")

    assert by_browser(nobody, agreed(nobody)) == (200, "")
    assert who(nobody) == str(user.pk)


def test_consent_was_not_given(
    nobody: Client, account: SpotifyAccount, spotify: FakeSpotify
) -> None:
    spotify.consent = "deny"

    assert by_browser(nobody, agreed(nobody)) == (302, "access_denied")
    assert who(nobody) is None


@pytest.mark.parametrize(
    ("lacking", "status", "code"),
    [("allowlist", 403, "not_allowlisted"), ("premium", 502, "spotify_unavailable")],
)
@pytest.mark.parametrize("begins", [begun, agreed], ids=["connecting", "signing in"])
def test_why_spotify_refuses(
    account: SpotifyAccount,
    user: Any,
    spotify: FakeSpotify,
    caplog: pytest.LogCaptureFixture,
    begins: Any,
    lacking: str,
    status: int,
    code: str,
) -> None:
    """A user who is not on the list is told so; that the app's owner has no Premium any more is not theirs to mend."""
    if lacking == "allowlist":
        spotify.allowlist = set()
    else:
        spotify.owner_premium = False
    client = browser_of(user)

    assert by_post(client, begins(client)) == (status, code)
    assert by_browser(client, begins(client)) == (302, code)
    if lacking == "premium":
        assert "premium subscription required for the owner" in caplog.text


# The browser, and nothing else


def test_the_session_s_key_changes(nobody: Client, account: SpotifyAccount) -> None:
    nobody.get("/")
    session = nobody.session
    session["basket"] = "kept"
    session.save()
    planted = session.session_key
    nobody.cookies["sessionid"] = planted

    by_browser(nobody, agreed(nobody))

    assert who(nobody)
    assert nobody.session.session_key != planted
    assert nobody.session["basket"] == "kept"
    stranger = browser_of()
    stranger.cookies["sessionid"] = planted
    assert who(stranger) is None, "who planted the key has nothing of it"


@both_doors
@pytest.mark.parametrize("signed_in", [False, True])
def test_another_browser_is_not_signed_in(
    nobody: Client, account: SpotifyAccount, user: Any, finish: Any, signed_in: bool
) -> None:
    """Somebody lets another's browser finish what was begun in his own; being signed in is no excuse."""
    brought = agreed(nobody)
    other = browser_of(user if signed_in else None)
    other.get("/spotify/auth/")  # with a cookie of its own
    before = who(other)

    assert finish(other, brought)[1] == "state_other_browser"

    assert who(other) == before
    assert finish(nobody, brought) == (200, ""), "it stays good where it was begun"


def test_what_was_used_is_used(nobody: Client, account: SpotifyAccount) -> None:
    brought = agreed(nobody)
    by_browser(nobody, brought)
    nobody.logout()

    assert by_browser(nobody, brought)[1] in ("state_replayed", "state_other_browser")
    assert who(nobody) is None


def test_a_replay_in_the_same_browser(nobody: Client, account: SpotifyAccount) -> None:
    brought = agreed(nobody)
    by_browser(nobody, brought)
    nobody.cookies.pop("sessionid")

    assert by_browser(nobody, brought) == (302, "state_replayed")
    assert who(nobody) is None


def test_who_connects_is_not_signed_in(user: Any, spotify: FakeSpotify) -> None:
    ada = browser_of(user)
    brought = begun(ada)
    ada.cookies.pop("sessionid")  # signed out on the way, and the cookie is there

    assert by_browser(ada, brought) == (302, SIGN_IN_FIRST)

    assert stored() == {"tokens": [], "accounts": 0}
    assert who(ada) is None


def test_who_signs_in_is_not_connected(user: Any, spotify: FakeSpotify) -> None:
    ada = browser_of(user)

    assert by_browser(ada, agreed(ada)) == (302, "no_user")
    assert stored() == {"tokens": [], "accounts": 0}


@both_doors
def test_who_is_signed_in_is_not_taken_for_another(
    account: SpotifyAccount, other_user: Any, finish: Any
) -> None:
    """Grace is signed in, and the browser's Spotify account is Ada's."""
    grace = browser_of(other_user)
    before = stored()

    status, code = finish(grace, agreed(grace))

    assert (status, code) == (302 if finish is by_browser else 409, "signed_in_as_other")
    assert who(grace) == str(other_user.pk)
    assert stored() == before


def test_another_session_than_the_request_s_own_credentials(
    account: SpotifyAccount, user: Any, other_user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """REST knows Ada by a header, and the session that came along is Grace's."""
    monkeypatch.setattr(PinnedAPIView, "authentication_classes", [ByName])
    grace = browser_of(other_user)
    brought = agreed(grace)

    answer = grace.post(
        "/spotify/callback/",
        brought,
        "application/json",
        headers={**JSON, "Authorization": "Name ada"},
    )

    assert (answer.status_code, answer.json()["code"]) == (409, "signed_in_as_other")
    assert who(grace) == str(other_user.pk)


def test_the_same_user_again(account: SpotifyAccount, user: Any) -> None:
    ada = browser_of(user)

    assert by_browser(ada, agreed(ada)) == (200, "")
    assert who(ada) == str(user.pk)


def test_a_post_of_nobody_s_is_for_signing_in_alone(user: Any, spotify: FakeSpotify) -> None:
    ada = browser_of(user)
    brought = begun(ada)
    ada.cookies.pop("sessionid")

    assert by_post(ada, brought)[0] in (401, 403)
    assert stored() == {"tokens": [], "accounts": 0}
    ada.force_login(user)
    assert by_post(ada, brought) == (200, ""), "the state was not used up"


def in_the_cache(state: str) -> dict[str, Any]:
    packed: dict[str, Any] = json.loads(shared_cache.get(f"state:{states._hash(state)}"))
    return packed


def put_in_the_cache(state: str, attempt: dict[str, Any]) -> None:
    key = f"state:{states._hash(state)}"
    shared_cache.delete(key)
    shared_cache.add(key, json.dumps(attempt), timedelta(minutes=1))


def test_what_an_older_version_remembered_is_to_connect(
    nobody: Client, account: SpotifyAccount, user: Any
) -> None:
    brought = begun(browser_of(user))
    old = in_the_cache(brought["state"])
    assert old.pop("purpose") == "connect"
    assert old.pop("session")
    assert old.pop("auth_hash")
    put_in_the_cache(brought["state"], old)

    assert by_browser(nobody, brought) == (302, "state_other_browser")
    assert by_browser(browser_of(user), brought) == (200, "")


@pytest.mark.parametrize("purpose", ["delete", "", None, ["login"]])
def test_what_no_version_remembers_is_nothing(
    nobody: Client, account: SpotifyAccount, purpose: Any
) -> None:
    brought = agreed(nobody)
    put_in_the_cache(brought["state"], in_the_cache(brought["state"]) | {"purpose": purpose})

    assert by_browser(nobody, brought) == (302, "state_expired")
    assert who(nobody) is None


# What of the grant is kept


def let_age(account: SpotifyAccount, **values: Any) -> None:
    long_ago = timezone.now() - timedelta(days=100)
    SpotifyAccount.objects.filter(pk=account.pk).update(authorized_at=long_ago, **values)


@pytest.mark.parametrize("status", ["connected", "suspect", "reauthorization_required"])
@pytest.mark.parametrize("wider", [False, True])
def test_a_grant_as_wide_takes_the_place_and_begins_six_months(
    nobody: Client, account: SpotifyAccount, settings: Any, status: str, wider: bool
) -> None:
    let_age(account, status=status)
    former = account.token.unseal()
    if wider:
        settings.SPOTIFY_SYNC_SCOPES = [*account.scopes, "user-top-read"]

    assert by_browser(nobody, agreed(nobody)) == (200, "")

    now = SpotifyAccount.objects.get()
    assert now.status == "connected"
    assert now.authorized_at > timezone.now() - timedelta(minutes=1)
    assert now.token.version == 2
    assert now.token.unseal().refresh != former.refresh
    assert ("user-top-read" in now.scopes) is wider


@pytest.mark.parametrize("status", ["connected", "reauthorization_required"])
def test_a_narrower_grant_only_signs_in(
    nobody: Client, account: SpotifyAccount, user: Any, settings: Any, status: str
) -> None:
    let_age(account, status=status)
    before, was = stored(), SpotifyAccount.objects.values().get()
    settings.SPOTIFY_SYNC_SCOPES = account.scopes[:-1]

    assert by_browser(nobody, agreed(nobody)) == (200, "")

    assert who(nobody) == str(user.pk)
    assert stored() == before
    assert SpotifyAccount.objects.values().get() == was


def test_a_grant_without_a_refresh_token_only_signs_in(
    nobody: Client, account: SpotifyAccount, user: Any, spotify: FakeSpotify
) -> None:
    before = stored()
    brought = agreed(nobody)
    answer = {"access_token": spotify.grant()["access_token"], "token_type": "Bearer"}
    spotify.faults.add("/api/token", status=200, body=json.dumps(answer).encode())

    assert by_browser(nobody, brought) == (200, "")
    assert who(nobody) == str(user.pk)
    assert stored() == before


@both_doors
def test_it_is_switched_off_meanwhile(
    nobody: Client, account: SpotifyAccount, settings: Any, finish: Any
) -> None:
    brought = agreed(nobody)
    settings.SPOTIFY_SYNC_LOGIN_ENABLED = False

    status, code = finish(nobody, brought)

    assert (status, code) == (302, "state_expired") or status in (401, 403)
    assert who(nobody) is None


def test_a_backend_that_was_not_named_signs_nobody_in(
    nobody: Client, account: SpotifyAccount, settings: Any
) -> None:
    settings.AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]

    assert by_browser(nobody, agreed(nobody)) == (302, "no_user")


@both_doors
def test_the_cache_goes_away_on_the_way(
    nobody: Client,
    account: SpotifyAccount,
    spotify: FakeSpotify,
    take_the_cache_away: Any,
    finish: Any,
) -> None:
    brought = agreed(nobody)
    take_the_cache_away()
    spotify.clear_log()

    status, code = finish(nobody, brought)

    assert (status, code) == (302 if finish is by_browser else 503, "cache_unavailable")
    assert spotify.count("/api/token") == 0
    assert who(nobody) is None


def test_a_host_whose_requests_are_transactions(
    nobody: Client, account: SpotifyAccount, user: Any, settings: Any
) -> None:
    settings.DATABASES["default"]["ATOMIC_REQUESTS"] = True
    try:
        assert by_browser(nobody, agreed(nobody)) == (200, "")
    finally:
        settings.DATABASES["default"]["ATOMIC_REQUESTS"] = False
    assert who(nobody) == str(user.pk)

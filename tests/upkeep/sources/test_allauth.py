"""The rows of the real django-allauth: which token is taken, and to which app at Spotify it was given."""

from __future__ import annotations

from typing import Any

import pytest

from django_spotify_sync.testing import FakeSpotify
from django_spotify_sync.upkeep.sources import HeldRow, allauth
from tests.kit.other_logins import allauth_account, allauth_row, new

pytestmark = pytest.mark.usefixtures("other_logins")


def row(provider: str = "spotify") -> HeldRow:
    [[row]] = allauth.chunks(provider, None)
    return row


def app(client_id: str, **values: Any) -> Any:
    """An app that stands in the database."""
    return new("socialaccount", "SocialApp", provider="spotify", client_id=client_id, **values)


def test_a_user_without_a_stored_token(user: Any, spotify: FakeSpotify) -> None:
    """As most sites have them: SOCIALACCOUNT_STORE_TOKENS is off by default."""
    allauth_account(user, spotify.user)

    assert row() == HeldRow(user.pk, spotify.user.id, None)


def test_a_token_without_a_refresh_token_is_none(user: Any, spotify: FakeSpotify) -> None:
    allauth_row(user, spotify.user, spotify, token_secret="")

    assert row().grant is None


def test_the_refresh_token_and_whose_it_is(user: Any, spotify: FakeSpotify) -> None:
    token = allauth_row(user, spotify.user, spotify)

    held = row()

    assert (held.user_id, held.spotify_id) == (user.pk, spotify.user.id)
    assert held.grant.refresh_token.reveal() == token.token_secret
    assert held.grant.spotify_id == spotify.user.id


def test_other_providers_are_nobodys_business(user: Any, spotify: FakeSpotify) -> None:
    allauth_account(user, spotify.user, provider="google")

    assert list(allauth.chunks("spotify", None)) == []


def test_an_app_in_the_database_says_whose_token_it_is(user: Any, spotify: FakeSpotify) -> None:
    allauth_row(user, spotify.user, spotify, app=app("in the database"))

    assert row().grant.client_id == "in the database"


OURS = {"client_id": "test-client-id"}
OTHER = {"client_id": "another"}


@pytest.mark.parametrize(
    ("configured", "provider", "client_id"),
    [
        ({}, "spotify", None),
        ({"spotify": {"SCOPE": ["user-library-read"]}}, "spotify", None),
        ({"spotify": {"APP": OTHER}}, "spotify", "another"),
        ({"spotify": {"APPS": [OTHER]}}, "spotify", "another"),
        ({"spotify": {"APPS": [OTHER, OURS]}}, "spotify", "ours"),
        ({"google": {"APP": OTHER}}, "spotify", None),
        ({"spotify": {"APPS": [{"provider_id": "music", **OTHER}]}}, "spotify", None),
        ({"spotify": {"APPS": [{"provider_id": "music", **OTHER}]}}, "music", "another"),
    ],
)
def test_an_app_in_the_settings_has_no_row(
    user: Any,
    spotify: FakeSpotify,
    settings: Any,
    configured: dict[str, Any],
    provider: str,
    client_id: str | None,
) -> None:
    settings.SPOTIFY_SYNC_CLIENT_ID = "test-client-id"
    settings.SOCIALACCOUNT_PROVIDERS = configured
    account = allauth_account(user, spotify.user, provider=provider)
    allauth_row(user, spotify.user, spotify, account=account)

    expected = "test-client-id" if client_id == "ours" else client_id
    assert row(provider).grant.client_id == expected


@pytest.mark.parametrize("turned", [False, True])
def test_of_several_tokens_the_one_for_our_app_is_taken(
    user: Any, spotify: FakeSpotify, turned: bool
) -> None:
    account = allauth_account(user, spotify.user)
    apps = [app("another"), app(spotify.client_id)]
    for one in reversed(apps) if turned else apps:
        allauth_row(user, spotify.user, spotify, account=account, app=one)

    assert row().grant.client_id == spotify.client_id

"""The rows of the real social-auth: what its column of JSON holds, old rows included, and a site's own storage."""

from __future__ import annotations

import json
from typing import Any

import pytest

from django_spotify_sync.testing import FakeSpotify
from django_spotify_sync.upkeep.sources import HeldRow, SourceMissing, social_auth
from tests.kit.other_logins import OwnStorage, social_auth_row

pytestmark = pytest.mark.usefixtures("other_logins")

KEPT = {"access_token": "access", "refresh_token": "refresh", "token_type": "Bearer"}


def row(provider: str = "spotify") -> HeldRow:
    [[row]] = social_auth.chunks(provider, None)
    return row


def test_the_refresh_token_and_whose_it_is(user: Any, spotify: FakeSpotify) -> None:
    stored = social_auth_row(user, spotify.user, spotify)

    held = row()

    assert (held.user_id, held.spotify_id) == (user.pk, spotify.user.id)
    assert held.grant.refresh_token.reveal() == stored.extra_data["refresh_token"]
    assert (held.grant.spotify_id, held.grant.client_id) == (spotify.user.id, None)


@pytest.mark.parametrize(
    "extra_data",
    [KEPT, json.dumps(KEPT), json.dumps(json.dumps(KEPT)), KEPT | {"scope": ["a", "list"]}],
)
def test_rows_of_old_versions_hold_a_text(user: Any, spotify: FakeSpotify, extra_data: Any) -> None:
    social_auth_row(user, spotify.user, spotify, extra_data=extra_data)

    assert row().grant.refresh_token.reveal() == "refresh"
    assert row().grant.scope is None


NO_TOKENS = [{"refresh_token": None}, {"refresh_token": ""}, {"refresh_token": 7}]


@pytest.mark.parametrize(
    "extra_data",
    [{}, "", "{", "[" * 100_000, [], 7, {"access_token": "access"}, *NO_TOKENS],
    ids=lambda value: repr(value)[:30],
)
def test_a_row_without_a_refresh_token(user: Any, spotify: FakeSpotify, extra_data: Any) -> None:
    social_auth_row(user, spotify.user, spotify, extra_data=extra_data)

    assert row() == HeldRow(user.pk, spotify.user.id, None)


def test_scopes_that_a_site_has_it_keep(user: Any, spotify: FakeSpotify) -> None:
    extra_data = KEPT | {"scope": "user-library-read"}
    social_auth_row(user, spotify.user, spotify, extra_data=extra_data)

    assert row().grant.scope == "user-library-read"


@pytest.mark.parametrize(("provider", "name"), [("spotify", "SPOTIFY"), ("my-music", "MY_MUSIC")])
def test_the_client_stands_in_the_settings(
    user: Any, spotify: FakeSpotify, settings: Any, provider: str, name: str
) -> None:
    setattr(settings, f"SOCIAL_AUTH_{name}_KEY", "another")
    social_auth_row(user, spotify.user, spotify, provider=provider)

    assert row(provider).grant.client_id == "another"


def test_a_storage_of_the_sites_own(user: Any, spotify: FakeSpotify, settings: Any) -> None:
    OwnStorage.install()
    settings.SOCIAL_AUTH_STORAGE = "tests.kit.other_logins.OwnStorage"
    OwnStorage.user.objects.create(
        user=user, provider="spotify", uid=spotify.user.id, extra_data=KEPT
    )

    assert row().grant.refresh_token.reveal() == "refresh"


@pytest.mark.parametrize("storage", ["no.such.module.Storage", "tests.kit.other_logins.APPS"])
def test_a_storage_that_is_none(settings: Any, storage: str) -> None:
    settings.SOCIAL_AUTH_STORAGE = storage

    with pytest.raises(SourceMissing, match="SOCIAL_AUTH_STORAGE"):
        next(social_auth.chunks("spotify", None))

"""Signing in where the host has a say: SPOTIFY_SYNC_GET_USER."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from django_spotify_sync import accounts
from django_spotify_sync.models import SpotifyAccount, SpotifyToken
from django_spotify_sync.testing import FakeSpotify
from tests.kit.browsing import by_browser
from tests.kit.connecting import connect
from tests.kit.signing_in import agreed, stored, who

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("login_enabled")]


def let_hook(settings: Any, hook: Any) -> None:
    settings.SPOTIFY_SYNC_GET_USER = hook


def test_a_host_s_hook_may_make_a_user_who_is_linked(
    nobody: Client, settings: Any, spotify: FakeSpotify
) -> None:
    seen = []

    def make(profile: Any, request: Any) -> Any:
        seen.append((profile.spotify_id, request.path))
        return get_user_model().objects.create_user(username=profile.spotify_id)

    let_hook(settings, make)

    assert by_browser(nobody, agreed(nobody)) == (200, "")

    new = get_user_model().objects.get()
    assert who(nobody) == str(new.pk)
    assert new.spotify_account.status == "connected"
    assert new.spotify_account.token.unseal()
    assert seen == [(spotify.user.id, "/spotify/callback/")]


def test_a_hook_s_user_who_has_another_spotify_account(
    nobody: Client, user: Any, settings: Any, spotify: FakeSpotify
) -> None:
    """A host's hook that goes by names finds Ada for somebody else's Spotify account: she is not theirs to take."""
    connect(user, spotify, spotify.add_user("second"))
    let_hook(settings, lambda profile, request: user)
    before = stored()

    assert by_browser(nobody, agreed(nobody)) == (302, "linked_elsewhere")
    assert who(nobody) is None
    assert stored() == before


def test_a_hook_s_user_while_the_spotify_account_is_another_s(
    nobody: Client, account: SpotifyAccount, other_user: Any, settings: Any
) -> None:
    let_hook(settings, lambda profile, request: other_user)
    before = stored()

    assert by_browser(nobody, agreed(nobody))[1] in ("linked_elsewhere", "no_user")
    assert who(nobody) is None
    assert stored() == before


def test_a_hook_s_inactive_user(
    nobody: Client, other_user: Any, settings: Any, spotify: FakeSpotify
) -> None:
    other_user.is_active = False
    other_user.save()
    let_hook(settings, lambda profile, request: other_user)

    assert by_browser(nobody, agreed(nobody)) == (302, "no_user")


@pytest.mark.django_db(transaction=True)
def test_a_hook_s_user_who_is_not_saved(nobody: Client, settings: Any) -> None:
    let_hook(settings, lambda profile, request: get_user_model()(username="new"))

    assert by_browser(nobody, agreed(nobody)) == (302, "no_user")
    assert who(nobody) is None


@pytest.mark.parametrize("deletes", [True, False])
def test_a_disconnect_meanwhile_is_not_undone(
    nobody: Client, account: SpotifyAccount, user: Any, settings: Any, deletes: bool
) -> None:
    settings.SPOTIFY_SYNC_DELETE_LIBRARY_ON_DISCONNECT = deletes

    def leave(profile: Any, request: Any) -> Any:
        accounts.disconnect(account)
        return user

    let_hook(settings, leave)

    assert by_browser(nobody, agreed(nobody)) == (302, "no_user")
    assert who(nobody) is None
    assert not SpotifyToken.objects.exists()


@pytest.mark.parametrize("deletes", [True, False])
def test_a_hook_may_link_who_disconnected_long_ago(
    nobody: Client, account: SpotifyAccount, user: Any, settings: Any, deletes: bool
) -> None:
    settings.SPOTIFY_SYNC_DELETE_LIBRARY_ON_DISCONNECT = deletes
    accounts.disconnect(account)
    let_hook(settings, lambda profile, request: user)

    assert by_browser(nobody, agreed(nobody)) == (200, "")
    assert SpotifyAccount.objects.get().status == "connected"

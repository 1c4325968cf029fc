"""Ada and Grace, who call the API, and what would be handed to the broker."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from django_spotify_sync.conf import RESOURCES
from django_spotify_sync.models import SpotifyAccount
from tests.kit.api import NOON
from tests.kit.browsing import browser_of
from tests.kit.libraries import account_of


@pytest.fixture
def nothing_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hand nothing to the broker."""
    monkeypatch.setattr("django_spotify_sync.tasks.sync_account.apply_async", lambda **task: None)


@pytest.fixture
def all_resources(settings: Any) -> None:
    """Have the site sync everything there is."""
    settings.SPOTIFY_SYNC_RESOURCES = list(RESOURCES)


@pytest.fixture
def known(user: Any) -> SpotifyAccount:
    """Give Ada's account with all that is known of her."""
    return account_of(
        user,
        "ada",
        display_name="Ada",
        image_url="https://i.example/ada",
        authorized_at=NOON,
        reauthorize_by=NOON,
    )


@pytest.fixture
def account(user: Any) -> SpotifyAccount:
    return account_of(user, "ada")


@pytest.fixture
def ada(user: Any) -> Client:
    return browser_of(user)


@pytest.fixture
def grace(other_user: Any) -> Client:
    return browser_of(other_user)


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Give what would have been handed to the broker."""
    sent: list[dict[str, Any]] = []
    monkeypatch.setattr(
        "django_spotify_sync.tasks.sync_account.apply_async", lambda **task: sent.append(task)
    )
    return sent

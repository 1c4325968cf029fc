"""A visitor of the example site's pages, and somebody else."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from django_spotify_sync.models import SpotifyAccount
from tests.kit.browsing import browser_of
from tests.kit.example_site import settings_of_the_pages
from tests.kit.libraries import account_of


@pytest.fixture(autouse=True)
def pages(settings: Any, db: None) -> None:
    """Have the pages of the example site in this process."""
    for name, value in settings_of_the_pages().items():
        setattr(settings, name, value)


@pytest.fixture
def ada(user: Any) -> SpotifyAccount:
    return account_of(user, "ada")


@pytest.fixture
def grace(other_user: Any) -> SpotifyAccount:
    return account_of(other_user, "grace")


@pytest.fixture
def visit(ada: SpotifyAccount) -> Client:
    """Give Ada's browser."""
    return browser_of(ada.user)

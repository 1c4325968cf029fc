"""Ada's library."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from django_spotify_sync.models import SpotifyAccount
from tests.kit.exports import fill
from tests.kit.libraries import account_of

GOLDEN = Path(__file__).parent / "golden"


@pytest.fixture
def account(user: Any) -> SpotifyAccount:
    return account_of(user, "ada")


@pytest.fixture
def filled(account: SpotifyAccount) -> SpotifyAccount:
    """Give an account with a library that is hard to export."""
    fill(account)
    return account


@pytest.fixture
def golden() -> Any:
    """Return the bytes of a file that was written by hand, from the description of its format."""
    return lambda name: (GOLDEN / name).read_bytes()

"""Times are UTC."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from django_spotify_sync.models import SpotifyAccount
from django_spotify_sync.rest.account import SpotifyAccountSerializer
from tests.kit.api import NOON_JSON

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Asia/Kathmandu"])
def test_times_are_utc_wherever_the_site_is(
    known: SpotifyAccount, settings: Any, zone: str
) -> None:
    settings.TIME_ZONE = zone
    known.refresh_from_db()

    assert SpotifyAccountSerializer(known).data["authorized_at"] == NOON_JSON
    assert known.authorized_at == datetime(2026, 3, 1, 12, tzinfo=UTC)

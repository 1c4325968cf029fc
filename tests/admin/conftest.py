"""Somebody who may see all of the admin, and what would be handed to the broker."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from django_spotify_sync.tasks import sync_account
from tests.kit.browsing import browser_of


@pytest.fixture
def staff(django_user_model: Any) -> Client:
    return browser_of(django_user_model.objects.create_superuser("boss", password="boss"))


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Collect the runs that would be handed to the broker."""
    runs: list[int] = []
    monkeypatch.setattr(
        sync_account, "apply_async", lambda **options: runs.append(options["kwargs"]["run_id"])
    )
    return runs

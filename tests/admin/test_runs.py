"""A run as the admin shows it."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from django_spotify_sync.models import SpotifyAccount, SyncRun
from tests.kit.administering import address, text_of
from tests.kit.libraries import EPOCH, account_of

pytestmark = pytest.mark.django_db


def test_a_run_says_how_far_it_is_and_why_it_failed(staff: Client, user: Any) -> None:
    account = account_of(user)
    run = SyncRun.objects.create(
        account=account, resource="tracks", trigger="user", status="running", done=30, total=120
    )
    failed = SyncRun.objects.create(
        account=account,
        resource="following",
        trigger="admin",
        status="failed",
        error_code="app_forbidden",
        error_detail="Look at the allow-list.",
        finished_at=EPOCH,
    )

    page = text_of(staff, SyncRun, "changelist")
    assert 'max="120" value="30"' in page
    assert "30 / 120" in page
    assert "?error=app_forbidden" in page
    assert address(SpotifyAccount, "change", account.pk) in page
    only = text_of(staff, SyncRun, "changelist", error="app_forbidden")
    assert address(SyncRun, "change", failed.pk) in only
    assert address(SyncRun, "change", run.pk) not in only
    assert "Look at the allow-list." in text_of(staff, SyncRun, "change", failed.pk)

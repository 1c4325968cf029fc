"""The trace that a look of the schedule leaves."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from django_spotify_sync.models import Hour, SyncState
from django_spotify_sync.sync import request_sync
from django_spotify_sync.tasks import sync_due_accounts
from tests.kit.libraries import people

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def test_a_look_notes_what_it_found_before_it_took_it(monkeypatch):
    monkeypatch.setattr("django_spotify_sync.tasks.sync_account.apply_async", lambda **task: None)
    accounts = people(4)
    now = timezone.now()
    for account, since in zip(accounts, (2 * HOUR, HOUR, -HOUR, HOUR), strict=True):
        SyncState.objects.create(account=account, resource="tracks", next_sync_at=now - since)
    type(accounts[3]).objects.filter(pk=accounts[3].pk).update(status="disconnected")
    request_sync(accounts[0], "albums")

    sync_due_accounts()

    hour = Hour.objects.get(resource="")
    assert hour.due == 3, "two states and a run"
    assert 7200 <= hour.oldest_due < 7300
    assert now <= hour.looked_at <= timezone.now()


def test_a_look_at_nothing_is_one_too():
    sync_due_accounts()

    hour = Hour.objects.get(resource="")
    assert (hour.due, hour.oldest_due) == (0, 0)
    assert hour.looked_at is not None

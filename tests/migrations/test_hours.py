"""Runs that were on record before there were hours are added up."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from django_spotify_sync.models import Hour
from django_spotify_sync.models.hours import hour_of
from tests.kit.libraries import people
from tests.migrations.test_folded_names import APP, latest, migrate

DAY = timedelta(days=1)


@pytest.fixture
def before(transactional_db):
    """Give the models of before, and put all back as it was."""
    yield migrate("0012_trigger_connect")
    migrate(latest())


def test_runs_are_added_up_by_hour_and_resource(before):
    [account] = people(1)
    run, now = before.get_model(APP, "SyncRun"), timezone.now()
    given = {"account_id": account.pk, "resource": "tracks", "status": "succeeded"}

    def ended(at=now, **values):
        run.objects.create(**given | {"trigger": "user", "finished_at": at} | values)

    ended(trigger="schedule", mode="probe", requests=1)
    ended(mode="full", requests=40, created=2000)
    ended(status="failed", requests=5)
    ended(status="lost")
    ended(status="cancelled")
    ended(resource="albums", status="partial", mode="full", requests=3)
    ended(now - DAY, requests=2)
    ended(now - 31 * DAY, requests=99)
    ended(None, status="queued")

    migrate(latest())

    names = ("nothing", "succeeded", "partial", "failed", "lost", "requests")
    needs = ("checks", "check_requests", "whole_passes", "whole_requests")
    rows = Hour.objects.order_by("-at", "-resource").values_list("at", *names, *needs)
    assert list(rows) == [
        (hour_of(now), 1, 1, 0, 1, 1, 46, 1, 1, 1, 40),
        (hour_of(now), 0, 0, 1, 0, 0, 3, 0, 0, 1, 3),
        (hour_of(now - DAY), 1, 0, 0, 0, 0, 2, 0, 0, 0, 0),
    ]

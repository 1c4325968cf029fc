"""How the app stands, in numbers."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from django_spotify_sync.models import SyncState
from django_spotify_sync.models.hours import add_to_hour, note_look
from django_spotify_sync.sync import request_sync
from tests.kit.libraries import people
from tests.rest.test_status import token

__all__ = ["token"]

pytestmark = pytest.mark.django_db
LINE = re.compile(r'spotify_sync_[a-z_]+(\{[a-z]+="[a-z0-9_]+"\})? -?[0-9.]+')


@pytest.fixture
def told(client, token):
    """Give what the metrics say, by name and label, whenever that is asked for."""

    def tell() -> dict[str, float]:
        response = client.get("/spotify/status/metrics/", headers=token)
        assert response.status_code == 200
        assert response["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
        lines = response.content.decode().splitlines()
        said = [line for line in lines if not line.startswith("#")]
        assert [line for line in said if not LINE.fullmatch(line)] == []
        return {name: float(number) for name, number in (line.rsplit(" ", 1) for line in said)}

    return tell


def test_an_empty_site_is_well(told):
    said = told()

    assert said["spotify_sync_ok"] == 1
    assert said['spotify_sync_accounts{status="connected"}'] == 0
    assert "spotify_sync_look_age_seconds" not in said, "since it has never looked"
    assert 'spotify_sync_lamp_ok{lamp="beat"}' not in said


def test_what_there_is_is_counted(told, settings):
    ada, grace = people(2)
    request_sync(ada, "tracks").start()
    request_sync(grace, "tracks").wait(
        timezone.now() + timedelta(hours=20), "quota_exceeded"
    )  # not its worker's, so nothing is written
    SyncState.objects.create(
        account=ada, resource="albums", next_sync_at=timezone.now() - timedelta(hours=1)
    )
    add_to_hour("tracks", succeeded=2, nothing=3, requests=9, rate_limited=1)
    add_to_hour("albums", failed=1, requests=1)
    note_look(due=1, oldest_due=1)
    settings.SPOTIFY_SYNC_FERNET_KEYS = []

    said = told()

    assert said["spotify_sync_ok"] == said['spotify_sync_lamp_ok{lamp="keys"}'] == 0
    assert said['spotify_sync_lamp_ok{lamp="beat"}'] == 1
    assert said['spotify_sync_accounts{status="connected"}'] == 2
    assert said['spotify_sync_live_runs{status="running"}'] == 1
    assert said["spotify_sync_due"] == 2
    assert 3600 <= said["spotify_sync_oldest_due_seconds"] < 3700
    assert 0 <= said["spotify_sync_look_age_seconds"] < 100
    assert 0 <= said["spotify_sync_heartbeat_age_seconds"] < 100
    outcomes = [
        said[f'spotify_sync_runs_total{{outcome="{name}"}}']
        for name in ("succeeded", "nothing", "failed")
    ]
    assert outcomes == [2, 3, 1]
    assert (said["spotify_sync_requests_total"], said["spotify_sync_rate_limited_total"]) == (10, 1)


def test_each_metric_says_what_it_is(client, token):
    text = client.get("/spotify/status/metrics/", headers=token).content.decode()

    named = set(re.findall(r"^(spotify_sync_[a-z_]+)", text, re.M))
    assert named <= set(re.findall(r"^# HELP (\S+) \S", text, re.M))
    assert set(re.findall(r"^# TYPE \S+ (\w+)$", text, re.M)) == {"gauge", "counter"}
    counters = re.findall(r"^# TYPE (\S+) counter$", text, re.M)
    assert all(name.endswith("_total") for name in counters)
    assert text.endswith("\n")


def test_they_cost_the_same_however_many_there_are(told):
    def statements() -> int:
        with CaptureQueriesContext(connection) as queries:
            told()
        return len(queries)

    SyncState.objects.create(account=people(1, first=100)[0], resource="tracks", failures=1)
    statements()
    few = statements()
    for account in people(20):
        SyncState.objects.create(account=account, resource="tracks", failures=2)

    assert statements() == few

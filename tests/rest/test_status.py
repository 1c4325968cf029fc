"""How the app stands, for monitors."""

from __future__ import annotations

from datetime import timedelta
from unittest.mock import Mock

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext

from django_spotify_sync import pace
from django_spotify_sync.exceptions import RateLimited
from django_spotify_sync.sync import request_sync
from django_spotify_sync.upkeep import lamps
from tests.kit.browsing import browser_of
from tests.kit.crowds import age
from tests.kit.libraries import people

pytestmark = pytest.mark.django_db

TOKEN = "a-token-for-monitors-7b1c"
ADDRESSES = ("/spotify/status/", "/spotify/status/metrics/")


@pytest.fixture
def token(settings):
    settings.SPOTIFY_SYNC_STATUS_TOKEN = TOKEN
    return {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture
def staff(other_user):
    """Give one of the staff who may see accounts and runs."""
    other_user.is_staff = True
    other_user.save()
    other_user.user_permissions.set(
        Permission.objects.filter(codename__in=("view_spotifyaccount", "view_syncrun"))
    )
    return other_user


# What is said


def test_all_is_well(client, token):
    response = client.get("/spotify/status/", headers=token)

    assert response.status_code == 200
    assert response.json() == {
        "ok": True,
        "sentence": "All is well.",
        "lamps": {
            "worker": {"ok": True, "sentence": "No run is under way."},
            "spotify": {"ok": True, "sentence": "Spotify may be asked."},
            "keys": {"ok": True, "sentence": "The newest key opens all tokens."},
        },
    }
    assert "no-store" in response["Cache-Control"]


def test_a_site_that_is_not_well_answers_503_and_why(client, token):
    [account] = people(1)
    run = request_sync(account, "tracks")
    run.start()
    age(run, heartbeat_at=timedelta(minutes=3))

    response = client.get("/spotify/status/", headers=token)

    answer = response.json()
    assert (response.status_code, answer["ok"]) == (503, False)
    words = "A run has given no sign of life for 3 minutes: its worker may be gone."
    assert answer["sentence"] == answer["lamps"]["worker"]["sentence"] == words
    assert not answer["lamps"]["worker"]["ok"]


def test_a_short_pause_is_no_alarm(client, token):
    pace.shared_pace().refused(RateLimited(retry_after=20))

    response = client.get("/spotify/status/", headers=token)

    assert response.status_code == 200
    assert "429" in response.json()["lamps"]["spotify"]["sentence"]


def test_it_costs_the_same_however_many_there_are(client, token):
    def statements() -> int:
        with CaptureQueriesContext(connection) as queries:
            client.get("/spotify/status/", headers=token)
        return len(queries)

    statements()
    few = statements()
    for account in people(20):
        request_sync(account, "tracks").start()

    assert statements() == few <= 6


# Who may


@pytest.mark.parametrize("address", ADDRESSES)
def test_staff_who_may_see_accounts_and_runs_may(address, staff):
    assert browser_of(staff).get(address).status_code == 200


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("permission", ["view_spotifyaccount", "view_syncrun"])
def test_staff_who_lack_a_permission_may_not(address, staff, permission):
    staff.user_permissions.remove(Permission.objects.get(codename=permission))

    response = browser_of(staff).get(address)

    assert (response.status_code, response.json()["code"]) == (403, "permission_denied")


@pytest.mark.parametrize("address", ADDRESSES)
def test_others_may_not_whatever_they_may_see(address, staff):
    staff.is_staff = False
    staff.save()

    assert browser_of(staff).get(address).status_code == 403


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize(
    "said",
    ["", "Bearer", f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}", f"Basic {TOKEN}", "Bearer tökén"],
)
def test_another_token_is_none(client, token, address, said):
    response = client.get(address, headers={"Authorization": said})

    assert (response.status_code, response["WWW-Authenticate"]) == (401, "Bearer")
    assert set(response.json()) == {"code", "detail"}


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("said", ["Bearer", "Bearer ", "Bearer x"])
def test_without_a_token_in_the_settings_none_is_right(client, address, said):
    response = client.get(address, headers={"Authorization": said})

    assert (response.status_code, response.json()["code"]) == (403, "not_authenticated")


def test_tokens_are_compared_in_constant_time(client, token, monkeypatch):
    compare = Mock(return_value=False)
    monkeypatch.setattr("django_spotify_sync.rest.status.constant_time_compare", compare)

    assert client.get("/spotify/status/", headers=token).status_code == 401
    compare.assert_called_once_with(TOKEN.encode(), TOKEN.encode())


def test_the_token_opens_nothing_else(client, token):
    for address in ("account/", "syncs/", "tracks/", "export/"):
        assert client.get(f"/spotify/{address}", headers=token).status_code in (401, 403)


def test_a_class_of_the_host_that_refuses_strangers_does_not_stop_a_monitor(
    client, token, settings
):
    settings.SPOTIFY_SYNC_AUTHENTICATION_CLASSES = ["tests.kit.browsing.ByName"]

    assert client.get("/spotify/status/", headers=token).status_code == 200


def test_nothing_secret_is_said(client, token, settings, monkeypatch):
    settings.SPOTIFY_SYNC_CLIENT_SECRET = "a-client-secret-7b1c"
    monkeypatch.setattr(lamps, "MISSED_LOOKS", 0)

    for address in ADDRESSES:
        answer = client.get(address, headers=token).content.decode()
        secrets = (TOKEN, settings.SPOTIFY_SYNC_CLIENT_SECRET, *settings.SPOTIFY_SYNC_FERNET_KEYS)
        assert not any(secret in answer for secret in secrets)


@pytest.mark.parametrize("address", ADDRESSES)
def test_with_the_cache_away_a_monitor_is_answered(client, token, address, settings):
    there = settings.CACHES["default"]
    settings.CACHES = {"default": {**there, "LOCATION": "redis://127.0.0.1:1/0"}}

    assert client.get(address, headers=token).status_code in (200, 503)

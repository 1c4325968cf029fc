"""Each lamp and each of its colours, brought about for real."""

from __future__ import annotations

from datetime import timedelta

import pytest
from celery.schedules import crontab
from cryptography.fernet import Fernet
from django.utils import timezone

from django_spotify_sync import pace
from django_spotify_sync.exceptions import QuotaExceeded, RateLimited
from django_spotify_sync.models import Hour
from django_spotify_sync.sync import request_sync, sync
from django_spotify_sync.tasks import sync_due_accounts
from django_spotify_sync.testing import Quota
from django_spotify_sync.upkeep.lamps import Lamp, read_signs, sentence_of, worst_of
from tests.celery_app import app
from tests.kit.connecting import connect
from tests.kit.crowds import age
from tests.kit.libraries import people

MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def nothing_is_sent(monkeypatch):
    monkeypatch.setattr("django_spotify_sync.tasks.sync_account.apply_async", lambda **task: None)


@pytest.fixture
def account(transactional_db, user, spotify):
    return connect(user, spotify)


def lit() -> dict[str, Lamp]:
    return read_signs().lamps()


def whole() -> tuple[str, str]:
    return worst_of(lit()), sentence_of(lit())


def last_looked(ago: timedelta) -> None:
    """Let the last look be so long ago, as if beat had been stopped since."""
    Hour.objects.filter(looked_at__isnull=False).update(looked_at=timezone.now() - ago)


def test_all_is_well(account):
    sync_due_accounts()

    assert whole() == ("", "All is well.")
    assert list(lit()) == ["beat", "worker", "spotify", "keys"]
    assert all(lamp.ok for lamp in lit().values())


# Beat


def test_a_site_that_has_never_looked_has_no_lamp_for_it(db):
    assert "beat" not in lit()


def test_beat_is_taken_to_stand_still_after_five_intervals(db):
    sync_due_accounts()
    assert lit()["beat"].sentence.startswith("The schedule looked ")

    last_looked(4.5 * MINUTE)
    assert lit()["beat"] == Lamp(True, "The schedule looked 4 minutes ago.")
    last_looked(5.5 * MINUTE)
    words = "The schedule has not looked for 5 minutes: are beat and a worker running?"
    assert lit()["beat"] == Lamp(False, words)
    assert whole() == ("beat", words)

    sync_due_accounts()
    assert lit()["beat"].ok


@pytest.fixture
def beats():
    """Let the settings say how often beat looks."""

    def every(interval) -> None:
        entry = {"task": "django_spotify_sync.sync_due_accounts", "schedule": interval}
        app.conf.beat_schedule = {"other": {"task": "x"}, "ours": entry}

    yield every
    app.conf.beat_schedule = {}


@pytest.mark.parametrize("interval", [timedelta(minutes=10), 600, 600.0])
def test_a_site_whose_beat_looks_less_often_is_given_longer(db, beats, interval):
    beats(interval)
    sync_due_accounts()

    last_looked(49 * MINUTE)
    assert lit()["beat"].ok
    last_looked(51 * MINUTE)
    assert not lit()["beat"].ok


@pytest.mark.parametrize("interval", [crontab(minute="*/30"), 1, timedelta(seconds=1)])
def test_no_site_is_given_less_than_five_minutes(db, beats, interval):
    beats(interval)
    sync_due_accounts()

    last_looked(4.5 * MINUTE)
    assert lit()["beat"].ok
    last_looked(5.5 * MINUTE)
    assert not lit()["beat"].ok


def test_a_look_that_spotify_keeps_from_asking_is_one_all_the_same(db):
    pace.shared_pace().refused(QuotaExceeded(retry_after=72_000))

    sync_due_accounts()

    assert lit()["beat"].ok


# Workers


def test_a_worker_that_died_is_seen_by_its_last_sign_of_life(account):
    assert lit()["worker"] == Lamp(True, "No run is under way.")
    run = request_sync(account, "tracks")
    run.start()
    assert lit()["worker"].ok
    assert lit()["worker"].sentence.startswith("All runs under way gave a sign of life within ")

    age(run, heartbeat_at=3 * MINUTE)

    words = "A run has given no sign of life for 3 minutes: its worker may be gone."
    assert whole() == ("worker", words)

    request_sync(account, "tracks")  # which finds it lost
    assert lit()["worker"].ok


def test_the_oldest_of_all_counts(db):
    for minutes, account in zip((0, 3, 1), people(3), strict=True):
        run = request_sync(account, "tracks")
        run.start()
        age(run, heartbeat_at=minutes * MINUTE)

    assert not lit()["worker"].ok


# Spotify


@pytest.mark.parametrize(("seconds", "ok"), [(20, True), (3600, False)])
def test_a_429_is_bad_if_it_is_for_longer_than_a_run_waits(account, spotify, seconds, ok):
    assert lit()["spotify"] == Lamp(True, "Spotify may be asked.")

    pace.shared_pace().refused(RateLimited(retry_after=seconds))

    assert lit()["spotify"].ok is ok
    assert lit()["spotify"].sentence.startswith("Spotify answered 429: it wants no requests before")
    assert worst_of(lit()) == ("" if ok else "spotify")


def test_a_quota_that_a_run_met_is_told_and_lifted(account, spotify):
    spotify.quota = Quota(requests=0)

    sync(account, "tracks")

    name, words = whole()
    assert name == "spotify"
    assert words.startswith("Spotify's quota for this app is used up: it wants no requests before ")
    assert words.endswith(" UTC.")

    pace.lift_blocks()
    assert lit()["spotify"].ok


# Keys


def test_a_retired_key_is_told_and_one_that_is_gone_is_bad(account, settings):
    assert lit()["keys"] == Lamp(True, "The newest key opens all tokens.")
    old, new = settings.SPOTIFY_SYNC_FERNET_KEYS, Fernet.generate_key().decode()

    settings.SPOTIFY_SYNC_FERNET_KEYS = [new, *old]
    words = "1 token still needs an older key: run spotify_rotate_keys."
    assert lit()["keys"] == Lamp(True, words)

    settings.SPOTIFY_SYNC_FERNET_KEYS = [new]
    words = "1 token needs a key that is not in SPOTIFY_SYNC_FERNET_KEYS."
    assert lit()["keys"] == Lamp(False, words)

    settings.SPOTIFY_SYNC_FERNET_KEYS = []
    words = "There is no key to seal tokens with: set SPOTIFY_SYNC_FERNET_KEYS."
    assert whole() == ("keys", words)


# All of them


def test_what_only_a_person_can_mend_is_told_first(account, settings):
    sync_due_accounts()
    pace.shared_pace().refused(RateLimited(retry_after=3600))
    run = request_sync(account, "tracks")
    run.start()
    assert worst_of(lit()) == "spotify"

    age(run, heartbeat_at=3 * MINUTE)
    assert worst_of(lit()) == "worker"
    last_looked(6 * MINUTE)
    assert worst_of(lit()) == "beat"
    settings.SPOTIFY_SYNC_FERNET_KEYS = []
    assert worst_of(lit()) == "keys"

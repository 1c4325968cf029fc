"""Checks of what else a host has: backends, middleware, databases, beat, and what a host may be like."""

from __future__ import annotations

import pytest
from celery.beat import ScheduleEntry
from django.apps import apps
from django.db import connections

from django_spotify_sync.backends import SpotifyBackend
from django_spotify_sync.checks import DUE_TASK, check_site
from django_spotify_sync.schedules import beat_schedule
from tests.celery_app import app as celery_app
from tests.kit.checking import around

BACKEND = "django_spotify_sync.backends.SpotifyBackend"


class OwnBackend(SpotifyBackend):
    """A host's own."""


@pytest.mark.parametrize(
    ("enabled", "backends", "wrong"),
    [
        (False, [], False),
        (True, ["django.contrib.auth.backends.ModelBackend"], True),
        (True, ["no.such.Backend"], True),
        (True, ["django.contrib.auth.backends.ModelBackend", BACKEND], False),
        (True, [f"{__name__}.OwnBackend"], False),
    ],
)
def test_e009_no_backend_signs_users_in(settings, enabled, backends, wrong):
    settings.SPOTIFY_SYNC_LOGIN_ENABLED = enabled
    settings.AUTHENTICATION_BACKENDS = backends

    assert ("E009" in around()) is wrong
    if wrong:
        assert BACKEND in around()["E009"].hint


@pytest.mark.parametrize(
    ("behind", "proxies", "warned"),
    [
        ({}, None, False),
        ({"SECURE_PROXY_SSL_HEADER": ("HTTP_X_FORWARDED_PROTO", "https")}, None, True),
        ({"USE_X_FORWARDED_HOST": True}, None, True),
        ({"USE_X_FORWARDED_PORT": True}, None, True),
        ({"USE_X_FORWARDED_HOST": True}, 1, False),
        ({"USE_X_FORWARDED_HOST": True}, 0, False),
    ],
)
def test_w015_a_proxy_is_evident_and_nobody_says_how_many(settings, behind, proxies, warned):
    for name, value in behind.items():
        setattr(settings, name, value)
    settings.REST_FRAMEWORK = {} if proxies is None else {"NUM_PROXIES": proxies}

    assert ("W015" in around()) is warned
    if warned:
        assert "NUM_PROXIES" in around()["W015"].hint


@pytest.mark.parametrize(
    ("without", "engine", "warned"),
    [
        ("", "db", False),
        ("MIDDLEWARE", "db", True),
        ("INSTALLED_APPS", "db", True),
        ("INSTALLED_APPS", "signed_cookies", False),
    ],
)
def test_w006_nobody_stays_signed_in(settings, without, engine, warned):
    settings.SPOTIFY_SYNC_LOGIN_ENABLED = True
    settings.AUTHENTICATION_BACKENDS = [BACKEND]
    settings.SESSION_ENGINE = f"django.contrib.sessions.backends.{engine}"
    if without:
        kept = [name for name in getattr(settings, without) if "sessions" not in name]
        setattr(settings, without, kept)

    assert ("W006" in around()) is warned
    if warned:
        assert "stays signed in" in around()["W006"].msg


def test_e012_tables_apart_from_the_users(settings, monkeypatch):
    monkeypatch.setitem(settings.DATABASES, "music", settings.DATABASES["default"])

    def by_id():
        return {one.id.removeprefix("spotify_sync."): one for one in check_site(None)}

    assert "E012" not in by_id()
    settings.DATABASE_ROUTERS = ["tests.host.routers.LibraryApart"]

    problem = by_id()["E012"]
    assert "'music'" in problem.msg
    assert "'default'" in problem.msg


def test_e013_a_database_that_it_does_not_work_with(monkeypatch):
    assert "E013" not in around()
    monkeypatch.setattr(connections["default"], "vendor", "mysql")
    monkeypatch.setattr(connections["default"], "display_name", "MySQL")

    assert "on MySQL" in around()["E013"].msg


@pytest.fixture
def no_beat(settings):
    settings.CELERY_BEAT_SCHEDULE = {}
    before = celery_app.conf.beat_schedule
    celery_app.conf.beat_schedule = {}
    yield
    celery_app.conf.beat_schedule = before


def test_w009_nothing_calls_what_is_due(settings, no_beat):
    assert "spotify_sync --due" in str(around()["W009"].hint)

    settings.DEBUG = True
    assert "W009" not in around()
    settings.DEBUG = False
    settings.CELERY_BEAT_SCHEDULE = {"mine": {"task": "mine.tasks.other", "schedule": 60}}
    assert "W009" in around()
    settings.CELERY_BEAT_SCHEDULE |= beat_schedule()
    assert "W009" not in around()
    settings.CELERY_BEAT_SCHEDULE = None
    assert "W009" in around()


def test_w009_reads_entries_that_are_objects(settings, no_beat):
    """Celery takes instances of its scheduler's Entry as well."""
    entry = ScheduleEntry(name="ours", task=DUE_TASK, schedule=60, app=celery_app)
    settings.CELERY_BEAT_SCHEDULE = {"ours": entry}
    assert "W009" not in around()

    settings.CELERY_BEAT_SCHEDULE = {"mine": ScheduleEntry(name="mine", task="x", schedule=60)}
    assert "W009" in around()


def test_w009_says_nothing_of_a_schedule_that_is_elsewhere(no_beat, monkeypatch):
    celery_app.conf.beat_schedule = beat_schedule()
    assert "W009" not in around()

    celery_app.conf.beat_schedule = {}
    monkeypatch.setattr(apps, "is_installed", lambda name: name == "django_celery_beat")
    assert "W009" not in around()


# What a host may be like


def test_e014_times_without_a_zone(settings):
    assert "E014" not in around()
    settings.USE_TZ = False

    assert "USE_TZ" in around()["E014"].msg
    assert "USE_TZ = True" in str(around()["E014"].hint)


def test_e017_nothing_is_committed_by_itself(settings, monkeypatch):
    assert "E017" not in around()
    monkeypatch.setitem(settings.DATABASES["default"], "AUTOCOMMIT", False)

    assert "'default'" in around()["E017"].msg
    assert "atomic()" in around()["E017"].hint


@pytest.mark.parametrize(
    ("gone", "named"),
    [
        (["AuthenticationMiddleware"], "no AuthenticationMiddleware:"),
        (["SessionMiddleware"], "no SessionMiddleware:"),
        (
            ["AuthenticationMiddleware", "SessionMiddleware"],
            "no SessionMiddleware and no AuthenticationMiddleware:",
        ),
    ],
)
def test_w013_no_browser_is_ever_signed_in(settings, gone, named):
    assert "W013" not in around()
    settings.MIDDLEWARE = [one for one in settings.MIDDLEWARE if one.rpartition(".")[2] not in gone]

    assert named in around()["W013"].msg

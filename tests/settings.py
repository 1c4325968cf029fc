"""The smallest host there can be.

`tests.services` puts the addresses of database and Redis into the environment. TEST_OVERRIDES
(JSON, durations as {"seconds": …}) is how a test hands its own settings to a process that it starts.
"""

from __future__ import annotations

import json
import os
from datetime import timedelta
from typing import Any

import dj_database_url

from django_spotify_sync.schedules import beat_schedule

SECRET_KEY = "not a secret, these are tests"
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "django_spotify_sync",
    "tests.host",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
ROOT_URLCONF = "tests.urls"
STATIC_URL = "static/"
USE_I18N = True
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "host.User"
LOGIN_URL = "/accounts/login/"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

DATABASE: dict[str, Any] = dict(dj_database_url.config(default="sqlite://:memory:"))
if DATABASE["ENGINE"].endswith("sqlite3"):
    DATABASE["OPTIONS"] = {
        "timeout": 20,
        "transaction_mode": "IMMEDIATE",
        "init_command": "PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF",
    }
    # A file, so that threads and other processes see the same rows.
    DATABASE["TEST"] = {"NAME": DATABASE["NAME"].replace("db.sqlite3", "test.sqlite3")}
DATABASES = {"default": DATABASE}

REDIS_URL = os.environ.get("REDIS_URL", "redis://localhost:6379/0")
# A test deletes the keys of its own process, and no others.
REDIS_PREFIX = f"spotify-sync-tests-{os.environ.get('PYTEST_XDIST_WORKER', 'main')}:"
CACHES = {
    "default": {
        "BACKEND": "django_redis.cache.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": REDIS_PREFIX,
    }
}

CELERY_BROKER_URL = CELERY_RESULT_BACKEND = REDIS_URL
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {"global_keyprefix": REDIS_PREFIX}
CELERY_BEAT_SCHEDULE = beat_schedule()
CELERY_RESULT_BACKEND_TRANSPORT_OPTIONS = {"global_keyprefix": REDIS_PREFIX}

SPOTIFY_SYNC_CLIENT_ID = "test-client-id"
SPOTIFY_SYNC_CLIENT_SECRET = "test-client-secret"
SPOTIFY_SYNC_FERNET_KEYS = ["JsCVCkFpFwBjcK17Hc8V_rGauBvBSa2iH8-aVzRQoD4="]
SPOTIFY_SYNC_REQUESTS_PER_WINDOW = None  # the pace is for the tests of it
SPOTIFY_SYNC_SYNC_ON_CONNECT = False  # so is this; others ask for the syncs that they are about


def timedelta_of(value: dict[str, Any]) -> Any:
    return timedelta(**value) if set(value) == {"seconds"} else value


globals().update(json.loads(os.environ.get("TEST_OVERRIDES", "{}"), object_hook=timedelta_of))

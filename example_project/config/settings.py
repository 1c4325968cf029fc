"""The settings of the example site: Django's usual ones, shortened, and the few that the package wants.

With an empty environment everything is on this machine: an SQLite file, a memory for a broker, and
FakeSpotify for Spotify. DATABASE_URL, REDIS_URL and SPOTIFY_CLIENT_ID each replace one of the three.
"""

from __future__ import annotations

import os

from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured
from django.core.management.utils import get_random_secret_key
from django_spotify_sync.schedules import beat_schedule
from django_spotify_sync.testing import FakeSpotify

from config.environment import BASE_DIR, VAR, database, flag, https_host, kept_key, words

# Django

SECRET_KEY = kept_key("DJANGO_SECRET_KEY", get_random_secret_key)
DEBUG = flag("DEBUG")
ALLOWED_HOSTS = ["127.0.0.1", "[::1]", "localhost", *words("ALLOWED_HOSTS")]
SILENCED_SYSTEM_CHECKS = []

if SITE_HOST := https_host("SITE_URL"):  # a proxy in front ends TLS
    SITE_URL = os.environ["SITE_URL"].rstrip("/")
    ALLOWED_HOSTS.append(SITE_HOST)
    # It has to set these two headers itself, and let no client's through: X-Forwarded-Proto and X-Forwarded-For.
    REST_FRAMEWORK = {"NUM_PROXIES": 1}
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_SSL_REDIRECT = SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    # Browsers keep to https for an hour; who is sure of it sets more (a year is 31536000).
    SECURE_HSTS_SECONDS = int(os.environ.get("HSTS_SECONDS") or 3600)
    # What these two ask for binds every other site of the domain, for long: that is not this site's to decide.
    SILENCED_SYSTEM_CHECKS += ["security.W005", "security.W021"]
    # Nothing of a request goes into the address that Spotify sends people back to.
    SPOTIFY_SYNC_REDIRECT_URI = f"{SITE_URL}/spotify/callback/"

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "rest_framework",
    "django_spotify_sync",
    "pages",
    "demo",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "config.security.content_security_policy",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
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
                "pages.context_processors.site",
            ]
        },
    }
]
ROOT_URLCONF = "config.urls"
CSRF_FAILURE_VIEW = "pages.views.faults.csrf_failure"
WSGI_APPLICATION = "config.wsgi.application"
STATIC_URL = "static/"
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("ru", "Русский")]
LOCALE_PATHS = [BASE_DIR / "locale"]

LOGIN_URL = "sign_in"  # where auth/ sends who is not signed in
LOGIN_REDIRECT_URL = LOGOUT_REDIRECT_URL = "home"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {
        "console": {"class": "logging.StreamHandler"},
        "nowhere": {"class": "logging.NullHandler"},
    },
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {
        "django": {"handlers": []},  # to the root like all others
        # No lines of requests: that of the callback would hold the code that Spotify gave.
        "django.server": {"handlers": ["nowhere"], "propagate": False},
    },
}

# Database, cache and broker

SPOTIFY_IS_FAKE = not os.environ.get("SPOTIFY_CLIENT_ID")  # see below

# Without DATABASE_URL a file for each, so that invented music never stands beside real music.
DATABASE_FILE = "fake.sqlite3" if SPOTIFY_IS_FAKE else "spotify.sqlite3"
DATABASES = {
    "default": database(os.environ.get("DATABASE_URL") or f"sqlite:///{VAR / DATABASE_FILE}")
}

CELERY_WORKER_HIJACK_ROOT_LOGGER = False
if REDIS_URL := os.environ.get("REDIS_URL"):
    # The cache keeps the one-time state of connecting and the lock of refreshing: every process has to share it.
    CACHES = {"default": {"BACKEND": "django_redis.cache.RedisCache", "LOCATION": REDIS_URL}}
    CELERY_BROKER_URL = REDIS_URL
    CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
else:
    # The memory of one process: web server and worker are two threads of it (see demo/servers.py).
    CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
            "OPTIONS": {"MAX_ENTRIES": 10_000},
        }
    }
    SILENCED_SYSTEM_CHECKS += ["spotify_sync.W002"]  # which warns of just that
    CELERY_BROKER_URL = "memory://localhost/"
    CELERY_BROKER_TRANSPORT_OPTIONS = {"polling_interval": 0.1}
# No result backend: how a sync went stands in its SyncRun.
CELERY_BEAT_SCHEDULE = beat_schedule()  # `celery -A config beat` then syncs everybody by itself

# Spotify

if SPOTIFY_IS_FAKE:
    if os.environ.get("SPOTIFY_CLIENT_SECRET"):
        raise ImproperlyConfigured("SPOTIFY_CLIENT_SECRET is set, but SPOTIFY_CLIENT_ID is not.")
    # Client id and addresses of the FakeSpotify that `manage.py spotify_fake` runs; `manage.py demo` runs one itself.
    FAKE_SPOTIFY_PORT = int(os.environ.get("FAKE_SPOTIFY_PORT", "8099"))
    # Where it does not run on this machine.
    FAKE_SPOTIFY_URL = os.environ.get("FAKE_SPOTIFY_URL", "")
    globals().update(FakeSpotify(port=FAKE_SPOTIFY_PORT, public_url=FAKE_SPOTIFY_URL).settings)
    SPOTIFY_SYNC_REQUESTS_PER_WINDOW = None  # it has no rate limit that would have to be respected
else:
    SPOTIFY_SYNC_CLIENT_ID = os.environ["SPOTIFY_CLIENT_ID"]
    SPOTIFY_SYNC_CLIENT_SECRET = os.environ.get("SPOTIFY_CLIENT_SECRET", "")

# Seals the tokens in the database. Whoever loses it has to ask every user to connect again, so keep it;
# to change it, put the new one first: FERNET_KEY=new,old.
SPOTIFY_SYNC_FERNET_KEYS = kept_key("FERNET_KEY", lambda: Fernet.generate_key().decode()).split(",")

# The button "Sign in with Spotify"; who is new gets a user of their own.
SPOTIFY_SYNC_LOGIN_ENABLED = True
SPOTIFY_SYNC_GET_USER = "pages.signing_in.get_user"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "django_spotify_sync.backends.SpotifyBackend",
]

# This site has pages of its own; its overview shows the syncs that connecting begins.
SPOTIFY_SYNC_CONNECTED_URL = SPOTIFY_SYNC_FAILED_URL = "home"

# What the pages show; users are asked for what these need, and for nothing else. There are shelves for two more, by
# MORE_RESOURCES: episodes, which need a scope of their own, and audiobooks, which Spotify does not have everywhere.
SPOTIFY_SYNC_RESOURCES = ["tracks", "playlists", "following", "albums", "shows"]
SPOTIFY_SYNC_RESOURCES += words("MORE_RESOURCES")

# Where Spotify's logo is among the static files, for its design guidelines want it beside what comes from there. It is
# Spotify's to give away, and not in this repository.
SPOTIFY_LOGO = os.environ.get("SPOTIFY_LOGO", "")
# Whom visitors write to about what is kept of them.
CONTACT = os.environ.get("CONTACT", "")

# Name and password that the sign-in page offers; only `manage.py demo` sets it.
DEMO_USER = None

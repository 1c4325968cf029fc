"""Checks of the site around the app: sessions, sign-in, proxies."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from django.apps import apps
from django.conf import settings
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.core import checks
from django.core.checks import CheckMessage, Error
from django.utils.module_loading import import_string
from rest_framework.settings import api_settings

from django_spotify_sync.backends import SpotifyBackend
from django_spotify_sync.conf import conf


def middleware() -> Iterator[CheckMessage]:
    """Browsers are known by their sessions."""
    wanted = (SessionMiddleware, AuthenticationMiddleware)
    missing = [one for one in wanted if not _names(one, settings.MIDDLEWARE)]
    if missing:
        yield checks.Warning(
            f"MIDDLEWARE has no {' and no '.join(one.__name__ for one in missing)}: no browser is signed in here, "
            "and auth/ sends all of them to LOGIN_URL. API clients with credentials of their own can still connect.",
            hint="Add it, SessionMiddleware before AuthenticationMiddleware; or silence this on a site of API clients.",
            id="spotify_sync.W013",
        )


def proxies() -> Iterator[CheckMessage]:
    """What a proxy does is not seen from here; these settings are made where there is one."""
    evident = [
        name
        for name in ("SECURE_PROXY_SSL_HEADER", "USE_X_FORWARDED_HOST", "USE_X_FORWARDED_PORT")
        if getattr(settings, name)
    ]
    if evident and api_settings.NUM_PROXIES is None:
        yield checks.Warning(
            f"This site is behind a proxy, as {evident[0]} shows, and REST_FRAMEWORK has no NUM_PROXIES: all visitors "
            "who are signed out have the proxy's address, and one of them can use up the limit of all.",
            hint="Set REST_FRAMEWORK = {'NUM_PROXIES': 1}, or how many of your proxies add to X-Forwarded-For.",
            id="spotify_sync.W015",
        )


def strict_session() -> Iterator[CheckMessage]:
    """A session survives the way back from Spotify."""
    if settings.SESSION_COOKIE_SAMESITE == "Strict":
        yield checks.Warning(
            "SESSION_COOKIE_SAMESITE is 'Strict': users who come back from Spotify arrive signed out.",
            hint="Set it to 'Lax': then browsers send the session when they come back.",
            id="spotify_sync.W003",
        )


def login() -> Iterator[CheckMessage]:
    """Where users sign in with Spotify, there is what signs them in and keeps them so."""
    if not conf.LOGIN_ENABLED:
        return
    if not _names(SpotifyBackend, settings.AUTHENTICATION_BACKENDS):
        yield Error(
            "SPOTIFY_SYNC_LOGIN_ENABLED is True, and AUTHENTICATION_BACKENDS has no backend that signs users in.",
            hint="Add 'django_spotify_sync.backends.SpotifyBackend' to it.",
            id="spotify_sync.E009",
        )
    in_database = settings.SESSION_ENGINE.rpartition(".")[2] in ("db", "cached_db")
    has_table = not in_database or apps.is_installed("django.contrib.sessions")
    if not (_names(SessionMiddleware, settings.MIDDLEWARE) and has_table):
        yield checks.Warning(
            "SPOTIFY_SYNC_LOGIN_ENABLED is True, and this site keeps no sessions: nobody stays signed in.",
            hint="Add 'django.contrib.sessions' to INSTALLED_APPS and its SessionMiddleware to MIDDLEWARE.",
            id="spotify_sync.W006",
        )


def _names(kind: type, paths: Sequence[str]) -> bool:
    """Tell whether one of the dotted paths names this class or a subclass of it."""
    for path in paths:
        try:
            named = import_string(path)
        except ImportError:
            continue  # which Django tells
        if isinstance(named, type) and issubclass(named, kind):
            return True
    return False

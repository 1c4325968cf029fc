"""What every page may show."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django_spotify_sync.conf import conf

from pages.grants import Grant
from pages.navigation import navigation
from pages.visitors import account_of
from pages.words import SPOKEN, why_not_connected

THEMES = ("auto", "light", "dark")


def theme_of(request: HttpRequest) -> str:
    """Return the theme that the visitor chose."""
    theme = request.COOKIES.get("theme", "")
    return theme if theme in THEMES else THEMES[0]


def site(request: HttpRequest) -> dict[str, Any]:
    """Give the visitor's account and what there is to say of its grant, where one may go, and the rest."""
    account = account_of(request) if request.user.is_authenticated else None
    return {
        "account": account,
        "grant": Grant(account) if account else None,
        "navigation": navigation(),
        # what is no music has links to each other
        "spoken": [one for one in SPOKEN if one in settings.SPOTIFY_SYNC_RESOURCES],
        "theme": theme_of(request),
        "problem": why_not_connected(request.GET.get("spotify_error", "")),
        "spotify_is_fake": settings.SPOTIFY_IS_FAKE,
        "spotify_logo": getattr(settings, "SPOTIFY_LOGO", ""),
        "demo_user": settings.DEMO_USER,
        "can_sign_in_with_spotify": conf.LOGIN_ENABLED,
    }

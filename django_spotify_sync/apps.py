"""The app's configuration: label, checks and receivers."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig, apps
from django.contrib.auth.signals import user_logged_out
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _


class SpotifySyncConfig(AppConfig):
    name = "django_spotify_sync"
    label = "spotify_sync"
    verbose_name = _("Spotify")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from django_spotify_sync import checks  # noqa: F401 - registers the checks
        from django_spotify_sync.accounts import receivers
        from django_spotify_sync.signals import account_connected

        receivers.connect_receivers()
        account_connected.connect(sync_connected, dispatch_uid="spotify_sync.sync_connected")
        user_logged_out.connect(leave_browser, dispatch_uid="spotify_sync.leave_browser")
        if apps.is_installed("drf_spectacular"):
            from django_spotify_sync.rest import openapi  # noqa: F401 - registers what it describes


def sync_connected(account: Any, **kwargs: Any) -> None:
    """Sync at once, whichever door an account was connected by. What fails here is logged and undoes no connecting."""
    from django_spotify_sync import tasks  # Celery, which nobody needs before

    tasks.sync_connected(account)


def leave_browser(request: HttpRequest | None, user: Any = None, **kwargs: Any) -> None:
    """What was begun in a browser ends there when its user signs out; some pages of a sign-in sign nobody out first."""
    from django_spotify_sync.views import (
        cookie,
    )  # REST framework's views, which nobody needs before

    if request is not None and user is not None:
        cookie.leave(request)

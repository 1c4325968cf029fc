"""The app's configuration: label, checks and receivers."""

from __future__ import annotations

from django.apps import AppConfig, apps
from django.utils.translation import gettext_lazy as _


class SpotifySyncConfig(AppConfig):
    name = "django_spotify_sync"
    label = "spotify_sync"
    verbose_name = _("Spotify")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from django_spotify_sync import checks  # noqa: F401 - registers the checks
        from django_spotify_sync.accounts import receivers

        receivers.connect_receivers()
        if apps.is_installed("drf_spectacular"):
            from django_spotify_sync.rest import openapi  # noqa: F401 - registers what it describes

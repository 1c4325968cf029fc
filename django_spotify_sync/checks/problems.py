"""What the checks of all topics share: what is wrong with a setting, which is told once and not asked more of."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from django_spotify_sync.conf import Setting
from django_spotify_sync.secret import hushed

TAG = "spotify_sync"


@hushed
def problem(name: str, setting: Setting[Any]) -> str | None:
    """Say what is wrong with the value that the site wrote, None if nothing is, or it wrote none."""
    return setting.problem(getattr(settings, name)) if setting.is_set else None

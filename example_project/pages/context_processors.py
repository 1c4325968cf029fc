"""What every page may show."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest


def site(request: HttpRequest) -> dict[str, Any]:
    """Say whether Spotify is a fake, and whom the demo offers to be."""
    return {"spotify_is_fake": settings.SPOTIFY_IS_FAKE, "demo_user": settings.DEMO_USER}

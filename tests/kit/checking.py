"""What the system check says."""

from __future__ import annotations

from cryptography.fernet import Fernet
from django.core.checks import CheckMessage

from django_spotify_sync.checks import check_settings, check_site

KEY = Fernet.generate_key().decode()


def found() -> dict[str, CheckMessage]:
    """Return what is wrong, by id."""
    return {
        str(message.id).removeprefix("spotify_sync."): message for message in check_settings(None)
    }


def around() -> dict[str, CheckMessage]:
    """Return what is wrong around the settings, by id."""
    return {str(message.id).removeprefix("spotify_sync."): message for message in check_site(None)}

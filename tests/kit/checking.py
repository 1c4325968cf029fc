"""What the system check says."""

from __future__ import annotations

from pathlib import Path

from cryptography.fernet import Fernet
from django.core.checks import CheckMessage

from django_spotify_sync import checks
from django_spotify_sync.checks import check_settings, check_site

KEY = Fernet.generate_key().decode()


def source_of_checks() -> str:
    """Return the code of all checks, file after file."""
    [folder] = checks.__path__
    return "\n".join(file.read_text() for file in sorted(Path(folder).glob("*.py")))


def found() -> dict[str, CheckMessage]:
    """Return what is wrong, by id."""
    return {
        str(message.id).removeprefix("spotify_sync."): message for message in check_settings(None)
    }


def around() -> dict[str, CheckMessage]:
    """Return what is wrong around the settings, by id."""
    return {str(message.id).removeprefix("spotify_sync."): message for message in check_site(None)}

"""spotify_generate_key: print a fresh key for SPOTIFY_SYNC_FERNET_KEYS."""

from __future__ import annotations

from typing import Any

from cryptography.fernet import Fernet
from django.core.management.base import BaseCommand, no_translations


class Command(BaseCommand):
    help = "Print a new Fernet key for SPOTIFY_SYNC_FERNET_KEYS. It is stored nowhere."
    requires_system_checks: list[str] = []  # there may be no key yet

    @no_translations
    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(Fernet.generate_key().decode())

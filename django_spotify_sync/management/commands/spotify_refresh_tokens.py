"""spotify_refresh_tokens: look after all grants, as the tasks do on a site with Celery."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, no_translations

from django_spotify_sync.upkeep.notices import warn_expiring_grants
from django_spotify_sync.upkeep.refreshing import refresh_tokens


class Command(BaseCommand):
    help = (
        "Ask again about suspect grants, refresh tokens that nobody used for a day, and send signals for grants that "
        "end; exit 1 if it had to stop early."
    )

    @no_translations
    def handle(self, *args: Any, **options: Any) -> None:
        noticed = warn_expiring_grants()
        done = refresh_tokens()
        self.stdout.write(
            f"grants: {noticed['expiring']} told of their end, {noticed['ended']} ended\n"
            f"tokens: {done.refreshed} refreshed, {done.suspect} suspect, {done.lost} lost, "
            f"{done.unreadable} unreadable"
        )
        if done.stopped is not None:
            raise CommandError(f"The refreshing of tokens was broken off: {done.stopped}")

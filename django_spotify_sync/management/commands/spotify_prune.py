"""spotify_prune: take away what nobody needs any more."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, no_translations

from django_spotify_sync.upkeep.pruning import prune


class Command(BaseCommand):
    help = (
        "Delete what no user has any more, old runs and staged pages, and accounts that were disconnected or "
        "whose grant was lost too long ago."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print the counts as JSON")

    @no_translations
    def handle(self, *args: Any, **options: Any) -> None:
        removed = prune()
        if options["json"]:
            self.stdout.write(json.dumps(removed))
            return
        for name, count in removed.items():
            self.stdout.write(f"{name}: {count} removed")

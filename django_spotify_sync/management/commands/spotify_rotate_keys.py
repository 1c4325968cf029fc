"""spotify_rotate_keys: seal all stored tokens with the newest key."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError, no_translations

from django_spotify_sync.exceptions import NoSealingKey
from django_spotify_sync.upkeep.keys import Rotation, rotate_keys


class Command(BaseCommand):
    help = "Seal all stored tokens with the newest key; exit 1 if any still needs another."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--dry-run", action="store_true", help="only try whether every token can be read"
        )
        parser.add_argument("--json", action="store_true", help="print the result as JSON")

    @no_translations
    def handle(self, *args: Any, **options: Any) -> None:
        dry_run = options["dry_run"]
        try:
            rotation = rotate_keys(dry_run=dry_run)
        except NoSealingKey as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            self.stdout.write(json.dumps({**asdict(rotation), "left": rotation.left}))
        else:
            self._tell(rotation, "could be sealed anew" if dry_run else "sealed anew")
        if rotation.unreadable or (rotation.left and not dry_run):
            raise SystemExit(1)  # no error in words: what is left was told, as JSON or in lines

    def _tell(self, rotation: Rotation, done: str) -> None:
        self.stdout.write(f"{_tokens(rotation.rotated)} {done}.")
        for one in rotation.unreadable:
            self.stderr.write(f"account {one.account} ({one.code}): {one.detail}")
        for key in rotation.keys:
            self.stdout.write(f"key {key.key_id} ({key.state}): {_tokens(key.rows)}")
        if rotation.left:
            self.stdout.write(
                f"Another key than the newest is still needed: {_tokens(rotation.left)}."
            )


def _tokens(count: int) -> str:
    return f"{count} token{'' if count == 1 else 's'}"

"""spotify_adopt: take over the Spotify grants that another login of this site holds."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandError, no_translations

from django_spotify_sync.exceptions import SpotifySyncError
from django_spotify_sync.management.users import user_of
from django_spotify_sync.upkeep.adoption import Adoption, Result, adopt_all
from django_spotify_sync.upkeep.sources import SOURCES, SourceMissing


class Command(BaseCommand):
    help = (
        "Take over the Spotify grants that django-allauth or social-auth holds; "
        "exit 1 if a user has to consent, or a row has to be tried again."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--from",
            dest="source",
            required=True,
            choices=list(SOURCES),
            help="which app holds them",
        )
        parser.add_argument(
            "--provider",
            default="spotify",
            metavar="ID",
            help="what Spotify is called there, if that is not spotify",
        )
        parser.add_argument(
            "--user",
            action="append",
            default=[],
            metavar="NAME",
            help="a user name; may be repeated; all users if left out",
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="only say what would be done; ask nobody"
        )
        parser.add_argument(
            "--json", action="store_true", help='print {"rows": [row, …]} and nothing else'
        )

    @no_translations
    def handle(self, *args: Any, **options: Any) -> None:
        self._options = options
        self._counts: Counter[Result | None] = Counter()
        rows: list[dict[str, str]] = []
        broken: SpotifySyncError | None = None
        try:
            for adoption in self._adoptions():
                self._counts[adoption.result] += 1
                if adoption.result is None or not options["json"]:
                    self._tell(adoption)
                else:
                    rows.append(_as_json(adoption))
        except SourceMissing as error:
            raise CommandError(str(error)) from error
        except SpotifySyncError as error:
            broken = error
        if options["json"]:
            self.stdout.write(json.dumps({"rows": rows}))
        else:
            self.stdout.write(self._summary())
        if broken is not None:
            raise CommandError(
                f"Broken off: {broken} Run it again: it goes on where it stopped."
            ) from broken
        if self._counts[Result.NEEDS_CONSENT] or self._counts[None]:
            raise SystemExit(1)

    def _adoptions(self) -> Iterator[Adoption]:
        names = self._options["user"]
        return adopt_all(
            self._options["source"],
            provider=self._options["provider"],
            user_ids=[user_of(name).pk for name in names] if names else None,
            dry_run=self._options["dry_run"],
        )

    def _tell(self, adoption: Adoption) -> None:
        """Say what became of a row; on stderr what has to be tried again."""
        why = f": {adoption.words}" if adoption.words else ""
        out = self.stderr if adoption.result is None else self.stdout
        out.write(f"{adoption.user}: {self._in_words(adoption.result)}{why}")

    def _in_words(self, result: Result | None) -> str:
        if result is None:
            return "to be tried again"
        if result is Result.ADOPTED and self._options["dry_run"]:
            return "would be adopted"
        return result.replace("_", " ")

    def _summary(self) -> str:
        counts = [f"{self._counts[result]} {self._in_words(result)}" for result in Result]
        if self._counts[None]:
            counts.append(f"{self._counts[None]} {self._in_words(None)}")
        return f"grants: {', '.join(counts)}"


def _as_json(adoption: Adoption) -> dict[str, str]:
    return {
        "user": adoption.user,
        "spotify_id": adoption.spotify_id,
        "result": adoption.result or "",
        "reason": adoption.reason,
    }

"""spotify_status: how the whole app stands."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, no_translations
from django.utils import timezone

from django_spotify_sync import pace
from django_spotify_sync.exceptions import CacheUnavailable
from django_spotify_sync.upkeep.lamps import read_signs, sentence_of, worst_of
from django_spotify_sync.upkeep.needs import Requests
from django_spotify_sync.upkeep.status import Status, read_status

#: How many requests a day Spotify was seen to allow an app in development mode, for each kind of address.
MEASURED = 600


class Command(BaseCommand):
    help = "Show accounts and runs by state, what is due, what Spotify wants, and whether the requests will do."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print it as JSON")
        parser.add_argument(
            "--check",
            action="store_true",
            help="print one line, and exit with 0 if all is well, else with 1",
        )
        parser.add_argument(
            "--unblock",
            action="store_true",
            help="first let Spotify be asked again, whatever pause it asked for",
        )

    @no_translations
    def handle(self, *args: Any, **options: Any) -> None:
        if options["unblock"]:
            self._unblock(quietly=options["json"] or options["check"])
        if options["check"]:
            self._check()
            return
        status = read_status()
        if options["json"]:
            self.stdout.write(json.dumps(status.as_json(), default=_utc))
            return
        self.stdout.write(status.sentence)
        for name, value in _lines(status):
            self.stdout.write(f"{name:<18}{value}")
        for warning in status.warnings:
            self.stdout.write(self.style.WARNING(f"! {warning}"))

    def _check(self) -> None:
        """:raises SystemExit: with 1, if all is not well."""
        lamps = read_signs().lamps()
        self.stdout.write(sentence_of(lamps))
        if worst_of(lamps):
            raise SystemExit(1)

    def _unblock(self, *, quietly: bool) -> None:
        try:
            freed = pace.lift_blocks()
        except CacheUnavailable as error:
            raise CommandError(
                "The runs that waited go on, but the shared cache does not answer, so other processes could not be "
                "told: run this again when it is back."
            ) from error
        if not quietly:
            self.stdout.write(f"{'unblocked':<18}{freed} runs that waited go on")


def _lines(status: Status) -> Iterator[tuple[str, str]]:
    yield "accounts", _counts(status.accounts)
    if missing := status.missing_scopes:
        yield "missing scopes", f"{_counts(missing)} (accounts that have to connect again)"
    yield "runs", f"{_counts(status.runs)} (ended: in the last 24 hours)"
    since = f", the first since {_utc(status.due.since)}" if status.due.since else ""
    yield "due", f"{status.due.runs} runs, {status.due.states} resources of accounts{since}"
    blocked = (f"{reason} until {_utc(until)}" for reason, until in status.blocked.items())
    yield "blocked", ", ".join(blocked) or "no"
    yield "oldest heartbeat", _ago(status.oldest_heartbeat)
    yield "keys", ", ".join(f"{key.key_id} ({key.state}): {key.rows}" for key in status.keys)
    yield "requests a day", _requests(status.requests)
    yield "Spotify allows", _allowed(status.requests.seen)


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in counts.items() if count) or "none"


def _requests(requests: Requests) -> str:
    parts = f"{requests.checks} checks, {requests.whole_passes} whole passes, {requests.changes} changes"
    needed = f"{requests.needed} needed ({parts})"
    if requests.possible is None:
        return f"{needed}; no pace is set"
    share = "" if requests.share is None else f": {requests.share:.0%}"
    return f"{needed} of {requests.possible} possible{share}"


def _allowed(seen: pace.Allowance | None) -> str:
    if seen is None:
        return (
            "not known, since no quota was met in 30 days; apps in development mode were measured at some "
            f"{MEASURED} requests a day for each kind of address"
        )
    return f"{seen.requests} requests a day, as seen when a quota was met at {_utc(seen.seen_at)}"


def _utc(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")


def _ago(moment: datetime | None) -> str:
    if moment is None:
        return "none is running"
    return f"{(timezone.now() - moment).total_seconds():.0f} s ago"

"""spotify_sync: bring users' libraries up to date, here and now, or hand that over to Celery."""

from __future__ import annotations

import json
import logging
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from itertools import chain
from typing import Any

from django.core.management.base import BaseCommand, CommandError, no_translations
from django.db.models import QuerySet

from django_spotify_sync.conf import conf
from django_spotify_sync.db.chunks import in_chunks
from django_spotify_sync.exceptions import SpotifySyncError
from django_spotify_sync.management.progress import Progress, summary
from django_spotify_sync.management.stopping import stopped_by_signals
from django_spotify_sync.management.users import account_of
from django_spotify_sync.models import SpotifyAccount, SyncRun
from django_spotify_sync.models.runs import RunStatus, Trigger
from django_spotify_sync.rest.runs import SyncRunSerializer
from django_spotify_sync.sync import (
    execute,
    foretell,
    is_stopping,
    request_sync,
    room,
    sync,
    take_due,
)
from django_spotify_sync.tasks import queue

logger = logging.getLogger(__name__)

CHUNK = 500  # accounts that are read together
ENDED_BADLY = (RunStatus.FAILED, RunStatus.LOST, RunStatus.CANCELLED)

type Watch = Callable[[SyncRun], None]


class Command(BaseCommand):
    help = "Bring the Spotify library of users up to date; exit 1 if a run failed."

    def add_arguments(self, parser: ArgumentParser) -> None:
        who = parser.add_mutually_exclusive_group()
        who.add_argument(
            "--user",
            action="append",
            default=[],
            metavar="NAME",
            help="a user name; may be repeated",
        )
        who.add_argument("--all", action="store_true", help="all connected users")
        who.add_argument(
            "--due",
            action="store_true",
            help="whatever is due by the schedule: runs that wait or were lost, and accounts",
        )
        parser.add_argument("--only", metavar="tracks,…", help="these resources only")
        parser.add_argument(
            "--full", action="store_true", help="read everything, whatever seems unchanged"
        )
        parser.add_argument(
            "--queue", action="store_true", help="hand the runs over to Celery; do none here"
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="only say what would be done; ask nobody"
        )
        parser.add_argument(
            "--json", action="store_true", help='print {"runs": [run, …]} and nothing else'
        )

    @no_translations
    def handle(self, *args: Any, **options: Any) -> None:
        self._options = options
        self._failed = False
        self._runs: list[SyncRun] = []
        resources = _resources(options["only"])
        if options["due"] and options["full"]:
            raise CommandError("--full goes with --user and --all; what is due knows for itself.")
        if options["dry_run"]:
            return self._foretell(resources)
        with stopped_by_signals():
            if options["due"]:
                self._do_due(resources if options["only"] else None)
            elif options["queue"]:
                self._queue(resources)
            else:
                self._do(resources)
            self._failed |= is_stopping()
        if options["json"]:
            runs = SyncRunSerializer(self._runs, many=True).data
            self.stdout.write(json.dumps({"runs": runs}, default=str))
        if self._failed:
            raise SystemExit(1)
        return None

    # Here and now

    def _do(self, resources: list[str]) -> None:
        for account, resource in self._wanted(resources):

            def one(watch: Watch, account: Any = account, resource: str = resource) -> SyncRun:
                full = self._options["full"]
                return sync(account, resource, full=full, trigger=Trigger.COMMAND, watch=watch)

            self._try(f"{account.user}: {resource}", one)
            if is_stopping():
                return

    def _do_due(self, resources: list[str] | None) -> None:
        while ids := take_due(resources):
            if self._options["queue"]:
                return self._hand_over(list(_with_users().filter(pk__in=ids)), noted=True)
            for run_id in ids:
                run = _with_users().filter(pk=run_id).first()
                if run is None:  # its account was deleted since
                    continue

                def one(watch: Watch, run_id: int = run_id) -> SyncRun:
                    return execute(run_id, watch=watch)

                self._try(f"{run.account.user}: {run.resource}", one)
                if is_stopping():
                    return None
        return None

    def _try(self, label: str, one: Callable[[Watch], SyncRun]) -> None:
        """Do one run and tell of it. One account does not keep the others from theirs, where there are others."""
        progress = Progress(self.stdout, label, quiet=self._options["json"])
        try:
            run = one(progress.show)
        except Exception as error:
            known = isinstance(error, SpotifySyncError)
            if not known:
                # The run has it on record; the log has its traceback, which is no answer to a user.
                logger.exception("%s", label)
            words = error if known else f"an unexpected {type(error).__name__}; see the log."
            return self._complain(f"{label}: {words}", error)
        finally:
            progress.close()
        return self._tell(run)

    def _complain(self, words: str, error: Exception) -> None:
        """Tell of what was not done. The one who asked for one user alone is told nothing else."""
        self._failed = True
        if len(self._options["user"] or ()) == 1 and not self._options["json"]:
            raise CommandError(words) from error
        self.stderr.write(words)

    def _tell(self, run: SyncRun) -> None:
        self._failed |= run.status in ENDED_BADLY
        if self._options["json"]:
            self._runs.append(run)
        else:
            self.stdout.write(f"{run.account.user}: {summary(run)}")

    # By Celery

    def _queue(self, resources: list[str]) -> None:
        runs = []
        for account, resource in self._wanted(resources):
            try:
                full = self._options["full"]
                runs.append(request_sync(account, resource, full=full, trigger=Trigger.COMMAND))
            except SpotifySyncError as error:
                self._complain(f"{account.user}: {resource}: {error}", error)
        self._hand_over(runs)

    def _hand_over(self, runs: list[SyncRun], *, noted: bool = False) -> None:
        """Queue as many as workers can begin in a while; the schedule hands over the others, at the pace there is."""
        most = len(runs) if noted else room()
        queue(*runs[:most], noted=noted)
        for run in runs:
            run.refresh_from_db()
            self._tell(run)
        left = sum(run.published_at is None and run.is_live for run in runs[:most])
        if left:
            words = f"The broker is away. Queued in the database, for the schedule to hand over: {left}."
            if not self._options["json"]:
                raise CommandError(words)
            self._failed = True
            self.stderr.write(words)

    # Nothing but words

    def _foretell(self, resources: list[str]) -> None:
        if self._options["due"]:
            found: dict[str, Any] = foretell(resources)
            if not self._options["json"]:
                for name, value in found.items():
                    self.stdout.write(f"{name.replace('_', ' ')}: {_in_words(value)}")
                return
        else:
            found = {"runs": []}
            for account, resource in self._wanted(resources):
                found["runs"].append({"user": str(account.user), "resource": resource})
                if not self._options["json"]:
                    self.stdout.write(f"would sync {account.user}: {resource}")
        if self._options["json"]:
            self.stdout.write(json.dumps(found))

    # Whose

    def _wanted(self, resources: list[str]) -> Iterator[tuple[SpotifyAccount, str]]:
        if self._options["all"]:
            accounts = _all_connected()
        elif names := self._options["user"]:
            accounts = iter([account_of(name) for name in names])
        else:
            raise CommandError("Say whose library to sync: --user NAME, or --all, or --due.")
        for account in accounts:
            # one that was named is refused in words, where the user has not agreed to it
            for resource in resources if self._options["only"] else account.agreed(resources):
                yield account, resource


def _resources(only: str | None) -> list[str]:
    """Return the resources that ``--only`` names, all of the site's without it."""
    if only is None:
        return list(conf.RESOURCES)
    names = [name.strip() for name in only.split(",")]
    for name in names:
        if name not in conf.RESOURCES:
            synced = ", ".join(conf.RESOURCES)
            raise CommandError(f"There is no resource {name!r}; this site syncs {synced}.")
    return names


def _in_words(found: Any) -> str:
    """Say a number, numbers by resource, or a time."""
    if isinstance(found, dict):
        found = ", ".join(f"{count} {resource}" for resource, count in found.items()) or 0
    return "no" if found is None else str(found)


def _with_users() -> QuerySet[SyncRun]:
    # The user by a query of its own: it may live in another database.
    return SyncRun.objects.select_related("account").prefetch_related("account__user")


def _all_connected() -> Iterator[SpotifyAccount]:
    accounts = SpotifyAccount.objects.connected().prefetch_related("user")
    return chain.from_iterable(in_chunks(accounts, size=CHUNK))

"""spotify_sync: bring users' libraries up to date, here and now."""

from __future__ import annotations

import json
import logging
from argparse import ArgumentParser
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError

from django_spotify_sync.conf import conf
from django_spotify_sync.exceptions import SpotifySyncError
from django_spotify_sync.management.progress import Progress
from django_spotify_sync.models import SpotifyAccount, SyncRun
from django_spotify_sync.models.runs import RunStatus, Trigger
from django_spotify_sync.serializers import SyncRunSerializer
from django_spotify_sync.sync import sync

logger = logging.getLogger(__name__)


class Command(BaseCommand):
    help = "Bring the Spotify library of users up to date; exit 1 if a run failed."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--user",
            action="append",
            default=[],
            metavar="NAME",
            help="a user name; may be repeated",
        )
        parser.add_argument("--all", action="store_true", help="all connected users")
        parser.add_argument("--only", metavar="tracks,…", help="these resources only")
        parser.add_argument(
            "--full", action="store_true", help="read everything, whatever seems unchanged"
        )
        parser.add_argument(
            "--json", action="store_true", help='print {"runs": [run, …]} and nothing else'
        )

    def handle(self, *args: Any, **options: Any) -> None:
        accounts = self._accounts(options["user"], everybody=options["all"])
        resources = conf.RESOURCES if options["only"] is None else options["only"].split(",")
        runs: list[SyncRun] = []
        failed = False
        for account in accounts:
            for resource in resources:
                try:
                    runs.append(
                        self._sync(account, resource, full=options["full"], quiet=options["json"])
                    )
                except CommandError as error:
                    if not options["all"]:
                        raise
                    failed = True  # one account must not keep the others from theirs
                    self.stderr.write(str(error))
        if options["json"]:
            self.stdout.write(
                json.dumps({"runs": SyncRunSerializer(runs, many=True).data}, default=str)
            )
        ended_badly = (RunStatus.FAILED, RunStatus.LOST, RunStatus.CANCELLED)
        if failed or any(run.status in ended_badly for run in runs):
            raise SystemExit(1)

    def _accounts(self, names: list[str], *, everybody: bool) -> list[SpotifyAccount]:
        if everybody:
            return list(SpotifyAccount.objects.connected().order_by("pk"))
        if not names:
            raise CommandError("Say whose library to sync: --user NAME, or --all.")
        users = get_user_model()
        found = []
        for name in names:
            user = users._default_manager.filter(**{users.USERNAME_FIELD: name}).first()
            if user is None:
                raise CommandError(f"There is no user {name!r}.")
            account = SpotifyAccount.objects.get_for_user(user)
            if account is None:
                raise CommandError(f"User {name!r} has not connected Spotify.")
            found.append(account)
        return found

    def _sync(self, account: SpotifyAccount, resource: str, *, full: bool, quiet: bool) -> SyncRun:
        progress = Progress(self.stdout, f"{account.user}: {resource}", quiet=quiet)
        try:
            run = sync(account, resource, full=full, trigger=Trigger.COMMAND, watch=progress.show)
        except SpotifySyncError as error:
            raise CommandError(f"{account.user}: {resource}: {error}") from error
        except Exception as error:
            # The run has it on record; the log has its traceback, which is no answer to a user.
            logger.exception("account %s: %s", account.pk, resource)
            raise CommandError(
                f"{account.user}: {resource}: an unexpected {type(error).__name__}; see the log."
            ) from error
        finally:
            progress.close()
        if not quiet:
            self.stdout.write(f"{account.user}: {summary(run)}")
        return run


def summary(run: SyncRun) -> str:
    """Say in one line how a run ended."""
    counts = f"{run.created} new, {run.updated} changed, {run.unchanged} unchanged, {run.removed} removed"
    line = f"{run.resource} {run.get_status_display()}"
    if run.status == RunStatus.WAITING and run.resume_at:
        return f"{line} ({run.reason}) until {run.resume_at.isoformat(timespec='seconds')}"
    if run.error_code:
        return f"{line}: {run.error_detail}"
    why = f" ({run.reason})" if run.reason else ""
    return f"{line}{why}: {counts}; {run.requests} requests"

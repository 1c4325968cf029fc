"""spotify_loss: show what syncs did not believe to be gone, and accept it or keep it."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandError, no_translations

from django_spotify_sync.exceptions import SpotifySyncError
from django_spotify_sync.management.users import account_of
from django_spotify_sync.models import LargeLoss, SpotifyAccount
from django_spotify_sync.models.losses import Decision
from django_spotify_sync.models.runs import Resource
from django_spotify_sync.sync import decide_loss

IN_WORDS = {
    None: "nobody has decided",
    Decision.ACCEPT: "accepted, the next sync removes them",
    Decision.KEEP: "kept",
}


class Command(BaseCommand):
    help = "Show what seems gone from users' libraries, and accept it or keep it; exit 1 if that could not be done."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("decision", choices=[*Decision.values, "show"])
        parser.add_argument(
            "--user",
            action="append",
            required=True,
            metavar="NAME",
            help="a user name; may be repeated",
        )
        parser.add_argument(
            "--resource",
            metavar="tracks,…",
            help="these resources only; of these, what was decided can be changed as well",
        )

    @no_translations
    def handle(self, *args: Any, **options: Any) -> None:
        resources = _resources(options["resource"])
        failed = False
        for name in options["user"]:
            try:
                self._do(name, resources, options["decision"])
            except (CommandError, SpotifySyncError) as error:
                if len(options["user"]) == 1:
                    raise CommandError(str(error)) from error
                self.stderr.write(f"{name}: {error}")
                failed = True
        if failed:
            raise SystemExit(1)

    def _do(self, name: str, resources: list[str] | None, decision: str) -> None:
        losses = list(_losses(account_of(name), resources, decides=decision != "show"))
        if not losses:
            if decision != "show":
                raise CommandError("Nothing waits for a decision.")
            self.stdout.write(f"{name}: nothing seems gone")
        for loss in losses:
            if decision != "show":
                loss = decide_loss(loss, decision)
            self.stdout.write(
                f"{name}: {loss.resource}: {loss.total} rows seem gone since run {loss.run_id}, "
                f"{IN_WORDS[Decision(loss.decision) if loss.decision else None]}"
            )
            if decision == "show":
                self._show(loss)

    def _show(self, loss: LargeLoss) -> None:
        for row in loss.rows.in_order().iterator():
            words = [row.title, row.subtitle, row.spotify_id]
            self.stdout.write("  " + " | ".join(filter(None, words)))


def _losses(
    account: SpotifyAccount, resources: list[str] | None, *, decides: bool
) -> Iterator[LargeLoss]:
    """Yield the latest loss of each resource, if something can be decided about it. What somebody has decided is only
    decided anew where its resource is named.
    """
    for resource in resources or Resource.values:
        losses = LargeLoss.objects.filter(account=account, resource=resource).order_by("-run_id")
        if decides and resources is None:
            losses = losses.undecided()
        yield from losses.unsettled()[:1]


def _resources(only: str | None) -> list[str] | None:
    """Return the resources that ``--resource`` names, None without it."""
    if only is None:
        return None
    names = [name.strip() for name in only.split(",")]
    for name in names:
        if name not in Resource.values:
            known = ", ".join(Resource.values)
            raise CommandError(f"There is no resource {name!r}; there are {known}.")
    return names

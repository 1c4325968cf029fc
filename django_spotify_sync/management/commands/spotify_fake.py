"""The command that runs FakeSpotify; a thin door over the class."""

from __future__ import annotations

import signal
import sys
import threading
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from django.core.management.base import BaseCommand, CommandError, no_translations

from django_spotify_sync.testing import FakeSpotify


class Command(BaseCommand):
    """Run FakeSpotify until Ctrl-C or SIGTERM."""

    help = (
        "Run a FakeSpotify to develop against, and print the settings that point your site at it."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        option = parser.add_argument
        option("--host", default="127.0.0.1", help="where it listens (%(default)s)")
        option("--port", type=int, default=8099, help="0 takes a free one (%(default)s)")
        option("--public-url", default="", help="what others reach it by, if not host and port")
        option("--users", default="listener", help="the people there are: ada,grace (%(default)s)")
        option("--tracks", type=int, default=1_000, help="saved tracks of each user (%(default)s)")
        option("--playlists", type=int, default=20, help="playlists of each user (%(default)s)")
        option("--artists", type=int, default=60, help="artists each user follows (%(default)s)")
        option("--albums", type=int, default=40, help="saved albums of each user (%(default)s)")
        option("--shows", type=int, default=12, help="saved shows of each user (%(default)s)")
        option("--episodes", type=int, default=20, help="saved episodes of each user (%(default)s)")
        option(
            "--audiobooks", type=int, default=5, help="saved audiobooks of each user (%(default)s)"
        )
        option("--latency", type=float, default=0.0, help="seconds before each answer")
        option("--seed", type=int, default=1, help="another seed, another library (%(default)s)")
        option(
            "--cohort",
            choices=["new", "legacy", "extended"],
            default="new",
            help="the kind of app for which it answers (%(default)s)",
        )
        option(
            "--consent",
            choices=["page", "auto"],
            default="page",
            help="a page that asks for consent, or consent at once (%(default)s)",
        )
        option(
            "--edit",
            action="store_true",
            help="take edits, as 'like 3', line by line from standard input and by POST /edit",
        )

    @no_translations
    def handle(self, *args: Any, **options: Any) -> None:
        names = [
            "host",
            "port",
            "public_url",
            "tracks",
            "playlists",
            "artists",
            "albums",
            "shows",
            "episodes",
            "audiobooks",
            "latency",
            "seed",
            "cohort",
            "consent",
        ]
        with ExitStack() as stack:
            stop = stack.enter_context(told_to_stop())
            users = [name.strip() for name in options["users"].split(",")]
            if not all(users) or len(set(users)) < len(users):
                raise CommandError("--users takes different names with commas between them.")
            given = {name: options[name] for name in names}
            fake = FakeSpotify(users=users, editable=options["edit"], **given)
            try:
                stack.enter_context(fake)
            except OSError as error:
                raise CommandError(f"{error}. --port 0 takes a free port.") from error
            lines = [f"FakeSpotify is listening on {fake.url}", "Settings of a site that uses it:"]
            lines += [f"{name} = {value!r}" for name, value in fake.settings.items()]
            lines.append("Ctrl-C ends it.")
            if options["edit"]:
                lines.append(f"Edits are taken here, and by POST {fake.url}/edit; help lists them.")
            self._say("\n".join(lines))
            if options["edit"]:
                threading.Thread(target=self._take_edits, args=(fake,), daemon=True).start()
            stop.wait()

    def _take_edits(self, fake: FakeSpotify) -> None:
        """Do what is typed, line by line."""
        # a file of its own: at the end of the process nobody waits for one that is being read
        with open(sys.stdin.fileno(), closefd=False) as typed:
            for line in typed:
                try:
                    self._say(fake.edit(line))
                except ValueError as error:
                    self._say(str(error))

    def _say(self, words: str) -> None:
        self.stdout.write(words)
        self.stdout.flush()


@contextmanager
def told_to_stop() -> Iterator[threading.Event]:
    """Give an event that Ctrl-C and SIGTERM set, and put the signals back afterwards."""
    stop = threading.Event()
    signals = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, lambda *_: stop.set()) for number in signals]
    try:
        yield stop
    finally:
        for number, handler in zip(signals, before, strict=True):
            signal.signal(number, handler)

"""The command that runs FakeSpotify; a thin door over the class."""

from __future__ import annotations

import signal
import threading
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from django.core.management.base import BaseCommand, CommandError, no_translations

from django_spotify_sync.testing import FakeSpotify


class Command(BaseCommand):
    """Run FakeSpotify until Ctrl-C or SIGTERM."""

    help = "Run a FakeSpotify to develop against, and print the settings that lead to it."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        option = parser.add_argument
        option("--host", default="127.0.0.1", help="where it listens (%(default)s)")
        option("--port", type=int, default=8099, help="0 takes a free one (%(default)s)")
        option("--public-url", default="", help="what others reach it by, if not host and port")
        option("--tracks", type=int, default=1_000, help="saved tracks of its user (%(default)s)")
        option("--playlists", type=int, default=20, help="playlists of its user (%(default)s)")
        option("--artists", type=int, default=60, help="artists its user follows (%(default)s)")
        option("--albums", type=int, default=40, help="saved albums of its user (%(default)s)")
        option("--shows", type=int, default=12, help="saved shows of its user (%(default)s)")
        option("--episodes", type=int, default=20, help="saved episodes of its user (%(default)s)")
        option("--audiobooks", type=int, default=5, help="saved audiobooks (%(default)s)")
        option("--latency", type=float, default=0.0, help="seconds before each answer")
        option("--seed", type=int, default=1, help="another seed, another library (%(default)s)")
        option(
            "--cohort",
            choices=["new", "legacy", "extended"],
            default="new",
            help="which kind of app is calling, and so what answers look like (%(default)s)",
        )
        option(
            "--consent",
            choices=["page", "auto"],
            default="page",
            help="a page that asks for consent, or consent at once (%(default)s)",
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
            fake = FakeSpotify(**{name: options[name] for name in names})
            try:
                stack.enter_context(fake)
            except OSError as error:
                raise CommandError(f"{error}. --port 0 takes a free port.") from error
            lines = [f"FakeSpotify is listening on {fake.url}", "Settings of a site that uses it:"]
            lines += [f"{name} = {value!r}" for name, value in fake.settings.items()]
            self.stdout.write("\n".join([*lines, "Ctrl-C ends it."]))
            self.stdout.flush()
            stop.wait()


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

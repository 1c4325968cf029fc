"""The command that runs FakeSpotify; a thin door over the class."""

from __future__ import annotations

import signal
import threading
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.management.base import BaseCommand

from django_spotify_sync.testing import FakeSpotify


class Command(BaseCommand):
    """Run FakeSpotify until Ctrl-C or SIGTERM."""

    help = "Run a FakeSpotify to develop against, and print the settings that lead to it."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8099, help="0 takes a free one")
        parser.add_argument(
            "--public-url", default="", help="what others reach it by, if not host and port"
        )
        parser.add_argument("--tracks", type=int, default=1_000)
        parser.add_argument("--playlists", type=int, default=20)
        parser.add_argument("--artists", type=int, default=60)
        parser.add_argument("--latency", type=float, default=0.0, help="seconds before each answer")
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--cohort", choices=["new", "legacy", "extended"], default="new")
        parser.add_argument("--consent", choices=["page", "auto"], default="page")

    def handle(self, *args: Any, **options: Any) -> None:
        names = [
            "host",
            "port",
            "public_url",
            "tracks",
            "playlists",
            "artists",
            "latency",
            "seed",
            "cohort",
            "consent",
        ]
        with told_to_stop() as stop, FakeSpotify(**{name: options[name] for name in names}) as fake:
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

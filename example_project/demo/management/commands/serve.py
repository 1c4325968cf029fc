"""manage.py serve: the web server and its worker. Whose Spotify it is, the settings say; nothing is migrated."""

from __future__ import annotations

import signal
import threading
from argparse import ArgumentParser
from contextlib import ExitStack
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from config.celery import app
from demo import servers


class Command(BaseCommand):
    help = "Serve the site, with a worker: a thread beside the web server, or with Redis a process of its own."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=8000, help="0 takes a free one")

    def handle(self, *, port: int, **options: Any) -> None:
        stop = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stop.set())
        with ExitStack() as running:
            try:
                site = running.enter_context(servers.web_server(port))
            except OSError as error:
                raise CommandError(f"Port {port} is not to be had ({error.strerror}).") from error
            running.enter_context(servers.worker(app, {}))
            self.stdout.write(f"{site}/")
            self.stdout.flush()
            stop.wait()

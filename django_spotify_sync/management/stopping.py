"""A command that is told to end (Ctrl-C, SIGTERM) puts its run down first; told twice it ends at once."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django_spotify_sync.sync import stop_runs

SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def stopped_by_signals() -> Iterator[None]:
    """Within this, a first signal asks runs to be put down, staged and waiting (see ``sync.stop_runs``)."""
    if threading.current_thread() is not threading.main_thread():  # where signals cannot be had
        yield
        return
    before = {number: signal.getsignal(number) for number in SIGNALS}

    told = []

    def stop(number: int, frame: Any) -> None:
        told.append(number)
        stop_runs()
        restore()

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    for number in SIGNALS:
        signal.signal(number, stop)
    try:
        yield
    finally:
        restore()
        if told:
            stop_runs(told=False)

"""Time, locks and history that everything in one FakeSpotify shares.

Every edit moves the world's serial on by one, and every collection keeps its last values with the
serial they came with, so that a page can be answered as a replica that is behind would answer it.
Knows nothing of HTTP or JSON.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

KEPT_VALUES = 64


class World:
    """Hold the clock (seconds since the epoch), the one lock and the edit serial."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        """Start at serial 0 under *clock*."""
        self.clock = clock
        self.lock = threading.RLock()
        self.serial = 0
        self.catalogue_serial = 0
        self._depth = 0

    def __getstate__(self) -> dict[str, Any]:
        """Give what a copy has in common; it runs by real time until told otherwise."""
        return {"serial": self.serial, "catalogue_serial": self.catalogue_serial}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Begin with a lock of its own."""
        self.__init__()  # type: ignore[misc]
        self.__dict__.update(state)

    @contextmanager
    def edit(self) -> Iterator[None]:
        """Enclose one edit: other edits wait, and edits inside it count as the same one."""
        with self.lock:
            if self._depth == 0:
                self.serial += 1
            self._depth += 1
            try:
                yield
            finally:
                self._depth -= 1

    def now(self) -> int:
        """Tell the clock in whole seconds, which is what Spotify stamps."""
        return int(self.clock())


class Versioned[T]:
    """Keep one value and the values it had before."""

    def __init__(self, world: World, value: T) -> None:
        """Begin with *value*, as of now."""
        self._world = world
        self._values: list[tuple[int, T]] = [(world.serial, value)]

    @property
    def value(self) -> T:
        """The value as it is now."""
        return self._values[-1][1]

    def set(self, value: T) -> None:
        """Replace the value; call it inside ``world.edit()``."""
        if self._values[-1][0] == self._world.serial:
            self._values[-1] = (self._world.serial, value)
        else:
            self._values = [*self._values[-(KEPT_VALUES - 1) :], (self._world.serial, value)]

    def behind(self, edits: int = 0) -> tuple[int, T]:
        """Give (serial, value) as they stood *edits* edits of the world ago."""
        values = self._values
        if edits == 0:
            return values[-1]
        horizon = self._world.serial - edits
        return next((kept for kept in reversed(values) if kept[0] <= horizon), values[0])


def iso(moment: datetime | float) -> str:
    """Write a time the way Spotify does: UTC, whole seconds, a Z."""
    if not isinstance(moment, datetime):
        moment = datetime.fromtimestamp(moment, UTC)
    elif moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def epoch(text: str) -> int:
    """Read what :func:`iso` wrote, as seconds since the epoch."""
    return int(datetime.fromisoformat(text).timestamp())

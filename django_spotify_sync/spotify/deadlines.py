"""By when something has to have ended: a worker has all the time, somebody who waits for a page has not."""

from __future__ import annotations

import time
from dataclasses import dataclass
from math import inf


@dataclass(frozen=True, slots=True)
class Deadline:
    """A moment of the monotonic clock by which all requests of one piece of work have to have ended."""

    at: float = inf

    @classmethod
    def after(cls, seconds: float) -> Deadline:
        """Return the deadline that is over in so many seconds."""
        return cls(time.monotonic() + seconds)

    def cut(self, seconds: float) -> float:
        """Return how many of these seconds are left until the deadline; 0 when it is over."""
        return max(0.0, min(seconds, self.at - time.monotonic()))

    @property
    def is_over(self) -> bool:
        return self.at <= time.monotonic()


NEVER = Deadline()

"""The two 429s of Spotify: the rolling rate limit and the quota of development apps.

Numbers are settings here because Spotify publishes none (spotify-web-api.md, section 4).
"""

from __future__ import annotations

import math
import threading
from collections import deque
from dataclasses import dataclass, field

DAY = 86_400.0


@dataclass(slots=True, kw_only=True)
class RateLimit:
    """Allow *requests* starts in any *seconds*; *lengthens* makes refused calls count as well.

    The window is per app, whichever user's token is used (concepts/rate-limits).
    """

    requests: int = 180
    seconds: float = 30.0
    lengthens: bool = False
    refused: int = 0
    _starts: deque[float] = field(default_factory=deque)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def wait(self, now: float) -> int | None:
        """Let a request pass (None), or say in how many whole seconds the next one may."""
        with self._lock:
            while self._starts and self._starts[0] <= now - self.seconds:
                self._starts.popleft()
            if len(self._starts) < self.requests:
                self._starts.append(now)
                return None
            self.refused += 1
            if self.lengthens:
                self._starts.popleft()
                self._starts.append(now)
            return max(1, math.ceil(self._starts[0] + self.seconds - now))


@dataclass(slots=True, kw_only=True)
class Quota:
    """Allow *requests* per endpoint family in a rolling day, then nothing for *retry_after* s."""

    requests: int = 600
    retry_after: float = 72_000.0
    window: float = DAY
    refused: int = 0
    _calls: dict[str, deque[float]] = field(default_factory=dict)
    _until: dict[str, float] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def wait(self, family: str, now: float) -> int | None:
        """Let a call to *family* pass (None), or say for how many seconds there are no more."""
        with self._lock:
            if now >= self._until.get(family, now):
                if self._until.pop(family, None) is not None:
                    self._calls.pop(family, None)
                calls = self._calls.setdefault(family, deque())
                while calls and calls[0] <= now - self.window:
                    calls.popleft()
                if len(calls) < self.requests:
                    calls.append(now)
                    return None
                self._until[family] = now + self.retry_after
            self.refused += 1
            return max(1, math.ceil(self._until[family] - now))

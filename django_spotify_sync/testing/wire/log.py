"""What was asked of the fake, and how much of it at once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import monotonic

from django_spotify_sync.testing.wire.server import Answer, Request


@dataclass(slots=True, frozen=True)
class LoggedRequest:
    """One request and how it was answered; *at* in seconds on the monotonic clock, as it came.

    *status* is 0 for a connection that was reset; *query* values are the last of their name.
    """

    at: float
    method: str
    path: str
    query: dict[str, str]
    status: int
    user_id: str | None
    seconds: float


@dataclass(slots=True)
class Visit:
    """What the log learns while a request is being answered."""

    user_id: str | None = None
    answer: Answer | None = None


@dataclass(slots=True)
class RequestLog:
    """Keep requests in the order they were answered, and the highest number in flight."""

    requests: list[LoggedRequest] = field(default_factory=list)
    peak_in_flight: int = 0
    _in_flight: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def visit(self, request: Request) -> Iterator[Visit]:
        """Enclose the answering of one request, but not the sending.

        The line is written before the client can have its answer, so that who has an answer also
        finds it in the log, and one connection never counts as two in flight.
        """
        with self._lock:
            self._in_flight += 1
            self.peak_in_flight = max(self.peak_in_flight, self._in_flight)
        visit = Visit()
        try:
            yield visit
        finally:
            line = LoggedRequest(
                at=request.at,
                method=request.method,
                path=request.path,
                query=request.query,
                status=500 if visit.answer is None else visit.answer.status,
                user_id=visit.user_id,
                seconds=monotonic() - request.at,
            )
            with self._lock:
                self._in_flight -= 1
                self.requests.append(line)

    def count(self, path_prefix: str | None = None) -> int:
        """Count requests, all or those below a path, with or without ``/v1``."""
        prefix = path_prefix or ""
        with self._lock:
            return sum(
                line.path.startswith(prefix) or line.path.removeprefix("/v1").startswith(prefix)
                for line in self.requests
            )

    def clear(self) -> None:
        """Forget the requests and the peak."""
        with self._lock:
            self.requests.clear()
            self.peak_in_flight = self._in_flight

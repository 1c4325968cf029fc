"""Everything that goes wrong on the way, scripted one line at a time.

A fault waits for requests that match it and fires on the *nth* of them, *times* times. What it
does is either the answer itself (a status, a cut, a reset), a twist in the page (a wrong total,
a short page), a wait, or an edit of the library just before the answer.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, Literal

from django_spotify_sync.testing.wire.server import Answer, Body, Request

# Bodies seen without any JSON around them (spotify-web-api.md, section 1).
BARE_TEXTS = {
    403: "User not registered in the Developer Dashboard",
    429: "Too many requests",
    502: "Bad gateway",
    503: "upstream connect error or disconnect/reset before headers",
    504: "upstream request timeout",
}
MESSAGES = {
    400: "Bad request",
    401: "Access token missing",
    403: "Forbidden",
    404: "Resource not found",
    429: "API rate limit exceeded",
    500: "Server error",
    502: "Bad gateway.",
    503: "Service unavailable",
    504: "Gateway timeout",
}


@dataclass(slots=True)
class Twist:
    """How one page is answered wrongly. See :meth:`Faults.add` for the words."""

    lag: int = 0
    total: Callable[[int], int] | None = None
    empty: bool = False
    short: int = 0
    repeat: bool = False
    start_over: bool = False
    endless: bool = False

    @property
    def twisted(self) -> bool:
        """Whether the page may not come from the cache."""
        return bool(
            self.total or self.empty or self.short or self.repeat or self.start_over or self.endless
        )


@dataclass(slots=True, eq=False)
class Fault:
    """One scripted fault. *seen* counts matching requests, *fired* how often it took effect."""

    path: str
    offset: int | None = None
    nth: int = 1
    times: int | None = 1
    method: str | None = None
    where: Callable[[Request], bool] | None = None
    status: int | None = None
    retry_after: float | str | None = None
    reason: str | None = None
    message: str | None = None
    body: bytes | str | None = None
    html: bool = False
    headers: dict[str, str] = field(default_factory=dict)
    cut: bool | Literal["json", "connection"] = False
    reset: bool = False
    delay: float = 0.0
    before: Callable[[Any], object] | None = None  # which is given the FakeSpotify
    total: int | Callable[[int], int] | None = None
    empty: bool = False
    short: int = 0
    repeat: bool = False
    start_over: bool = False
    endless: bool = False
    lag: int = 0
    seen: int = 0
    fired: int = 0

    def matches(self, request: Request) -> bool:
        """Tell whether the request is one this fault waits for."""
        path = request.path
        return (
            (fnmatchcase(path, self.path) or fnmatchcase(path.removeprefix("/v1"), self.path))
            and (self.method is None or self.method == request.method)
            and (self.offset is None or request.query.get("offset", "0") == str(self.offset))
            and (self.where is None or self.where(request))
        )

    @property
    def answers(self) -> bool:
        """Whether the fault is the whole answer, so that the real one is not even made."""
        return self.status is not None or self.body is not None or self.html or self.reset

    @property
    def twists(self) -> bool:
        """Whether the fault changes what the real answer would be."""
        return bool(self.cut or self.lag or twist_of([self]).twisted)

    def is_due(self) -> bool:
        """Count a matching request, and tell whether it is one of those to fire on."""
        self.seen += 1
        return self.seen >= self.nth and (self.times is None or self.fired < self.times)

    def answer(self, request: Request) -> Answer:
        """Make the answer of a fault that is one."""
        if self.reset:
            return Answer(status=0, reset=True)
        status = self.status or 200
        headers = dict(self.headers)
        if self.retry_after is not None:
            headers["Retry-After"] = str(self.retry_after)
        if self.html:
            page = b"<!DOCTYPE html><html><body><h1>Something went wrong</h1></body></html>"
            return Answer(status, Body(page), "text/html; charset=utf-8", headers)
        if isinstance(self.body, bytes):
            return Answer(status, Body(self.body), headers=headers)
        if self.body is not None:
            text = BARE_TEXTS.get(status, "text") if self.body == "text" else self.body
            return Answer(status, Body(text.encode()), "text/plain; charset=utf-8", headers)
        return Answer(
            status, Body(json.dumps(self._error(request, status)).encode()), headers=headers
        )

    def _error(self, request: Request, status: int) -> dict[str, Any]:
        message = self.message or MESSAGES.get(status, "Error")
        if not request.path.startswith("/v1"):  # the accounts service has errors of another shape
            default = "server_error" if status >= 500 else "invalid_request"
            return {"error": self.reason or default, "error_description": message}
        error: dict[str, Any] = {"status": status, "message": message}
        if self.reason:
            error["reason"] = self.reason
        return {"error": error}


class Faults:
    """The faults in force."""

    def __init__(self) -> None:
        """Begin with none."""
        self._lock = threading.Lock()
        self._faults: list[Fault] = []

    def __iter__(self) -> Iterator[Fault]:
        """Go through the faults in the order they were added."""
        return iter(tuple(self._faults))

    def __len__(self) -> int:
        """Count the faults in force, spent ones included."""
        return len(self._faults)

    def add(self, path: str = "*", *, lag: bool | int = 0, **effects: Any) -> Fault:
        """Script one fault and give it back; it tells how often it ``fired``.

        Which requests: *path* exactly, with or without ``/v1``, ``*`` for any stretch of it;
        *offset*, *method* and *where* (a function of the request) narrow it; it fires from the
        *nth* match on, *times* times (None: for ever).

        What happens: *status* with *retry_after* (seconds; None leaves the header out), *reason*,
        *message*, *headers*, *body* (bytes as they are; text as text/plain, and just ``"text"``
        for the bare text known for that status) or *html*; *reset* the connection; *cut*
        (True or "connection": the body ends short of its Content-Length; "json": the body is
        half a JSON text of the right length); *delay* in seconds; *before* (an edit,
        ``lambda fake: …``).

        Pages: *total* (a number or ``lambda t: …``), *empty* (200 with total 0), *short* (that
        many entries missing), *repeat* (the previous page's items), *start_over* (the first
        page's), *endless* (the end never comes), *lag* (as things stood that many edits ago).
        """
        fault = Fault(path, lag=int(lag), **effects)
        with self._lock:
            self._faults.append(fault)
        return fault

    def remove(self, fault: Fault) -> None:
        """Take one fault away."""
        with self._lock:
            self._faults.remove(fault)

    def clear(self) -> None:
        """Take all faults away."""
        with self._lock:
            self._faults.clear()

    def firing(self, request: Request) -> list[Fault]:
        """Count the request against every fault, and give those that take effect on it."""
        if not self._faults:
            return []
        with self._lock:
            due = [fault for fault in self._faults if fault.matches(request) and fault.is_due()]
            answering = next((fault for fault in due if fault.answers), None)
            if answering is not None:
                # One request has one answer: whatever else would change it waits for another.
                due = [f for f in due if f is answering or not (f.answers or f.twists)]
            for fault in due:
                fault.fired += 1
        return due


def twist_of(faults: list[Fault]) -> Twist:
    """Put together what several faults do to one page."""
    twist = Twist()
    for fault in faults:
        twist.lag = max(twist.lag, fault.lag)
        twist.short = max(twist.short, fault.short)
        twist.empty |= fault.empty
        twist.repeat |= fault.repeat
        twist.start_over |= fault.start_over
        twist.endless |= fault.endless
        if fault.total is not None:
            twist.total = _total(fault.total)
    return twist


def _total(total: int | Callable[[int], int]) -> Callable[[int], int]:
    return total if callable(total) else lambda _: total

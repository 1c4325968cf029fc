"""What a report of an error shows: to a log, to Django's page with DEBUG, to a service that collects frames."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from traceback import TracebackException
from typing import Any

from django.http import HttpRequest
from rest_framework.request import Request

from tests.kit.leaks import chain

TESTS = str(Path(__file__).parents[1])


def told(error: BaseException) -> str:
    """Return str, repr, and every frame with its locals, of the error and of all it is chained to; ours left out.

    Of a request in a frame, all that collectors read from it.
    """
    return (
        f"{error} {error!r} {error.args!r} {vars(error)!r} "
        + _frames(TracebackException.from_exception(error, capture_locals=True))
        + "".join(asked_by(request) for request in requests_in(error))
    )


def _frames(report: TracebackException | None) -> str:
    if report is None:
        return ""
    report.stack[:] = [frame for frame in report.stack if not frame.filename.startswith(TESTS)]
    own = "".join(report.format(chain=False))
    return _frames(report.__cause__) + _frames(report.__context__) + own


def requests_in(error: BaseException) -> Iterator[HttpRequest | Request]:
    """Give the requests that frames hold, each once."""
    seen: set[int] = set()
    for link in chain(error):
        for frame, _ in traceback.walk_tb(link.__traceback__):
            for value in frame.f_locals.values():
                if isinstance(value, HttpRequest | Request) and id(value) not in seen:
                    seen.add(id(value))
                    yield value


def asked_by(request: HttpRequest | Request) -> str:
    """Return what a request was asked, but its cookies, whose names Django and collectors know to hide."""
    if isinstance(request, Request):
        read: Any = None
        with suppress(Exception):  # a body that nobody has read may be none
            read = request.data
        return repr([request.query_params, read]) + asked_by(request._request)
    scope = {**getattr(request, "scope", {})}
    scope["headers"] = [pair for pair in scope.get("headers", ()) if pair[0] != b"cookie"]
    meta = {name: value for name, value in request.META.items() if name != "HTTP_COOKIE"}
    shown: list[Any] = [request.GET, request.POST, meta, scope, request.get_full_path()]
    with suppress(Exception):  # a stream may be read once
        shown.append(request.body)
    return repr(shown)

"""What a report of an error shows: to a log, to Django's page with DEBUG, to a service that collects frames."""

from __future__ import annotations

from pathlib import Path
from traceback import TracebackException

TESTS = str(Path(__file__).parents[1])


def told(error: BaseException) -> str:
    """Return str, repr, and every frame with its locals, of the error and of all it is chained to; ours left out."""
    return f"{error} {error!r} {error.args!r} {vars(error)!r} " + _frames(
        TracebackException.from_exception(error, capture_locals=True)
    )


def _frames(report: TracebackException | None) -> str:
    if report is None:
        return ""
    report.stack[:] = [frame for frame in report.stack if not frame.filename.startswith(TESTS)]
    own = "".join(report.format(chain=False))
    return _frames(report.__cause__) + _frames(report.__context__) + own

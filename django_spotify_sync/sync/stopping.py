"""Whether this worker was told to stop, as on a deploy: its runs are put down then, staged and waiting.

The process that hears the signal is not the one that syncs where workers are forked (Celery's prefork pool), so the
word is one byte of memory that they share. Where they share none, a run goes on to its end.
"""

from __future__ import annotations

import mmap

_told = mmap.mmap(-1, 1)


def stop(*, told: bool = True) -> None:
    """Have all runs of this worker put down at their next beat; or, with False, go on as before."""
    _told[0] = told


def is_stopping() -> bool:
    """Tell whether this worker was told to stop."""
    return bool(_told[0])

"""What must not run inside somebody else's transaction (views that talk to Spotify, and runs), and what is done again.

A database that is asked for REPEATABLE READ or SERIALIZABLE refuses what meets the work of others, and wants it done
again: any transaction, and any single statement where that level is the default for all.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

from django.db import DatabaseError, OperationalError, connections, transaction

from django_spotify_sync.exceptions import InsideTransaction

PATIENCE = (
    60.0  # seconds for which something small is done again, whoever else is busy with the same
)
_LONGEST_PAUSE = 2.0  # seconds between two attempts
#: SQLSTATEs of a serialization failure, a deadlock, and a lock that is not waited for.
_MEETS_OTHERS = {"40001", "40P01", "55P03"}


def meets_others(error: BaseException) -> bool:
    """Tell whether the database refused something only since others are at work on the same: later it may be done."""
    if not isinstance(error, DatabaseError):
        return False
    state = getattr(error.__cause__, "sqlstate", None)
    return state in _MEETS_OTHERS or (
        isinstance(error, OperationalError) and "locked" in str(error)
    )


def pauses() -> Iterator[float]:
    """Yield seconds to wait between one attempt and the next: more and more, and never as long as somebody else's."""
    for attempt in count():
        yield min(_LONGEST_PAUSE, 0.05 * 2 ** min(attempt, 10)) * random.uniform(0.5, 1.5)


def done_again[Result](work: Callable[[], Result], *, using: str) -> Result:
    """Return what ``work`` returns, a statement or a transaction that is done again while it meets others.

    Inside a transaction it is done once: that has to be done again as a whole.

    :raises DatabaseError: if it still meets others after a minute.
    """
    ends = time.monotonic() + PATIENCE
    for pause in pauses():
        try:
            return work()
        except DatabaseError as error:
            is_inside = connections[using].in_atomic_block
            if is_inside or not meets_others(error) or time.monotonic() > ends:
                raise
        time.sleep(pause)
    raise AssertionError("the pauses never end")


def outside_transactions[View: Callable[..., Any]](view: View) -> View:
    """Mark a view that talks to Spotify, or lets go of an account: no transaction of the host around it
    (ATOMIC_REQUESTS), which would be open for as long as that takes, and would forget, rolled back by an error answer,
    what has to be remembered.
    """
    for alias in connections:
        view = transaction.non_atomic_requests(using=alias)(view)
    return view


def refuse_transaction(using: str) -> None:
    """:raises InsideTransaction: if a transaction is open, which would stay so for as long as Spotify takes."""
    try:
        with transaction.atomic(using=using, durable=True):
            pass
    except RuntimeError:
        inside = True
    else:
        inside = False
    if inside:
        raise InsideTransaction

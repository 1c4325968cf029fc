"""What may not run inside a transaction of somebody else's: views that talk to Spotify, and runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import connections, transaction

from django_spotify_sync.exceptions import InsideTransaction


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

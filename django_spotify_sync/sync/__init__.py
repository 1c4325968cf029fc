"""The room of the house: what brings an account's library up to date. Every door leads to one of these.

``request_sync`` makes a run or finds the live one, ``execute`` does it, ``sync`` is both; ``request_all`` asks for all
resources at once. ``take_due`` finds what is due, ``foretell`` only counts it, ``room`` is how much may be begun now.
``may_sync`` is what the site's hook says. ``decide_loss`` accepts or keeps what a run did not believe to be gone.
``stop_runs`` has the runs of this process put down, ``is_stopping`` tells whether it was called.
"""

from __future__ import annotations

from django_spotify_sync.sync.due import foretell, room, take_due
from django_spotify_sync.sync.losses import decide_loss
from django_spotify_sync.sync.permission import may_sync
from django_spotify_sync.sync.run import execute, sync
from django_spotify_sync.sync.runs.heartbeat import is_stopping, stop_runs
from django_spotify_sync.sync.runs.requesting import request_all, request_sync

__all__ = [
    "decide_loss",
    "execute",
    "foretell",
    "is_stopping",
    "may_sync",
    "request_all",
    "request_sync",
    "room",
    "stop_runs",
    "sync",
    "take_due",
]

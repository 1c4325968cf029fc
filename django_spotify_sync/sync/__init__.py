"""The room of the house: what brings an account's library up to date. Every door leads to one of these.

``request_sync`` makes a run or finds the live one, ``execute`` does it, ``sync`` is both; ``request_all`` asks for all
resources at once, ``take_due`` finds what is due.
"""

from __future__ import annotations

from django_spotify_sync.sync.due import take_due
from django_spotify_sync.sync.requesting import request_all, request_sync
from django_spotify_sync.sync.run import execute, sync

__all__ = ["execute", "request_all", "request_sync", "sync", "take_due"]

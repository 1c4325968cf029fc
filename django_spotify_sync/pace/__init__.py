"""The pace of the whole app towards Spotify: who may ask how much now, and what keeps everybody from asking."""

from __future__ import annotations

from django_spotify_sync.pace.governor import (
    allowance,
    at_the_door,
    blocked,
    blocks,
    ensure_door_open,
    ensure_open,
    forget,
    lift_blocks,
    shared_pace,
)
from django_spotify_sync.pace.patience import Patient
from django_spotify_sync.pace.pauses import Block
from django_spotify_sync.pace.shares import SCHEDULED_SHARE
from django_spotify_sync.pace.tally import Allowance

__all__ = [
    "SCHEDULED_SHARE",
    "Allowance",
    "Block",
    "Patient",
    "allowance",
    "at_the_door",
    "blocked",
    "blocks",
    "ensure_door_open",
    "ensure_open",
    "forget",
    "lift_blocks",
    "shared_pace",
]

"""The pace of the whole app towards Spotify: who may ask how much now, and what keeps everybody from asking."""

from __future__ import annotations

from django_spotify_sync.pace.governor import (
    SCHEDULED_SHARE,
    Block,
    at_the_door,
    blocked,
    blocks,
    ensure_door_open,
    ensure_open,
    forget,
    lift_blocks,
    shared_pace,
)

__all__ = [
    "SCHEDULED_SHARE",
    "Block",
    "at_the_door",
    "blocked",
    "blocks",
    "ensure_door_open",
    "ensure_open",
    "forget",
    "lift_blocks",
    "shared_pace",
]

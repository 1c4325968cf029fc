"""What beat and operators call, by its public names; a room a task or command."""

from __future__ import annotations

from django_spotify_sync.upkeep.adoption import Adoption, adopt_all
from django_spotify_sync.upkeep.failing import Failing
from django_spotify_sync.upkeep.keys import (
    KeyUse,
    Rotation,
    Unreadable,
    keys_in_use,
    rotate_keys,
)
from django_spotify_sync.upkeep.lamps import Lamp
from django_spotify_sync.upkeep.looks import note_look
from django_spotify_sync.upkeep.needs import Requests
from django_spotify_sync.upkeep.notices import warn_expiring_grants
from django_spotify_sync.upkeep.pruning import prune
from django_spotify_sync.upkeep.refreshing import Round, refresh_tokens
from django_spotify_sync.upkeep.retention import purge_accounts
from django_spotify_sync.upkeep.status import Hourly, Status, may_read_status, read_status

__all__ = [
    "Adoption",
    "Failing",
    "Hourly",
    "KeyUse",
    "Lamp",
    "Requests",
    "Rotation",
    "Round",
    "Status",
    "Unreadable",
    "adopt_all",
    "keys_in_use",
    "may_read_status",
    "note_look",
    "prune",
    "purge_accounts",
    "read_status",
    "refresh_tokens",
    "rotate_keys",
    "warn_expiring_grants",
]

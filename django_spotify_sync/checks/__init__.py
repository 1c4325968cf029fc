"""System checks: what a deployer can get wrong, said before it costs a night. Ids are stable."""

from __future__ import annotations

from django_spotify_sync.checks.caches import check_cache_in_use
from django_spotify_sync.checks.keys import check_keys_in_use
from django_spotify_sync.checks.limits import DUE_TASK
from django_spotify_sync.checks.problems import TAG
from django_spotify_sync.checks.settings import check_settings
from django_spotify_sync.checks.site import check_site

__all__ = [
    "DUE_TASK",
    "TAG",
    "check_cache_in_use",
    "check_keys_in_use",
    "check_settings",
    "check_site",
]

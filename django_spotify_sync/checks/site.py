"""All checks of what is around the settings, as one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, register

from django_spotify_sync.checks.addresses import redirect_uris, spotify_in_the_clear
from django_spotify_sync.checks.caches import cache_of_one_process
from django_spotify_sync.checks.databases import autocommit, databases, sqlite, time_zones
from django_spotify_sync.checks.hosts import login, middleware, proxies, strict_session
from django_spotify_sync.checks.keys import keys
from django_spotify_sync.checks.limits import limits, schedule
from django_spotify_sync.checks.problems import TAG


@register(TAG)
def check_site(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """What around the settings would make connecting or syncing fail on some day."""
    return [
        *time_zones(),
        *autocommit(),
        *redirect_uris(),
        *spotify_in_the_clear(),
        *limits(),
        *cache_of_one_process(),
        *middleware(),
        *proxies(),
        *strict_session(),
        *keys(),
        *sqlite(),
        *login(),
        *databases(),
        *schedule(),
    ]

"""Checks of the cache that all processes share: that it is one, and that it throws nothing away."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error, Tags, register

from django_spotify_sync.checks.problems import problem
from django_spotify_sync.conf import Conf, conf
from django_spotify_sync.shared_cache import evicting_policy

#: Of Django's caches, those that throw entries away beyond MAX_ENTRIES.
CULLING = ("DatabaseCache", "FileBasedCache", "LocMemCache")
ENTRIES = 10_000


def cache_of_one_process() -> Iterator[CheckMessage]:
    """All processes share the cache, and it has room for what is kept in it."""
    if problem(Conf.CACHE.name, Conf.CACHE):
        return  # told above
    backend = settings.CACHES.get(conf.CACHE, {}).get("BACKEND", "").rpartition(".")[2]
    if backend == "DummyCache":
        yield Error(
            f"The cache {conf.CACHE!r} remembers nothing, so nobody can connect.",
            hint="Use Redis, Memcached or the database cache.",
            id="spotify_sync.E007",
        )
    if backend == "LocMemCache" and not settings.DEBUG:
        yield checks.Warning(
            f"Each process has a cache {conf.CACHE!r} of its own: connecting fails if the callback reaches another "
            "one, several may refresh one token at once, and each keeps the pace only for itself.",
            hint="Use a cache that all processes share: Redis, Memcached or the database cache.",
            id="spotify_sync.W002",
        )
    if backend in CULLING and not settings.DEBUG and _max_entries() < ENTRIES:
        yield checks.Warning(
            f"The cache {conf.CACHE!r} holds {_max_entries()} entries at most and throws others away beyond that: "
            "users who are at Spotify's consent page could not come back, and throttles and the pace forget.",
            hint=f"Set OPTIONS = {{'MAX_ENTRIES': {ENTRIES}}} of that cache or more, or use Redis.",
            id="spotify_sync.W016",
        )


def _max_entries() -> int:
    """Return how many entries the cache holds, as Django reads it."""
    made: dict[str, Any] = settings.CACHES[conf.CACHE]
    try:
        return int(made.get("max_entries", made.get("OPTIONS", {}).get("MAX_ENTRIES", 300)))
    except (TypeError, ValueError):
        return 300


@register(Tags.database)
def check_cache_in_use(
    app_configs: Sequence[AppConfig] | None,
    databases: Sequence[str] | None = None,
    **kwargs: Any,
) -> list[CheckMessage]:
    """The Redis that is the cache throws nothing away. It is asked where the databases are."""
    if not databases or problem(Conf.CACHE.name, Conf.CACHE) or conf.CACHE not in settings.CACHES:
        return []
    policy = evicting_policy()
    if policy is None:
        return []
    return [
        checks.Warning(
            f"The Redis of the cache {conf.CACHE!r} throws keys away when it is full ({policy}): states, locks and the "
            "pace among them.",
            hint="Set its maxmemory-policy to noeviction, or give this app a Redis of its own.",
            id="spotify_sync.W017",
        )
    ]

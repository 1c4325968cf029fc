"""The cache that all instances share: ``add``, ``put``, ``get`` and ``delete``, with a loud answer when it is away.

A key is this site's alone, by its SECRET_KEY: sites may share a cache, and each has a user 7 of its own. What begins
with ``APP_WIDE`` is of the app at Spotify, whose pace all sites share that use it.

Only what every Django cache backend has is used. django-redis with IGNORE_EXCEPTIONS answers None to everything while
Redis is away, other backends raise: both become CacheUnavailable here, never a yes.
"""

from __future__ import annotations

import math
import secrets
from collections.abc import Callable, Collection
from datetime import timedelta
from typing import Any

from celery.exceptions import SoftTimeLimitExceeded
from django.core.cache import BaseCache, caches
from django.utils.crypto import salted_hmac

from django_spotify_sync.conf import conf
from django_spotify_sync.exceptions import CacheUnavailable, Words
from django_spotify_sync.secret import Secret

APP_WIDE = "pace:"
_PREFIX = "spotify_sync:"
_MISSING = "spotify_sync:missing"


def add(key: str, value: Any, ttl: timedelta) -> bool:
    """Store ``value`` if the key is free. True to exactly one of several callers.

    A ``Secret`` is stored as its text, which ``get`` returns.

    :raises CacheUnavailable: if the cache does not say yes or no.
    """
    added = _ask(
        lambda cache: cache.add(
            _whole(key),
            value.reveal() if isinstance(value, Secret) else value,
            timeout=_seconds(ttl),
        )
    )
    if added is None:
        raise CacheUnavailable
    return bool(added)


def put(key: str, value: Any, ttl: timedelta) -> None:
    """Store ``value``, whatever was there. Whether it arrived is not known before it is read.

    :raises CacheUnavailable: if the cache says that it is away; not every backend does.
    """
    _ask(lambda cache: cache.set(_whole(key), value, timeout=_seconds(ttl)))


def incr(key: str, by: int, ttl: timedelta) -> int:
    """Add to a number that begins at 0 and lives for so long; return it. At once, in Redis, Memcached and a process's
    memory; in the database and in files two callers may read the same number.

    :raises CacheUnavailable: if the cache does not say how many.
    """
    add(key, 0, ttl)
    number = _ask(lambda cache: cache.incr(_whole(key), by))
    if number is None:
        raise CacheUnavailable
    return int(number)


def peek(key: str) -> Any:
    """Return the value, or None if there is none or the cache is away: for what may as well not be known.

    :raises CacheUnavailable: if the cache says that it is away; not every backend does.
    """
    value = _ask(lambda cache: cache.get(_whole(key), _MISSING))
    return None if value == _MISSING else value


def peek_many(keys: Collection[str]) -> dict[str, Any]:
    """Return the values of those keys that there are, by one question where the cache can.

    :raises CacheUnavailable: if the cache says that it is away; not every backend does.
    """
    whole = {_whole(key): key for key in keys}
    found = _ask(lambda cache: cache.get_many(list(whole))) or {}
    return {whole[key]: value for key, value in found.items()}


def get(key: str) -> Any:
    """Return the value, or None if there is none.

    :raises CacheUnavailable: if the cache does not answer.
    """
    value = peek(key)
    if value is not None:
        return value
    # A cache that is away may say "missing" to a get; it cannot say yes to an add of a key that nobody has.
    add(f"alive:{secrets.token_hex(8)}", 1, timedelta(seconds=1))
    return None


def delete(key: str) -> bool:
    """Remove a key. True to exactly one of several callers, which is what makes a thing single-use.

    :raises CacheUnavailable: if the cache does not say yes or no.
    """
    deleted = _ask(lambda cache: cache.delete(_whole(key)))
    if deleted is None:
        raise CacheUnavailable
    return bool(deleted)


def evicting_policy() -> str | None:
    """Return the policy by which a full Redis throws our keys away, each of which has an end; None where it throws none
    away, is no Redis, or does not say.
    """
    try:
        cache: Any = caches[conf.CACHE]
        # django-redis, or Django's own
        clients: Any = getattr(cache, "client", None) or getattr(cache, "_cache", None)
        memory = clients.get_client(write=True).info("memory")
        policy, most = str(memory["maxmemory_policy"]), int(memory["maxmemory"])
    except Exception:  # whatever a backend or a server has against being asked, it is no answer
        return None
    return policy if most and policy != "noeviction" else None


def _whole(key: str) -> str:
    if key.startswith(APP_WIDE):
        return _PREFIX + key
    site = salted_hmac("django_spotify_sync.shared_cache", "site", algorithm="sha256")
    return f"{_PREFIX}{key}:{site.hexdigest()[:16]}"


def _seconds(ttl: timedelta) -> int:
    """Round up: not every backend takes parts of a second."""
    return max(1, math.ceil(ttl.total_seconds()))


def _ask(question: Callable[[BaseCache], Any]) -> Any:
    try:
        return question(caches[conf.CACHE])
    except SoftTimeLimitExceeded:
        kind = None  # Celery's word to the task, and none of the cache's
    except Exception as error:  # each backend has its own, and none of them may pass for an answer
        kind = type(error).__name__
    if kind is None:
        raise SoftTimeLimitExceeded
    # Out here, unchained: the backend's frames hold the value.
    raise CacheUnavailable("%(words)s (%(kind)s)", words=Words(CacheUnavailable()), kind=kind)

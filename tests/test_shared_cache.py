from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings as django_settings
from django.core.cache.backends.dummy import DummyCache
from django_redis import get_redis_connection

from django_spotify_sync import shared_cache
from django_spotify_sync.exceptions import CacheUnavailable
from django_spotify_sync.secret import Secret
from tests.kit.concurrency import at_once
from tests.kit.reports import told

MINUTE = timedelta(minutes=1)
NOBODY = "redis://127.0.0.1:1/0"


def test_add_get_delete() -> None:
    assert shared_cache.get("key") is None
    assert shared_cache.add("key", {"a": 1}, MINUTE) is True
    assert shared_cache.add("key", {"a": 2}, MINUTE) is False
    assert shared_cache.get("key") == {"a": 1}
    assert shared_cache.delete("key") is True
    assert shared_cache.delete("key") is False
    assert shared_cache.get("key") is None


@pytest.mark.parametrize("value", [0, False, "", [], {}])
def test_values_that_are_falsy_are_values(value: object) -> None:
    shared_cache.add("key", value, MINUTE)

    assert shared_cache.get("key") == value


def test_a_secret_is_kept_as_its_text() -> None:
    shared_cache.add("key", Secret("hush"), MINUTE)

    assert shared_cache.get("key") == "hush"


@pytest.mark.parametrize(
    ("ttl", "seconds"),
    [(timedelta(milliseconds=1), 1), (timedelta(seconds=1.2), 2), (MINUTE, 60)],
)
def test_a_value_lives_no_shorter_than_asked(ttl: timedelta, seconds: int) -> None:
    shared_cache.add("key", 1, ttl)

    [key] = get_redis_connection().scan_iter(django_settings.REDIS_PREFIX + "*spotify_sync:key:*")
    assert seconds - 1 <= get_redis_connection().ttl(key) <= seconds


def test_one_of_eight_adds_and_one_of_eight_deletes() -> None:
    added = at_once(*[partial(shared_cache.add, "key", 1, MINUTE)] * 8)
    deleted = at_once(*[partial(shared_cache.delete, "key")] * 8)

    assert sorted(map(str, added)) == ["False"] * 7 + ["True"]
    assert sorted(map(str, deleted)) == ["False"] * 7 + ["True"]


def test_of_eight_that_count_each_has_a_number_of_its_own() -> None:
    counted = at_once(*[partial(shared_cache.incr, "key", 1, MINUTE)] * 8)

    assert set(counted) == {*range(1, 9)}
    assert shared_cache.incr("key", -1, MINUTE) == 7


def test_many_are_asked_for_at_once_and_those_that_are_there_come() -> None:
    shared_cache.put("one", 1, MINUTE)
    shared_cache.put("none", 0, MINUTE)

    assert shared_cache.peek_many(["one", "none", "gone"]) == {"one": 1, "none": 0}


@pytest.fixture(
    params=[
        {"BACKEND": "django_redis.cache.RedisCache"},
        {"BACKEND": "django_redis.cache.RedisCache", "OPTIONS": {"IGNORE_EXCEPTIONS": True}},
        {"BACKEND": "django.core.cache.backends.redis.RedisCache"},
        {"BACKEND": "no.such.Backend"},
    ],
    ids=["django-redis", "django-redis that hides it", "Django's own", "wrongly configured"],
)
def cache_away(request: pytest.FixtureRequest, settings: Any) -> None:
    """Let Redis be gone."""
    settings.CACHES = {**settings.CACHES, "away": {"LOCATION": NOBODY, **request.param}}
    settings.SPOTIFY_SYNC_CACHE = "away"


@pytest.mark.parametrize(
    "ask",
    [
        lambda: shared_cache.add("key", Secret("hush"), MINUTE),
        lambda: shared_cache.get("key"),
        lambda: shared_cache.delete("key"),
        lambda: shared_cache.incr("key", 1, MINUTE),
    ],
    ids=["add", "get", "delete", "incr"],
)
def test_a_cache_that_is_away_never_answers(
    cache_away: None, ask: Callable[[], Any], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG), pytest.raises(CacheUnavailable) as caught:
        ask()

    assert "hush" not in told(caught.value) + caplog.text
    assert caught.value.code == "cache_unavailable"


class TimeIsUp(DummyCache):
    """Where Celery's soft time limit strikes."""

    def add(self, *args: Any, **kwargs: Any) -> bool:
        raise SoftTimeLimitExceeded


def test_a_time_limit_is_no_word_of_the_cache(settings: Any) -> None:
    settings.CACHES = {
        **settings.CACHES,
        "limited": {"BACKEND": "tests.test_shared_cache.TimeIsUp"},
    }
    settings.SPOTIFY_SYNC_CACHE = "limited"

    with pytest.raises(SoftTimeLimitExceeded) as caught:
        shared_cache.add("key", Secret("hush"), MINUTE)

    assert "hush" not in told(caught.value)

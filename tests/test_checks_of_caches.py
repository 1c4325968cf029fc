"""Caches that throw away what is kept in them: told by checks, and what is lost where nobody heeds them."""

from __future__ import annotations

from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import redis as redis_py
from django.core.cache import caches
from django.core.management import call_command

from django_spotify_sync import shared_cache
from django_spotify_sync.accounts import states
from django_spotify_sync.accounts.states import Attempt
from django_spotify_sync.checks import check_cache_in_use
from django_spotify_sync.exceptions import StateExpired
from tests import services
from tests.kit.checking import around

DJANGO = "django.core.cache.backends."
CULLING = [
    f"{DJANGO}db.DatabaseCache",
    f"{DJANGO}filebased.FileBasedCache",
    f"{DJANGO}locmem.LocMemCache",
]


@pytest.mark.parametrize("backend", CULLING)
@pytest.mark.parametrize(
    ("more", "warned"),
    [
        ({}, True),
        ({"OPTIONS": {"MAX_ENTRIES": 9_999}}, True),
        ({"OPTIONS": {"MAX_ENTRIES": 10_000}}, False),
        ({"max_entries": "20000"}, False),
    ],
)
def test_w016_a_cache_of_few_entries(settings: Any, backend: str, more: Any, warned: bool) -> None:
    settings.CACHES = {"default": {"BACKEND": backend, "LOCATION": "somewhere", **more}}

    assert ("W016" in around()) is warned
    if warned:
        assert "MAX_ENTRIES" in str(around()["W016"].hint)


@pytest.mark.parametrize("backend", [f"{DJANGO}redis.RedisCache", "django_redis.cache.RedisCache"])
def test_w016_says_nothing_of_redis(settings: Any, backend: str) -> None:
    settings.CACHES = {"default": {"BACKEND": backend, "LOCATION": "redis://somewhere"}}

    assert "W016" not in around()


@pytest.mark.parametrize("most", [300, 10_000])
def test_strangers_push_nobody_out_where_w016_is_silent(settings: Any, most: int) -> None:
    """A thousand sign-ins are begun by nobody in particular while a user is at the consent page."""
    settings.CACHES = {
        "default": {"BACKEND": CULLING[-1], "LOCATION": f"{most}", "OPTIONS": {"MAX_ENTRIES": most}}
    }
    caches["default"].clear()
    attempt = Attempt(user_id="7", browser="", redirect_uri="", next_url="", verifier=None)
    mine = states.begin(attempt)
    for _ in range(1000):
        states.begin(attempt)

    if "W016" in around():
        with pytest.raises(StateExpired):
            states.finish(mine, user_id="7", browser=None)
    else:
        assert states.finish(mine, user_id="7", browser=None) == attempt


# Redis


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run a Redis of its own, since others share that of the tests."""
    folder: Path = tmp_path_factory.mktemp("evicting") / "redis"
    with services.redis(folder) as url:
        yield url


@pytest.fixture(params=[f"{DJANGO}redis.RedisCache", "django_redis.cache.RedisCache"])
def evicting(request: pytest.FixtureRequest, settings: Any, server: str) -> Any:
    """Let it be the cache, and throw away what was used least when it is full."""
    settings.CACHES = {"default": {"BACKEND": request.param, "LOCATION": server}}
    client = redis_py.Redis.from_url(server)
    client.config_set("maxmemory", "100mb")
    client.config_set("maxmemory-policy", "allkeys-lru")
    yield client
    client.close()


def in_use() -> dict[str, Any]:
    messages = check_cache_in_use(None, databases=["default"])
    return {str(message.id).removeprefix("spotify_sync."): message for message in messages}


def test_w017_a_redis_that_throws_keys_away(evicting: Any) -> None:
    assert "allkeys-lru" in in_use()["W017"].msg
    assert check_cache_in_use(None) == [], "who asks for no database has no server asked"

    evicting.config_set("maxmemory-policy", "volatile-ttl")
    assert "volatile-ttl" in in_use()["W017"].msg, "each of our keys has an end"


def test_w017_says_nothing_of_one_that_throws_none_away(evicting: Any) -> None:
    evicting.config_set("maxmemory-policy", "noeviction")
    assert in_use() == {}

    evicting.config_set("maxmemory-policy", "allkeys-lru")
    evicting.config_set("maxmemory", "0")
    assert in_use() == {}


def test_w017_says_nothing_where_redis_may_not_be_asked(evicting: Any) -> None:
    evicting.execute_command("ACL", "SETUSER", "default", "-info", "-config")
    try:
        assert in_use() == {}
    finally:
        evicting.execute_command("ACL", "SETUSER", "default", "+info", "+config")


@pytest.mark.django_db
def test_the_status_tells_it_too(evicting: Any) -> None:
    out = StringIO()
    call_command("spotify_status", stdout=out, no_color=True)

    assert "! The cache's Redis throws keys away when it is full (allkeys-lru)" in out.getvalue()


@pytest.mark.parametrize("backend", [*CULLING, f"{DJANGO}dummy.DummyCache"])
def test_no_other_cache_has_a_policy(settings: Any, backend: str) -> None:
    settings.CACHES = {"default": {"BACKEND": backend, "LOCATION": "somewhere"}}

    assert shared_cache.evicting_policy() is None


def test_nor_has_a_redis_that_is_away(settings: Any) -> None:
    settings.CACHES = {
        "default": {"BACKEND": "django_redis.cache.RedisCache", "LOCATION": "redis://127.0.0.1:1/0"}
    }

    assert shared_cache.evicting_policy() is None

"""Two sites on one cache with one app at Spotify: staging and production, or tenants, whose users have the same pks."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django_redis import get_redis_connection

from django_spotify_sync import accounts, pace, shared_cache
from django_spotify_sync.accounts import states
from django_spotify_sync.exceptions import RateLimited, StateExpired
from django_spotify_sync.models import SpotifyAccount
from django_spotify_sync.testing import FakeSpotify
from tests.kit.browsing import JSON, begun, browser_of, by_browser, by_post
from tests.kit.connecting import connect

pytestmark = pytest.mark.django_db


@pytest.fixture
def at(settings: Any) -> Any:
    """Be another site: the same settings, but for the key that each has of its own."""
    return lambda site: setattr(settings, "SECRET_KEY", f"the secret of {site}")


@pytest.mark.parametrize("finish", [by_browser, by_post])
def test_a_state_begun_at_one_is_none_at_the_other(
    user: Any, spotify: FakeSpotify, at: Any, finish: Any
) -> None:
    """Else who has the pk of a victim at staging links an account of their own to the victim at production."""
    at("staging")
    attacker = browser_of(user)
    brought = begun(attacker)
    at("production")

    assert finish(browser_of(user), brought)[1] == "state_expired"
    assert not SpotifyAccount.objects.exists()
    at("staging")
    assert finish(attacker, brought) == (200, "")


def test_what_the_other_site_has_used_is_unknown_here(user: Any, at: Any) -> None:
    attempt = states.Attempt(str(user.pk), "", "https://site.example/", "", None)
    at("staging")
    state = states.begin(attempt)
    states.finish(state, user_id=str(user.pk), browser=None)
    at("production")

    with pytest.raises(StateExpired):
        states.finish(state, user_id=str(user.pk), browser=None)


def test_a_state_of_before_the_update_has_expired(user: Any) -> None:
    attempt = states.Attempt(str(user.pk), "", "https://site.example/", "", None)
    old = hashlib.sha256(b"an older state").hexdigest()
    cache.set(f"spotify_sync:state:{old}", states._packed(attempt).reveal(), 60)

    with pytest.raises(StateExpired):
        states.finish("an older state", user_id=str(user.pk), browser=None)
    assert not states.is_login("an older state")


def test_a_refresh_there_holds_nobody_up_here(user: Any, spotify: FakeSpotify, at: Any) -> None:
    account = connect(user, spotify)
    at("staging")
    shared_cache.add(f"refresh:{account.pk}", "somebody else", timedelta(hours=1))
    at("production")
    spotify.clear_log()

    accounts.refresh(account)

    assert spotify.count("/api/token") == 1


def test_each_has_rates_of_its_own(user: Any, spotify: FakeSpotify, settings: Any, at: Any) -> None:
    settings.SPOTIFY_SYNC_THROTTLE_RATES = {"oauth": "1/min"}
    statuses = []
    for site in ("staging", "production", "staging"):
        at(site)
        statuses.append(browser_of(user).get("/spotify/auth/", headers=JSON).status_code)

    assert statuses == [200, 200, 429]


def test_the_pace_is_shared(at: Any) -> None:
    at("staging")
    pace.shared_pace().refused(RateLimited(retry_after=100))
    at("production")
    pace.forget()

    block = pace.blocked()

    assert block is not None
    assert block.reason == "rate_limited"


def test_every_key_that_is_somebody_s_is_of_one_site(
    user: Any, spotify: FakeSpotify, settings: Any, at: Any
) -> None:
    """Whatever is kept: the same things done at two sites leave no key in common but those of the pace."""
    settings.SPOTIFY_SYNC_REQUESTS_PER_WINDOW = 180
    keys: list[set[bytes]] = []
    redis = get_redis_connection()
    for site in ("staging", "production"):
        at(site)
        browser = browser_of(user)
        assert by_browser(browser, begun(browser)) == (200, "")
        begun(browser)
        browser.post("/spotify/sync/tracks/")
        shared_cache.add(f"refresh:{user.pk}", "mine", timedelta(minutes=1))
        found = set(redis.scan_iter(settings.REDIS_PREFIX + "*spotify_sync:*"))
        keys.append(found - set.union(set(), *keys))

    for mine in keys:
        kinds = {key.partition(b"spotify_sync:")[2].partition(b":")[0] for key in mine}
        assert {b"state", b"used", b"refresh", b"throttle"} <= kinds, kinds

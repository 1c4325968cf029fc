"""Beside one person's giant sync, in a process of its own: who comes back from Spotify, and the schedule."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from itertools import repeat
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from django_spotify_sync.models import SyncRun
from django_spotify_sync.testing import FakeSpotify, RateLimit
from tests.kit.browsing import begun, browser_of, by_browser
from tests.kit.concurrency import at_once, in_processes, wait_until
from tests.kit.connecting import connect, let_pauses_end

SYNC = """
from time import sleep
from django.core.cache import cache
from django_spotify_sync.models import SpotifyAccount
from django_spotify_sync.sync import sync

roles = [("giant", "user"), ("small-0", "schedule"), ("small-1", "schedule")]
name, trigger = next(role for role in roles if cache.add("role of " + role[0], 1))
while trigger == "schedule" and not cache.get("the giant is at it"):
    sleep(0.05)
account = SpotifyAccount.objects.get(user__username=name)
print(name, sync(account, "tracks", trigger=trigger).status)
"""
PACE: dict[str, Any] = {
    "SPOTIFY_SYNC_REQUESTS_PER_WINDOW": 40,  # of which four are for the door alone, and four for the schedule
    "SPOTIFY_SYNC_WINDOW": {"seconds": 8},
    "SPOTIFY_SYNC_MAX_WAIT": {"seconds": 120},
}
PAGES = 75  # more than two windows hold


@pytest.mark.django_db(transaction=True)
def test_it_locks_neither_the_door_nor_the_schedule(
    user: Any, django_user_model: Any, spotify: FakeSpotify, settings: Any
) -> None:
    for name, value in PACE.items():
        setattr(settings, name, timedelta(**value) if isinstance(value, dict) else value)
    for name, tracks in (("giant", 50 * PAGES), ("small-0", 10), ("small-1", 10)):
        owner = django_user_model.objects.create_user(username=name)
        connect(owner, spotify, spotify.add_user(name, tracks=tracks))
    browsers = [browser_of(user) for _ in range(4)]
    brought = [begun(browser) for browser in browsers]
    let_pauses_end()  # and forget what connecting used up
    spotify.rate_limit = RateLimit(requests=40, seconds=8)  # and Spotify knows no mercy

    def come_back(browser: Client, what: dict[str, str]) -> tuple[int, str]:
        wait_until(lambda: spotify.count("/v1/me/tracks") >= 30)
        cache.set("the giant is at it", 1)
        return by_browser(browser, what)

    synced, *came = at_once(
        partial(in_processes, 3, SYNC, **PACE, **spotify.settings),
        *map(partial, repeat(come_back), browsers, brought),
    )

    assert came == [(200, "")] * 4
    assert sorted(synced) == ["giant succeeded", "small-0 succeeded", "small-1 succeeded"]
    assert spotify.rate_limit.refused == 0
    ended = SyncRun.objects.order_by("finished_at").values_list("account__user__username")
    assert ended.last() == ("giant",)

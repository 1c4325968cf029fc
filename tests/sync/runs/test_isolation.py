"""Hosts that ask their database for more than READ COMMITTED: who meets others tries again until they are done."""

from __future__ import annotations

import re

import pytest
from django.core.cache import cache

from django_spotify_sync.models import StagedPage, SyncRun
from tests.kit.concurrency import in_processes
from tests.kit.connecting import stored
from tests.kit.truth import check_playlists, followed

LEVELS = ["read committed", "repeatable read", "serializable"]

#: Each process syncs another account, all of it, with the level for every statement, whether in a transaction or not.
SYNC = """
from django.core.cache import cache
from django.db import connection
from django_spotify_sync.models import SpotifyAccount
from django_spotify_sync.sync import sync

level = {level!r}.replace(" ", chr(92) + " ")
connection.settings_dict["OPTIONS"] = {{
    **connection.settings_dict["OPTIONS"], "options": "-c default_transaction_isolation=" + level
}}
account = SpotifyAccount.objects.order_by("pk")[cache.incr("turn")]
for resource in ("tracks", "playlists", "following"):
    run = sync(account, resource)
    print(resource, run.status, run.error_detail)
"""
RESOURCES = ["tracks", "playlists", "following"]


@pytest.fixture
def four(transactional_db, crowd, spotify):
    """Give four users who have all in common."""
    accounts = crowd.come(4)
    spotify.cohort = "legacy"
    by_id = {user.id: user for user in spotify.users}
    first, *others = [by_id[account.spotify_id] for account in accounts]
    shared = [first.add_playlist(f"Shared {number}", 60) for number in range(4)]
    first.like(400)
    artists = first.follow(30)
    for user in others:
        user.reset(first.saved)
        for playlist in reversed(shared):
            user.listed.follow(playlist)
        for artist in reversed(artists):
            user.following.follow_again(artist)
    return dict(zip(accounts, (first, *others), strict=True))


@pytest.mark.postgres
@pytest.mark.exhaustive
@pytest.mark.parametrize("level", LEVELS)
def test_of_four_who_sync_at_once_none_fails(four, spotify, level):
    for _ in range(3):
        cache.set("turn", -1)

        printed = in_processes(4, SYNC.format(level=level), **spotify.settings)

        for said in printed:
            assert re.findall(r"^(\w+) succeeded ?$", said, re.M) == RESOURCES, said
        assert not SyncRun.objects.exclude(status="succeeded").exists()
        assert not StagedPage.objects.exists()
        for account, user in four.items():
            assert stored(account) == user.entries()
            assert followed(account) == user.following.ids()
            check_playlists(account, user)
            user.like(50)
            user.unlike(200)
        for track in range(120):
            user.rename_track(track, f"Renamed {spotify.world.serial}")
        user.playlists[0].move(3, 40)

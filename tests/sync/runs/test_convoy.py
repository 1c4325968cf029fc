"""While one account's library is written, nobody whose library holds the same new tracks waits for its end."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.db import connections

from django_spotify_sync.models import SpotifyAccount, SyncRun, SyncState, Track
from django_spotify_sync.sync import sync
from django_spotify_sync.sync.runs import intervals
from django_spotify_sync.testing import FakeSpotify
from tests.kit.connecting import connect

TOO_LONG = 20.0  # seconds after which whoever waits is let go on, and found to have waited


def in_common(spotify: FakeSpotify, resource: str) -> None:
    """Give both users what neither's catalogue knows yet."""
    ada, grace = spotify.users
    match resource:
        case "tracks":
            grace.reset(ada.saved)
        case "following":
            for artist in ada.follow(30):
                grace.following.follow_again(artist)
        case "playlists":
            playlist = ada.add_playlist("Ada's", 60)
            grace.add_playlist("Grace's").add([item.content for item in playlist.items])


@pytest.mark.postgres
@pytest.mark.parametrize("resource", ["tracks", "following", "playlists"])
def test_a_library_that_is_being_written_keeps_nobody_waiting(
    account: SpotifyAccount,
    other_user: Any,
    spotify: FakeSpotify,
    monkeypatch: pytest.MonkeyPatch,
    resource: str,
) -> None:
    other = connect(other_user, spotify, spotify.add_user("grace", tracks=0))
    in_common(spotify, resource)
    is_written, may_end = threading.Event(), threading.Event()
    after_success = intervals.after_success

    def held(state: SyncState, **known: Any) -> None:
        after_success(state, **known)
        if state.account_id == account.pk:  # all is written, and nothing is committed
            is_written.set()
            may_end.wait(timeout=90)

    monkeypatch.setattr(intervals, "after_success", held)
    ended: list[SyncRun] = []

    def sync_ada() -> None:
        ended.append(sync(account, resource))
        connections.close_all()

    adas = threading.Thread(target=sync_ada)
    adas.start()
    assert is_written.wait(timeout=90)
    timer = threading.Timer(TOO_LONG, may_end.set)
    timer.start()

    run = sync(other, resource)

    has_waited = may_end.is_set()
    timer.cancel()
    may_end.set()
    adas.join(timeout=90)
    assert (run.status, run.created > 0, has_waited) == ("succeeded", True, False)
    assert [one.status for one in ended] == ["succeeded"]
    assert Track.objects.count() == len({*Track.objects.values_list("spotify_id", flat=True)})

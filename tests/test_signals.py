"""What the signals tell: as the documentation has it, exactly what changed, and whatever a receiver does with it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.dispatch import Signal
from django.utils import timezone

from django_spotify_sync import accounts, signals
from django_spotify_sync.models import (
    AccountPlaylist,
    FollowedArtist,
    SavedTrack,
    SpotifyAccount,
    SyncRun,
)
from django_spotify_sync.sync import sync
from django_spotify_sync.testing import FakeSpotify
from django_spotify_sync.upkeep import notices
from tests.kit.connecting import connect
from tests.kit.documentation import first_column, sections

pytestmark = pytest.mark.django_db(transaction=True)

SIGNALS = {name: value for name, value in vars(signals).items() if isinstance(value, Signal)}
DOCUMENTED = sections("docs/reference/signals.md")


@pytest.fixture
def heard() -> Iterator[list[tuple[str, Any, dict[str, Any]]]]:
    """Collect what all signals tell: name, sender, arguments."""
    told: list[tuple[str, Any, dict[str, Any]]] = []
    receivers = []
    for name, signal in SIGNALS.items():

        def hear(sender: Any, signal: Any, name: str = name, **said: Any) -> None:
            told.append((name, sender, said))

        receivers.append((signal, hear))
        signal.connect(hear)
    yield told
    for signal, hear in receivers:
        signal.disconnect(hear)


@pytest.fixture
def signs_in(settings: Any) -> None:
    """Let this host's users sign in with Spotify, so that there is all to be told of."""
    settings.SPOTIFY_SYNC_LOGIN_ENABLED = True


@pytest.fixture
def account(user: Any, spotify: FakeSpotify) -> SpotifyAccount:
    return connect(user, spotify)


def live(user: Any, spotify: FakeSpotify) -> None:
    """Go through all that is told of."""
    account = connect(user, spotify)
    for resource in ("tracks", "playlists", "following"):
        assert sync(account, resource).status == "succeeded"
    fault = spotify.faults.add("/me/following", status=403, times=None)
    assert sync(account, "following").status == "failed"
    spotify.faults.remove(fault)
    for left in (timedelta(days=6), -timedelta(minutes=1)):
        SpotifyAccount.objects.update(reauthorize_by=timezone.now() + left)
        notices.warn_expiring_grants()
    accounts.disconnect(SpotifyAccount.objects.get())


def test_every_signal_tells_what_is_documented(
    user: Any, spotify: FakeSpotify, signs_in: None, heard: list[Any]
) -> None:
    live(user, spotify)

    assert {name for name, *_ in heard} == set(SIGNALS)
    for name, sender, said in heard:
        assert sorted(said) == sorted(first_column(DOCUMENTED[name])), name
        assert f"Sender: `{sender.__name__}`" in DOCUMENTED[name].replace("\n", " ")
        assert sender in (SpotifyAccount, SyncRun)


def test_a_receiver_that_raises_stops_nothing_and_is_logged(
    user: Any,
    spotify: FakeSpotify,
    signs_in: None,
    heard: list[Any],
    caplog: pytest.LogCaptureFixture,
) -> None:
    class HostError(Exception):
        pass

    def fail(**said: Any) -> None:
        raise HostError("the host's own fault")

    for signal in SIGNALS.values():
        signal.connect(fail)
    try:
        with caplog.at_level(logging.ERROR):
            live(user, spotify)
    finally:
        for signal in SIGNALS.values():
            signal.disconnect(fail)

    assert {name for name, *_ in heard} == set(SIGNALS)  # who comes after it hears all the same
    logged = [one for one in caplog.records if one.exc_info and one.exc_info[0] is HostError]
    assert len(logged) == len(heard)


# What came and went


def ids(resource: str) -> set[str]:
    """Return the Spotify ids that are stored."""
    rows: dict[str, Any] = {
        "tracks": SavedTrack.objects.values_list("spotify_id", flat=True),
        "playlists": AccountPlaylist.objects.values_list("playlist__spotify_id", flat=True),
        "following": FollowedArtist.objects.values_list("artist__spotify_id", flat=True),
    }
    return set(rows[resource]) - {None}


CHANGES: dict[str, tuple[str, Callable[[FakeSpotify], Any]]] = {
    "nothing": ("tracks", lambda spotify: None),
    "likes": ("tracks", lambda spotify: spotify.user.like(3)),
    "old likes": ("tracks", lambda spotify: spotify.user.like(60)),
    "unlikes": ("tracks", lambda spotify: spotify.user.unlike([0, 55, 119])),
    "both": ("tracks", lambda spotify: (spotify.user.like(2), spotify.user.unlike([30, 31]))),
    "all but one": ("tracks", lambda spotify: spotify.user.unlike(slice(0, 40))),
    "again": ("tracks", lambda spotify: spotify.user.relike([20])),
    "relinked": ("tracks", lambda spotify: spotify.user.relink([10])),
    "nulled": ("tracks", lambda spotify: spotify.user.null([10])),
    "a list more": ("playlists", lambda spotify: spotify.user.add_playlist("New", 2)),
    "a list less": ("playlists", lambda spotify: spotify.user.listed.unfollow([1])),
    "items": ("playlists", lambda spotify: spotify.user.playlists[0].add(2)),
    "an artist more": ("following", lambda spotify: spotify.user.follow(2)),
    "an artist less": ("following", lambda spotify: spotify.user.unfollow([5, 40])),
    "an artist moved": (
        "following",
        lambda spotify: spotify.user.following.follow_again(spotify.user.unfollow([5])[0]),
    ),
}


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("change", CHANGES)
def test_who_adds_and_removes_what_is_told_has_what_is_stored(
    account: SpotifyAccount, spotify: FakeSpotify, heard: list[Any], change: str, full: bool
) -> None:
    """A host that keeps a set of its own by the signals alone is never wrong."""
    resource, act = CHANGES[change]
    sync(account, resource)
    before = ids(resource)
    heard.clear()
    act(spotify)

    run = sync(account, resource, full=full)

    after = ids(resource)
    [(name, _, said)] = heard
    assert (name, run.status) == ("sync_finished", "succeeded")
    assert said["run"] == run
    assert sorted(said["added"]) == sorted(after - before)
    assert sorted(said["removed"]) == sorted(before - after)


def test_the_first_sync_tells_all_of_it_and_in_order(
    account: SpotifyAccount, spotify: FakeSpotify, heard: list[Any]
) -> None:
    heard.clear()

    for resource in ("tracks", "playlists", "following"):
        sync(account, resource)

    told = {said["run"].resource: said for _, _, said in heard}
    assert told["tracks"]["added"] == list(dict.fromkeys(filter(None, spotify.user.track_ids())))
    assert told["playlists"]["added"] == [one.id for one in spotify.user.playlists]
    assert told["following"]["added"] == spotify.user.following.ids()
    assert [said["removed"] for said in told.values()] == [[], [], []]

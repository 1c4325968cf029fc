"""Who leaves: what is left of an account, and who hears of it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, connections

from django_spotify_sync.models import (
    AccountPlaylist,
    FollowedArtist,
    LibraryChange,
    SavedAlbum,
    SavedAudiobook,
    SavedEpisode,
    SavedShow,
    SavedTrack,
    SpotifyAccount,
    SpotifyToken,
    StagedPage,
    SyncRun,
    SyncState,
)
from django_spotify_sync.signals import account_disconnected

NOTHING = {
    "saved_tracks": 0,
    "playlists": 0,
    "followed_artists": 0,
    "saved_albums": 0,
    "saved_shows": 0,
    "saved_episodes": 0,
    "saved_audiobooks": 0,
}
#: What the account `whole` has.
WHOLE = {
    "saved_tracks": 120,
    "playlists": 3,
    "followed_artists": 60,
    "saved_albums": 4,
    "saved_shows": 3,
    "saved_episodes": 2,
    "saved_audiobooks": 1,
}
OWNED = (
    SavedTrack,
    AccountPlaylist,
    FollowedArtist,
    SavedAlbum,
    SavedShow,
    SavedEpisode,
    SavedAudiobook,
    LibraryChange,
    SyncRun,
    SyncState,
    SpotifyToken,
)


def rows_of(account: SpotifyAccount) -> dict[str, int]:
    """Count what points at an account, by model."""
    rows = {model.__name__: model.objects.filter(account=account.pk).count() for model in OWNED}
    rows["StagedPage"] = StagedPage.objects.filter(run__account=account.pk).count()
    return {name: count for name, count in rows.items() if count}


def run_in_thread(ends: dict[str, Any], name: str, act: Callable[[], Any]) -> threading.Thread:
    """Let another thread act, with a connection of its own; keep what it gives, or raises, under its name."""

    def do() -> None:
        try:
            ends[name] = act()
        except Exception as error:
            ends[name] = error
        finally:
            connections.close_all()

    thread = threading.Thread(target=do)
    thread.start()
    return thread


@contextmanager
def heard(*, raising: bool = False) -> Iterator[list[tuple[int, dict[str, int], bool]]]:
    """Hear of disconnects: which account, the counts, and whether a transaction was open."""
    told: list[tuple[int, dict[str, int], bool]] = []

    def listen(sender: Any, account: Any, counts: Any, **kwargs: Any) -> None:
        told.append((account.pk, counts, connection.in_atomic_block))
        if raising:
            raise RuntimeError("a receiver's own trouble")

    account_disconnected.connect(listen)
    yield told
    account_disconnected.disconnect(listen)


# Nothing comes back


STALE = """
from django_spotify_sync.models import SyncRun
from django_spotify_sync.sync import execute
run = execute(SyncRun.objects.get().pk)
print(run.status if SyncRun.objects.exists() else "gone")
"""

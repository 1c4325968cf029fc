"""A run's signs of life: its progress, and that it is alive still."""

from __future__ import annotations

import mmap
import time
from collections.abc import Callable

from django_spotify_sync.accounts.suspicion import ensure_usable
from django_spotify_sync.conf import conf
from django_spotify_sync.exceptions import RunInterrupted, RunLost
from django_spotify_sync.models import SpotifyAccount, SyncRun
from django_spotify_sync.spotify.client import Client

PROGRESS_EVERY = 0.5  # seconds between two writes of progress
ASKED = ("requests", "rate_limited", "quota_met")

type Watcher = Callable[[SyncRun], None]


class Heartbeat:
    """Writes the run's progress and sign of life, seldom however often it is told."""

    def __init__(self, run: SyncRun, watch: Watcher) -> None:
        self._run = run
        self._watch = watch
        self._before = run.requests
        self._client: Client | None = None
        self._written = time.monotonic()
        self._seen = (run.done, run.total)

    @property
    def requests(self) -> int:
        """How many requests the run has cost so far, those of earlier attempts included."""
        return self._before + self.asked["requests"]

    @property
    def asked(self) -> dict[str, int]:
        """What this attempt asked of Spotify, and what of that was refused: as ``Hour`` calls it."""
        client = self._client
        return {name: getattr(client, name, 0) for name in ASKED}

    def count_requests(self, client: Client) -> None:
        """Count what this client sends."""
        self._client = client

    def progress(self, done: int, total: int | None) -> None:
        self._seen = (done, total)
        self.tick()

    def tick(self, *, force: bool = False) -> None:
        """:raises RunLost: if the run is not this worker's any more.

        :raises RunInterrupted: if the worker was told to stop.
        :raises GrantInDoubt: if somebody else found the account's grant refused: its token is not used any more.
        """
        if is_stopping() and not force:
            raise RunInterrupted
        since = time.monotonic() - self._written
        changed = self._seen != (self._run.done, self._run.total)
        if not (
            force or since > conf.HEARTBEAT.total_seconds() or (changed and since > PROGRESS_EVERY)
        ):
            return
        done, total = self._seen
        if not self._run.record(done=done, total=total, requests=self.requests):
            raise RunLost
        self._written = time.monotonic()
        self._watch(self._run)
        if not force:
            self._stop_if_suspect()

    def _stop_if_suspect(self) -> None:
        accounts = SpotifyAccount.objects.using(self._run._state.db)
        suspect = accounts.suspect().filter(pk=self._run.account_id).first()
        if suspect is not None:
            ensure_usable(suspect)


# Whether this worker was told to stop, as on a deploy. The process that hears the signal is not the one that syncs
# where workers are forked (Celery's prefork pool), so the word is one byte of memory that they share. Where they share
# none, a run goes on to its end.
_told = mmap.mmap(-1, 1)


def stop_runs(*, told: bool = True) -> None:
    """Have all runs of this worker put down, staged and waiting, at their next sign of life; with False, go on."""
    _told[0] = told


def is_stopping() -> bool:
    """Tell whether this worker was told to stop."""
    return bool(_told[0])

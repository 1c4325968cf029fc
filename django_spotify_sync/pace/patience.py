"""A pace for work that nobody waits for: it waits for its turn, however long that takes."""

from __future__ import annotations

import time

from django_spotify_sync.conf import conf
from django_spotify_sync.exceptions import RateLimited
from django_spotify_sync.spotify.pace import Leave, Pace

_ASK_AGAIN = 0.2  # seconds


class Patient:
    """A pace that gives leave sooner or later. It waits out pauses, too, that are no longer than MAX_WAIT."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace

    def grant(self, wanted: int) -> Leave:
        """Return leave for some starts, as soon as there is any.

        :raises RateLimited: if Spotify wants no requests for longer than MAX_WAIT.
        """
        while True:
            try:
                leave = self._pace.grant(wanted)
            except RateLimited as error:
                if error.retry_after > conf.MAX_WAIT.total_seconds():
                    raise
                pause = error.retry_after
            else:
                if leave.requests:
                    return leave
                pause = _ASK_AGAIN
            time.sleep(pause)

    def refused(self, error: RateLimited) -> float:
        return self._pace.refused(error)

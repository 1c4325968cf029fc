"""FakeSpotify in a process of its own, so that it takes no time from the interpreter that serves and syncs.

What the process imports knows nothing of Django, so that it is quick to start.
"""

from __future__ import annotations

import multiprocessing
import signal
from contextlib import suppress
from datetime import datetime
from multiprocessing.connection import Connection
from typing import Any

from django_spotify_sync.testing import FakeSpotify
from django_spotify_sync.testing.music.users import User

from demo.life import LEAST, carry_on, live

type Row = tuple[Any, ...]
#: All that a user has, in order: rows by what they are.
type Library = dict[str, list[Row]]

LATENCY = 0.04  # seconds before each answer
LONGEST = "Everything, ever"
LATE = 30  # of the tracks are saved later than FakeSpotify would


class Spotify:
    """A FakeSpotify elsewhere, which ends with this process, however that ends."""

    user_id: str
    url: str
    port: int
    settings: dict[str, str]

    def __init__(self, *, playlists: int, items: int, **sizes: int) -> None:
        """Begin to invent a library of these sizes, by FakeSpotify's words for them; nothing listens yet.

        The longest of its playlists has so many items.
        """
        context = multiprocessing.get_context("spawn")
        self._pipe, there = context.Pipe()
        sizes["playlists"] = playlists - 1
        self._process = context.Process(target=_serve, args=(there, items, sizes), name="spotify")
        self._process.start()
        there.close()

    def start(self, redirect_uri: str) -> None:
        """Wait for the library, and serve it to a site that has this redirect URI."""
        self._pipe.send(redirect_uri)
        self.user_id, self.url, self.port, self.settings = self._pipe.recv()

    def ask_for_library(self) -> None:
        """Have the other process make the rows of :meth:`library` ready, beside what is done here meanwhile."""
        self._pipe.send("library")

    def live(self) -> None:
        """Let a week go by there, and wait until it has."""
        self._pipe.send("live")
        self._pipe.recv()

    def library(self) -> Library:
        """Return what was asked for."""
        library: Library = self._pipe.recv()
        return library

    def stop(self) -> None:
        """End the other process, and wait until it has."""
        self._pipe.close()
        self._process.join()


def _serve(pipe: Connection, items: int, sizes: dict[str, int]) -> None:
    """Be Spotify until the pipe is closed, which it also is when the process at its other end is killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that shows the demo
    late = LATE if sizes["tracks"] >= 2 * LEAST else 0
    sizes["tracks"] -= late
    fake = FakeSpotify(**sizes, latency=LATENCY)
    carry_on(fake.user, late)
    fake.user.add_playlist(LONGEST, tracks=items)
    with suppress(EOFError):
        fake.redirect_uris = {pipe.recv()}
        with fake:
            pipe.send((fake.user.id, fake.url, fake.port, fake.settings))
            while asked := pipe.recv():
                pipe.send(live(fake.user) if asked == "live" else library_of(fake.user))


def library_of(user: User) -> Library:
    """Return the rows that a right copy of a user's library has; by id where Spotify's order does not last."""
    return {
        # What is withdrawn has no id any more, and here keeps the names that it had.
        "saved track": [
            (
                entry.id,
                _moment(entry.added_at),
                track.name,
                [artist.name for artist in track.artists],
            )
            for entry in user.saved
            if (track := entry.track or entry.lost)
        ],
        "playlist": [
            (one.id, one.name, one.owner.id, len(one.items), _may_read(user, one))
            for one in user.playlists
        ],
        "playlist item": [
            (one.id, item.uri or "", _moment(item.added_at), item.added_by or "")
            for one in user.playlists
            if _may_read(user, one)
            for item in one.items
        ],
        "followed artist": [
            (entry.artist.id, entry.artist.name) for entry in user.following.entries
        ],
        "saved album": sorted(
            (
                entry.id,
                _moment(entry.added_at),
                entry.thing.name,
                [track.id for track in user.albums.tracks(entry.id)],
            )
            for entry in user.albums.entries
        ),
        "saved show": sorted(
            (entry.id, _moment(entry.added_at), entry.thing.name) for entry in user.shows.entries
        ),
        "saved episode": sorted(
            (entry.id, _moment(entry.added_at), entry.thing.name) for entry in user.episodes.entries
        ),
        "saved audiobook": sorted(
            (entry.id, entry.thing.name, list(entry.thing.authors))
            for entry in user.audiobooks.entries
        ),
    }


def _may_read(user: User, playlist: Any) -> bool:
    """Tell whose items an app in development gets to read: those of its users' own lists, and of shared ones."""
    return playlist.owner is user or user in playlist.collaborators


def _moment(text: str | None) -> datetime | None:
    """Return a date; the first moment of 1970 is Spotify's word for one that it does not know."""
    return datetime.fromisoformat(text) if text not in {None, "1970-01-01T00:00:00Z"} else None

"""What a playlist can hold besides tracks, and who can own one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import quote_plus

from django_spotify_sync.testing.music.catalog import Track
from django_spotify_sync.testing.music.words import LAST_NAMES, NOUNS, base62, chance, title

type Content = Track | Episode | LocalFile | None


class Person(Protocol):
    """Who may own a list: a user of the fake or a stranger."""

    id: str
    display_name: str | None


@dataclass(slots=True, eq=False)
class Stranger:
    """Somebody with an account who never signs in here."""

    id: str
    display_name: str | None


@dataclass(slots=True, frozen=True, eq=False)
class Episode:
    """One podcast episode; ``duration_ms`` in milliseconds."""

    id: str
    name: str
    show_id: str
    show_name: str
    publisher: str
    duration_ms: int
    release_date: str
    cover: str

    @property
    def uri(self) -> str:
        """The Spotify URI."""
        return f"spotify:episode:{self.id}"


@dataclass(slots=True, frozen=True, eq=False)
class LocalFile:
    """A file of the owner's own, known to Spotify by name only; any part may be empty."""

    artist: str
    album: str
    title: str
    seconds: int

    @property
    def uri(self) -> str:
        """The address made of its parts, plus and percent encoded."""
        parts = ":".join(map(quote_plus, (self.artist, self.album, self.title)))
        return f"spotify:local:{parts}:{self.seconds}"


@dataclass(slots=True, frozen=True, eq=False)
class PlaylistItem:
    """One entry: what it holds (None where Spotify answers null), when and by whom it was added.

    *added_by* is a user id, "" or None; *raw* is merged into the JSON as it is; *restriction*
    says why a track cannot be played.
    """

    content: Content
    added_at: str | None
    added_by: str | None
    raw: Mapping[str, Any] | None = None
    lost: Content = None
    restriction: str | None = None

    @property
    def uri(self) -> str | None:
        """The URI of what it holds."""
        return None if self.content is None else self.content.uri


def invent_episode(key: str) -> Episode:
    """Make up one episode."""
    rng = chance(key)
    year, month, day = rng.randrange(2015, 2026), rng.randrange(1, 13), rng.randrange(1, 29)
    return Episode(
        id=base62(rng),
        name=f"{rng.randrange(1, 200)}: {title(rng)}",
        show_id=base62(rng),
        show_name=f"The {rng.choice(NOUNS)} Hour",
        publisher=f"{rng.choice(LAST_NAMES)} Audio",
        duration_ms=rng.randrange(600_000, 7_000_000),
        release_date=f"{year}-{month:02}-{day:02}",
        cover=f"{rng.getrandbits(96):024x}",
    )

"""What a playlist can hold besides tracks, and who can own one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import quote_plus

from django_spotify_sync.testing.music.catalog import Track
from django_spotify_sync.testing.music.podcasts import Episode

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

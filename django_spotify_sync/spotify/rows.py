"""What an answer becomes: flat, frozen rows that any of our databases can store as they are.

None means that the answer did not say; a stored value is never wiped by it. Times are aware and in UTC.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

#: What tells one saved entry from another: its id as answered, and when it was saved.
type Key = tuple[str | None, datetime | None]


@dataclass(frozen=True, slots=True)
class ProfileRow:
    """The user of a token, from Get Current User's Profile."""

    spotify_id: str
    spotify_account_id: str | None
    display_name: str
    image_url: str


@dataclass(frozen=True, slots=True)
class ArtistRow:
    spotify_id: str
    name: str | None
    image_url: str | None = None
    genres: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class AlbumRow:
    spotify_id: str
    name: str | None
    album_type: str | None
    release_date: str | None
    release_date_precision: str | None
    release_year: int | None
    total_tracks: int | None
    image_url: str | None
    thumbnail_url: str | None
    artist_ids: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class TrackRow:
    spotify_id: str
    name: str | None
    album_id: str | None
    artist_ids: tuple[str, ...] | None
    duration_ms: int | None
    explicit: bool | None
    isrc: str | None
    disc_number: int | None
    track_number: int | None


@dataclass(frozen=True, slots=True)
class SavedRow:
    """One entry of the saved tracks. Where it holds no track ``spotify_id`` is None and ``skipped`` says why."""

    spotify_id: str | None
    added_at: datetime | None
    is_playable: bool | None = None
    skipped: str = ""

    @property
    def key(self) -> Key:
        return self.spotify_id, self.added_at


@dataclass(frozen=True, slots=True)
class Catalog:
    """Artists, albums and tracks by Spotify id, each once however often it was answered."""

    artists: dict[str, ArtistRow] = field(default_factory=dict)
    albums: dict[str, AlbumRow] = field(default_factory=dict)
    tracks: dict[str, TrackRow] = field(default_factory=dict)

    def update(self, other: Catalog) -> None:
        """Take in what ``other`` holds; of two rows for one id the later stays."""
        self.artists.update(other.artists)
        self.albums.update(other.albums)
        self.tracks.update(other.tracks)


@dataclass(frozen=True, slots=True)
class Page[Entry]:
    """One page of a listing by offset: ``entries`` in Spotify's order, one for each raw entry, nulls included."""

    offset: int
    limit: int
    total: int
    entries: tuple[Entry, ...]
    catalog: Catalog

    @property
    def end(self) -> int:
        """The offset behind the last entry."""
        return self.offset + len(self.entries)

    @property
    def wanted(self) -> int:
        """How many entries the page has to hold by its own ``total``."""
        return max(0, min(self.limit, self.total - self.offset))


#: Params of a request, as ``requests`` takes them.
type Params = Mapping[str, str | int]

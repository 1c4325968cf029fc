"""What an answer about playlists or followed artists becomes: flat, frozen rows. None means that it did not say."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django_spotify_sync.spotify.rows import Catalog, Page


@dataclass(frozen=True, slots=True)
class PlaylistRow:
    """A playlist as listings and single answers describe it alike.

    ``has_tracks_address`` tells apps that may still ask ``/tracks``, of which the answer speaks, from newer ones.
    """

    spotify_id: str
    name: str | None
    description: str | None
    owner_id: str | None
    owner_name: str | None
    collaborative: bool | None
    public: bool | None
    image_url: str | None
    snapshot_id: str | None
    total: int | None
    has_tracks_address: bool

    @property
    def is_spotifys(self) -> bool:
        """Whether Spotify itself owns the list: each answer names another snapshot then (web-api#858)."""
        return self.owner_id == "spotify"


@dataclass(frozen=True, slots=True)
class ItemRow:
    """One place in a playlist. ``track_id`` is the Spotify id of a track of the catalogue, which holds its names.

    ``kind`` is one of track, episode, local and unavailable; ``uri`` is empty where nothing stands there any more.
    """

    kind: str
    uri: str
    track_id: str | None = None
    title: str | None = None
    subtitle: str | None = None
    duration_ms: int | None = None
    added_at: datetime | None = None
    added_by: str | None = None
    is_playable: bool | None = None


@dataclass(frozen=True, slots=True)
class PlaylistAnswer:
    """One playlist, with the first page of its items where the answer embeds it."""

    playlist: PlaylistRow
    items: Page[ItemRow] | None


@dataclass(frozen=True, slots=True)
class CursorPage:
    """One page of a listing by cursor: ids in Spotify's order, None for an entry without one; ``after`` leads on."""

    ids: tuple[str | None, ...]
    total: int
    after: str | None
    catalog: Catalog

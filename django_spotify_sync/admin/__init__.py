"""The admin: accounts and what may be asked of them; all other rows are for reading. Tokens are nowhere in it."""

from __future__ import annotations

from django_spotify_sync.admin import (
    accounts,
    catalog,
    changes,
    followed_artists,
    playlists,
    runs,
    saved_albums,
    saved_audiobooks,
    saved_episodes,
    saved_shows,
    saved_tracks,
    status,
)

__all__ = [
    "accounts",
    "catalog",
    "changes",
    "followed_artists",
    "playlists",
    "runs",
    "saved_albums",
    "saved_audiobooks",
    "saved_episodes",
    "saved_shows",
    "saved_tracks",
    "status",
]

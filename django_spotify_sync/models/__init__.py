"""The tables. Accounts and their tokens, the shared catalogue, each account's library, and the record of runs."""

from __future__ import annotations

from django_spotify_sync.models.accounts import SpotifyAccount, SpotifyToken
from django_spotify_sync.models.catalog import Album, AlbumArtist, Artist, Track, TrackArtist
from django_spotify_sync.models.followed_artists import FollowedArtist
from django_spotify_sync.models.playlists import AccountPlaylist, Playlist, PlaylistItem
from django_spotify_sync.models.runs import StagedPage, SyncRun, SyncState
from django_spotify_sync.models.saved_tracks import SavedTrack

__all__ = [
    "AccountPlaylist",
    "Album",
    "AlbumArtist",
    "Artist",
    "FollowedArtist",
    "Playlist",
    "PlaylistItem",
    "SavedTrack",
    "SpotifyAccount",
    "SpotifyToken",
    "StagedPage",
    "SyncRun",
    "SyncState",
    "Track",
    "TrackArtist",
]

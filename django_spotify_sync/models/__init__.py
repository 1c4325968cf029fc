"""The tables. Accounts and their tokens, the shared catalogue, each account's library, and the record of runs."""

from __future__ import annotations

from django_spotify_sync.models.accounts import SpotifyAccount, SpotifyToken
from django_spotify_sync.models.catalog import (
    Album,
    AlbumArtist,
    AlbumTrack,
    Artist,
    Audiobook,
    Episode,
    Show,
    Track,
    TrackArtist,
)
from django_spotify_sync.models.changes import LibraryChange
from django_spotify_sync.models.followed_artists import FollowedArtist
from django_spotify_sync.models.hours import Hour
from django_spotify_sync.models.losses import LargeLoss, LostRow
from django_spotify_sync.models.playlists import AccountPlaylist, Playlist, PlaylistItem
from django_spotify_sync.models.runs import StagedPage, SyncRun, SyncState
from django_spotify_sync.models.saved_albums import SavedAlbum
from django_spotify_sync.models.saved_audiobooks import SavedAudiobook
from django_spotify_sync.models.saved_episodes import SavedEpisode
from django_spotify_sync.models.saved_shows import SavedShow
from django_spotify_sync.models.saved_tracks import SavedTrack

__all__ = [
    "AccountPlaylist",
    "Album",
    "AlbumArtist",
    "AlbumTrack",
    "Artist",
    "Audiobook",
    "Episode",
    "FollowedArtist",
    "Hour",
    "LargeLoss",
    "LibraryChange",
    "LostRow",
    "Playlist",
    "PlaylistItem",
    "SavedAlbum",
    "SavedAudiobook",
    "SavedEpisode",
    "SavedShow",
    "SavedTrack",
    "Show",
    "SpotifyAccount",
    "SpotifyToken",
    "StagedPage",
    "SyncRun",
    "SyncState",
    "Track",
    "TrackArtist",
]

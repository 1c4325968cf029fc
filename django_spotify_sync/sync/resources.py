"""What there is to sync: one entry a resource.

One more is an entry here, with a file beside its siblings in ``models``, ``spotify/answers``, ``rest`` and ``admin``,
and a line each in ``models.runs.Resource``, ``models.library.LIBRARY`` and ``spotify.scopes``.
"""

from __future__ import annotations

from django_spotify_sync.models import (
    FollowedArtist,
    SavedAlbum,
    SavedAudiobook,
    SavedEpisode,
    SavedShow,
)
from django_spotify_sync.models.runs import Resource
from django_spotify_sync.spotify.answers.albums import parse_albums_page
from django_spotify_sync.spotify.answers.audiobooks import parse_audiobooks_page
from django_spotify_sync.spotify.answers.episodes import parse_episodes_page
from django_spotify_sync.spotify.answers.following import parse_following_page
from django_spotify_sync.spotify.answers.shows import parse_shows_page
from django_spotify_sync.sync.collections.album_tracks import read_further_tracks
from django_spotify_sync.sync.collections.dated import DatedShelf
from django_spotify_sync.sync.collections.listing import Source, by_cursor, by_offset
from django_spotify_sync.sync.collections.ordered import OrderedShelf
from django_spotify_sync.sync.collections.reading import Collection
from django_spotify_sync.sync.handover import Kind
from django_spotify_sync.sync.playlists.reading import Playlists
from django_spotify_sync.sync.tracks.reading import Tracks

LOOKS = 4  # at a list that is ordered anew by listening, until all of it was seen

RESOURCES: dict[str, Kind] = {
    Resource.TRACKS: Tracks(),
    Resource.PLAYLISTS: Playlists(),
    # comes by cursor and says no date
    Resource.FOLLOWING: Collection(
        Source("/me/following", parse_following_page, {"type": "artist"}),
        by_cursor,
        OrderedShelf(FollowedArtist, holds="artist"),
    ),
    # 17 kB each, since they hold their tracks
    Resource.ALBUMS: Collection(
        Source("/me/albums", parse_albums_page, limit=20),
        by_offset,
        DatedShelf(SavedAlbum, holds="album"),
        looks=LOOKS,
        complete=read_further_tracks,
    ),
    # audiobooks are listed among them
    Resource.SHOWS: Collection(
        Source("/me/shows", parse_shows_page),
        by_offset,
        DatedShelf(SavedShow, holds="show", cedes_to=Resource.AUDIOBOOKS),
        looks=LOOKS,
    ),
    Resource.EPISODES: Collection(
        Source("/me/episodes", parse_episodes_page),
        by_offset,
        DatedShelf(SavedEpisode, holds="episode"),
        looks=LOOKS,
    ),
    Resource.AUDIOBOOKS: Collection(
        Source("/me/audiobooks", parse_audiobooks_page, may_be_absent=True),
        by_offset,
        DatedShelf(SavedAudiobook, holds="audiobook", dated_by=Resource.SHOWS),
        looks=LOOKS,
    ),
}

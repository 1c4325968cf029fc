"""What there is to sync: one entry a resource.

One more is an entry here, with a file beside its siblings in ``models``, ``spotify/answers``, ``rest`` and ``admin``,
and a line each in ``models.runs.Resource``, ``models.library.LIBRARY`` and ``spotify.scopes``.
"""

from __future__ import annotations

from django_spotify_sync.models import FollowedArtist
from django_spotify_sync.models.runs import Resource
from django_spotify_sync.spotify.answers.following import parse_following_page
from django_spotify_sync.sync.collections.reading import Collection
from django_spotify_sync.sync.collections.writing import Shelf
from django_spotify_sync.sync.handover import Kind
from django_spotify_sync.sync.playlists.reading import Playlists
from django_spotify_sync.sync.tracks.reading import Tracks

RESOURCES: dict[str, Kind] = {
    Resource.TRACKS: Tracks(),
    Resource.PLAYLISTS: Playlists(),
    # comes by cursor and says no date: nothing less than all of it shows a change
    Resource.FOLLOWING: Collection(
        path="/me/following",
        params={"type": "artist"},
        parse=parse_following_page,
        shelf=Shelf(FollowedArtist, holds="artist"),
    ),
}

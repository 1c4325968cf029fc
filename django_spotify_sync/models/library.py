"""Which table holds which resource of a library.

Nothing cascades from an account to these rows: Django would load them, by the tens of thousands, to delete them or to
ask in the admin. ``accounts.receivers`` deletes them by SQL before their account goes.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from django.db import models

from django_spotify_sync.models.followed_artists import FollowedArtist
from django_spotify_sync.models.playlists import AccountPlaylist
from django_spotify_sync.models.runs import Resource
from django_spotify_sync.models.saved_albums import SavedAlbum
from django_spotify_sync.models.saved_audiobooks import SavedAudiobook
from django_spotify_sync.models.saved_episodes import SavedEpisode
from django_spotify_sync.models.saved_shows import SavedShow
from django_spotify_sync.models.saved_tracks import SavedTrack


class Table(NamedTuple):
    """The rows of a resource, each with its ``account``, the word they are counted by where some were removed, and
    which of them lists show and count.
    """

    model: type[models.Model]
    counted_as: str
    shown: models.Q = models.Q()

    def of(self, account_id: int, using: str | None = None) -> models.QuerySet[Any]:
        """Return the rows of one account."""
        return self.model._default_manager.using(using).filter(account_id=account_id)

    def shown_of(self, account_id: int) -> models.QuerySet[Any]:
        """Return those of one account's rows that lists show."""
        return self.of(account_id).filter(self.shown)


#: What a user's library consists of.
LIBRARY: dict[str, Table] = {
    Resource.TRACKS: Table(SavedTrack, "saved_tracks", shown=models.Q(track__isnull=False)),
    Resource.PLAYLISTS: Table(AccountPlaylist, "playlists"),
    Resource.FOLLOWING: Table(FollowedArtist, "followed_artists"),
    Resource.ALBUMS: Table(SavedAlbum, "saved_albums", shown=models.Q(album__isnull=False)),
    Resource.SHOWS: Table(SavedShow, "saved_shows", shown=models.Q(show__isnull=False)),
    Resource.EPISODES: Table(SavedEpisode, "saved_episodes", shown=models.Q(episode__isnull=False)),
    Resource.AUDIOBOOKS: Table(
        SavedAudiobook, "saved_audiobooks", shown=models.Q(audiobook__isnull=False)
    ),
}


def no_counts() -> dict[str, int]:
    """Return the counts of a removal that removed nothing."""
    return {table.counted_as: 0 for table in LIBRARY.values()}

"""The people who use the fake: a profile and a library each."""

from __future__ import annotations

from typing import Any

from django_spotify_sync.testing.music.catalog import Artist, Catalogue
from django_spotify_sync.testing.music.following import FollowedArtists, ListedPlaylists
from django_spotify_sync.testing.music.library import (
    SavedAlbums,
    SavedAudiobooks,
    SavedEpisodes,
    SavedShows,
)
from django_spotify_sync.testing.music.playlists import Playlist
from django_spotify_sync.testing.music.saved import SavedTracks
from django_spotify_sync.testing.music.which import Which
from django_spotify_sync.testing.music.world import World

# An argument left out, where None has a meaning of its own.
INVENTED: Any = object()


class User(SavedTracks):
    """One Spotify user. ``id`` may change (:meth:`change_id`), ``account_id`` never does.

    Edits of saved tracks are methods of the user (:class:`SavedTracks`), those of single lists
    are methods of ``user.playlists[i]``; ``user.listed`` is the list of lists and
    ``user.following`` the followed artists; ``user.albums``, ``user.shows``, ``user.episodes`` and
    ``user.audiobooks`` are what else was saved (:class:`SavedThings`).
    """

    def __init__(
        self,
        world: World,
        catalogue: Catalogue,
        *,
        key: str,
        display_name: str | None = INVENTED,
        account_id: str | None = INVENTED,
    ) -> None:
        """Begin with an empty library; *account_id* None leaves the field out of /me."""
        super().__init__(world, catalogue, key)
        self.key = key
        self.id = key
        self.account_id = f"acct-{key}-0001" if account_id is INVENTED else account_id
        self.display_name = key.title() if display_name is INVENTED else display_name
        self.country = "NL"
        self.product = "premium"
        self.email = f"{key}@example.org"
        self.followers = len(key)
        self.picture: str | None = f"us{key}"
        self.following = FollowedArtists(world, catalogue, key)
        self.listed = ListedPlaylists(world, catalogue, key, owner=self)
        self.albums = SavedAlbums(world, catalogue, key)
        self.shows = SavedShows(world, catalogue, key)
        self.episodes = SavedEpisodes(world, catalogue, key)
        self.audiobooks = SavedAudiobooks(world, catalogue, key)

    def __repr__(self) -> str:
        """Name the user."""
        return f"<User {self.id}>"

    @property
    def playlists(self) -> list[Playlist]:
        """The lists in this user's library, in remote order."""
        return [entry.playlist for entry in self.listed.entries]

    def add_playlist(self, name: str | None = None, tracks: int = 0, **more: Any) -> Playlist:
        """Make a list; see :meth:`ListedPlaylists.make`."""
        return self.listed.make(name, tracks, **more)

    def follow(self, n: int = 1, **more: Any) -> list[Artist]:
        """Follow *n* more artists; see :meth:`FollowedArtists.follow`."""
        return self.following.follow(n, **more)

    def unfollow(self, which: Which) -> list[Artist]:
        """Follow artists no more; see :meth:`FollowedArtists.unfollow`."""
        return self.following.unfollow(which)

    def change_id(self, new: str) -> None:
        """Give the user another Spotify id, which Spotify says may happen."""
        with self.world.edit():
            self.id = new

"""The artists and playlists a user has in their library, and edits of both lists.

Knows nothing of HTTP or JSON.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django_spotify_sync.testing.music.catalog import Artist, Catalogue
from django_spotify_sync.testing.music.contents import Person
from django_spotify_sync.testing.music.playlists import Playlist
from django_spotify_sync.testing.music.which import Which, indexes
from django_spotify_sync.testing.music.words import base62, chance, title
from django_spotify_sync.testing.music.world import Versioned, World


@dataclass(slots=True, frozen=True, eq=False)
class Followed:
    """One followed artist; *raw* is merged into the JSON as it is."""

    artist: Artist
    raw: Mapping[str, Any] | None = None


@dataclass(slots=True, frozen=True, eq=False)
class Listed:
    """One playlist in a user's list of lists; *null* where Spotify answers null."""

    playlist: Playlist
    null: bool = False
    raw: Mapping[str, Any] | None = None


class FollowedArtists:
    """The artists one user follows, in an order that follows neither name nor id."""

    def __init__(self, world: World, catalogue: Catalogue, key: str) -> None:
        """Begin with nobody followed."""
        self.world = world
        self.catalogue = catalogue
        self.history: Versioned[tuple[Followed, ...]] = Versioned(world, ())
        self._rng = chance(f"{catalogue.seed}:following:{key}")

    @property
    def entries(self) -> tuple[Followed, ...]:
        """The entries in remote order."""
        return self.history.value

    def ids(self) -> list[str]:
        """The ids in remote order."""
        return [entry.artist.id for entry in self.entries]

    def follow(self, n: int = 1, *, position: int = 0) -> list[Artist]:
        """Follow *n* more artists, from *position* on."""
        with self.world.edit():
            have = set(self.ids())
            pool = self.catalogue.first_artists(len(have) + 2 * n + 10)
            new = self._rng.sample([artist for artist in pool if artist.id not in have], k=n)
            entries = list(self.entries)
            entries[position:position] = [Followed(artist) for artist in new]
            self.history.set(tuple(entries))
            return new

    def follow_again(self, artist: Artist, *, position: int = 0) -> None:
        """Follow one known artist."""
        with self.world.edit():
            entries = list(self.entries)
            entries.insert(position, Followed(artist))
            self.history.set(tuple(entries))

    def unfollow(self, which: Which) -> list[Artist]:
        """Follow artists no more, by index, slice, id, or several; give who was followed."""
        with self.world.edit():
            gone = indexes(which, len(self.entries), self.ids)
            removed = [self.entries[index].artist for index in gone]
            kept = [entry for at, entry in enumerate(self.entries) if at not in set(gone)]
            self.history.set(tuple(kept))
            return removed

    def patch(self, which: Which, **raw: Any) -> None:
        """Set raw JSON fields of artists."""
        with self.world.edit():
            entries = list(self.entries)
            for index in indexes(which, len(self.entries), self.ids):
                entry = entries[index]
                entries[index] = replace(entry, raw={**(entry.raw or {}), **raw})
            self.history.set(tuple(entries))


class ListedPlaylists:
    """The playlists one user sees in their library, in an order of their own."""

    def __init__(self, world: World, catalogue: Catalogue, key: str, owner: Person) -> None:
        """Begin with no lists; new ones belong to *owner* unless said otherwise."""
        self.world = world
        self.catalogue = catalogue
        self.owner = owner
        self.history: Versioned[tuple[Listed, ...]] = Versioned(world, ())
        self._rng = chance(f"{catalogue.seed}:playlists:{key}")

    @property
    def entries(self) -> tuple[Listed, ...]:
        """The entries in remote order."""
        return self.history.value

    def ids(self) -> list[str]:
        """The ids in remote order."""
        return [entry.playlist.id for entry in self.entries]

    def make(
        self,
        name: str | None = None,
        tracks: int = 0,
        *,
        owner: Person | None = None,
        position: int = 0,
        at: datetime | None = None,
        spotify_owned: bool = False,
    ) -> Playlist:
        """Make a list with *tracks* tracks, put it in the library, and give it back."""
        with self.world.edit():
            playlist = Playlist(
                self.world,
                self.catalogue,
                id=base62(self._rng),
                owner=owner or self.owner,
                spotify_owned=spotify_owned,
            )
            playlist.rename(title(self._rng) if name is None else name)
            if tracks:
                playlist.add(tracks, at=at)
            self.catalogue.playlists[playlist.id] = playlist
            self.follow(playlist, position=position)
            return playlist

    def follow(self, playlist: Playlist, *, position: int = 0) -> None:
        """Put a list, whoever made it, into the library."""
        with self.world.edit():
            entries = list(self.entries)
            entries.insert(position, Listed(playlist))
            self.history.set(tuple(entries))

    def unfollow(self, which: Which) -> list[Playlist]:
        """Take lists out of the library, which is what Spotify's "delete" does too."""
        with self.world.edit():
            gone = self._indexes(which)
            removed = [self.entries[index].playlist for index in gone]
            kept = [entry for at, entry in enumerate(self.entries) if at not in set(gone)]
            self.history.set(tuple(kept))
            return removed

    def move(self, start: int, to: int) -> None:
        """Move a list to another place."""
        with self.world.edit():
            entries = list(self.entries)
            entries.insert(to, entries.pop(start))
            self.history.set(tuple(entries))

    def null(self, which: Which, *, null: bool = True) -> None:
        """Let lists come as null entries, or no longer."""
        self._change(which, null=null)

    def patch(self, which: Which, **raw: Any) -> None:
        """Set raw JSON fields of lists, in the listing only."""
        self._change(which, raw=raw)

    def _indexes(self, which: Which) -> list[int]:
        return indexes(which, len(self.entries), self.ids)

    def _change(self, which: Which, **changes: Any) -> None:
        with self.world.edit():
            entries = list(self.entries)
            for index in self._indexes(which):
                entries[index] = replace(entries[index], **changes)
            self.history.set(tuple(entries))

"""The albums, shows, episodes and audiobooks a user has saved, and edits of them.

Knows nothing of HTTP or JSON.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Any, Literal, Protocol

from django_spotify_sync.testing.music.catalog import Album, Catalogue, Track
from django_spotify_sync.testing.music.podcasts import Audiobook, Episode, Show
from django_spotify_sync.testing.music.saved import LONGEST_SPAN, NEWEST
from django_spotify_sync.testing.music.which import Which, indexes
from django_spotify_sync.testing.music.words import chance
from django_spotify_sync.testing.music.world import Versioned, World, epoch, iso


class Thing(Protocol):
    """What can be saved."""

    @property
    def id(self) -> str:
        """The Spotify id."""

    @property
    def uri(self) -> str:
        """The Spotify URI."""


@dataclass(slots=True, frozen=True, eq=False)
class Entry[T: Thing]:
    """One saved thing and when it was saved; *null* where Spotify answers null in its place.

    *listened* orders what was listened to since, the latest highest; *raw* is merged into the JSON
    as it is; *relinked* are the tracks answered in place of an album's own.
    """

    thing: T
    added_at: str
    null: bool = False
    listened: int = 0
    raw: Mapping[str, Any] | None = None
    relinked: tuple[Track, ...] | None = None

    @property
    def id(self) -> str:
        """The id of the thing, whether it is answered or not."""
        return self.thing.id


class SavedThings[T: Thing]:
    """Things of one kind that one user has saved: by last listening, then newest first."""

    def __init__(self, world: World, catalogue: Catalogue, key: str) -> None:
        """Begin with nothing saved; *key* parts this user's chance from the others'."""
        self.world = world
        self.catalogue = catalogue
        self.history: Versioned[tuple[Entry[T], ...]] = Versioned(world, ())
        self.key = key

    @cached_property
    def _rng(self) -> random.Random:
        # Only when it is needed: most users of the fake have none of these things.
        return chance(f"{self.catalogue.seed}:{type(self).__name__}:{self.key}")

    @property
    def entries(self) -> tuple[Entry[T], ...]:
        """The entries in remote order, those that come as null included."""
        return self.history.value

    def ids(self) -> list[str]:
        """The ids in remote order, those that come as null included."""
        return [entry.id for entry in self.entries]

    def seed(self, count: int) -> None:
        """Save *count* things at once, spread over years."""
        gap = min(30 * 86_400, LONGEST_SPAN // max(1, count))
        moment = NEWEST
        with self.world.edit():
            entries = []
            for thing in self._unsaved(count):
                moment -= 1 + int(self._rng.expovariate(1 / gap))
                entries.append(Entry(thing, iso(moment)))
            self._set(entries)

    def save(
        self, n: int = 1, at: datetime | None = None, *, things: Iterable[T] | None = None
    ) -> list[T]:
        """Save *n* that were not saved, or *things*, and give them in remote order.

        Without *at* they are the newest, a second apart; with it they share that second.
        """
        with self.world.edit():
            new = self._unsaved(n) if things is None else list(things)
            if at is not None:
                stamps = [iso(at)] * len(new)
            else:
                newest = max((epoch(entry.added_at) for entry in self.entries), default=0)
                first = max(self.world.now() - len(new) + 1, newest + 1)
                stamps = [iso(first + step) for step in reversed(range(len(new)))]
            saved = [Entry(thing, stamp) for thing, stamp in zip(new, stamps, strict=True)]
            self._set([*saved, *self.entries])
            return new

    def remove(self, which: Which) -> list[T]:
        """Remove entries by index, slice, id, or several; give what was removed."""
        with self.world.edit():
            gone = self._indexes(which)
            removed = [self.entries[index].thing for index in gone]
            self._set([entry for at, entry in enumerate(self.entries) if at not in set(gone)])
            return removed

    def null(self, which: Which, null: bool = True) -> None:
        """Let entries come as null, or no longer; they still count."""
        self._change(which, null=null)

    def patch(self, which: Which, **raw: Any) -> None:
        """Set raw JSON fields of entries: ``patch(0, added_at=None, show={"name": ""})``."""
        with self.world.edit():
            for index in self._indexes(which):
                self._change(index, raw={**(self.entries[index].raw or {}), **raw})

    def _pool(self, count: int) -> list[T]:
        """Give the first *count* there are of the kind."""
        raise NotImplementedError

    def _unsaved(self, count: int) -> list[T]:
        have = set(self.ids())
        pool = self._pool(len(have) + 2 * count + 10)
        return self._rng.sample([thing for thing in pool if thing.id not in have], k=count)

    def _indexes(self, which: Which) -> list[int]:
        return indexes(which, len(self.entries), self.ids)

    def _change(self, which: Which, **changes: Any) -> None:
        with self.world.edit():
            entries = list(self.entries)
            for index in self._indexes(which):
                entries[index] = replace(entries[index], **changes)
            self._set(entries)

    def _set(self, entries: list[Entry[T]]) -> None:
        # Stable: of two that were saved in the same second the later one stands first.
        entries.sort(key=lambda entry: (entry.listened, entry.added_at), reverse=True)
        self.history.set(tuple(entries))


class SavedAlbums(SavedThings[Album]):
    """The saved albums of one user; those listened to stand at the head."""

    def seed(self, count: int) -> None:
        """Save *count* albums, with the dates and the order that recorded ones have.

        A third were saved before they came out, and have the evening of that as their date; the
        oldest of ten or more is older than Spotify; and three of ten or more were listened to.
        """
        super().seed(count)
        with self.world.edit():
            entries = list(self.entries)
            for index in range(1, count, 3):
                evening = f"{entries[index].added_at[:10]}T22:00:00Z"
                entries[index] = replace(entries[index], added_at=evening)
            if count >= 10:
                entries[-1] = replace(entries[-1], added_at="1998-03-14T09:26:53Z")
            self._set(entries)
            if count >= 10:
                self.listen([7, 2, 5])

    def save(
        self,
        n: int = 1,
        at: datetime | None = None,
        *,
        things: Iterable[Album] | None = None,
        tracks: int | None = None,
    ) -> list[Album]:
        """Save *n* albums, those of *tracks* tracks each made for it; else as :meth:`SavedThings.save`."""
        if things is None and tracks is not None:
            things = [self.catalogue.new_album(tracks) for _ in range(n)]
        return super().save(n, at, things=things)

    def listen(self, which: Which) -> None:
        """Listen to albums one after another, which moves each to the head."""
        with self.world.edit():
            listened = max((entry.listened for entry in self.entries), default=0)
            ids = self.ids()
            for step, index in enumerate(self._indexes(which), 1):
                self._change(ids[index], listened=listened + step)

    def relink(self, which: Which) -> None:
        """Answer each track of albums under another id, as that of an edition that can be played."""
        with self.world.edit():
            for index in self._indexes(which):
                own = self.catalogue.tracks_of(self.entries[index].thing)
                relinked = tuple(self.catalogue.relinked(track) for track in own)
                self._change(index, relinked=relinked)

    def tracks(self, which: int | str) -> list[Track]:
        """Give the tracks of one album in their order, with the ids that this user is answered."""
        [index] = self._indexes(which)
        entry = self.entries[index]
        return list(entry.relinked or self.catalogue.tracks_of(entry.thing))

    def _pool(self, count: int) -> list[Album]:
        return self.catalogue.first_albums(count)


class SavedShows(SavedThings[Show]):
    """The saved shows of one user, without the audiobooks that Spotify answers among them."""

    def _pool(self, count: int) -> list[Show]:
        return self.catalogue.podcasts.first_shows(count)


class SavedEpisodes(SavedThings[Episode]):
    """The saved episodes of one user; one that is null comes as an object of nulls with its date."""

    def _pool(self, count: int) -> list[Episode]:
        return self.catalogue.podcasts.first_episodes(count)


class SavedAudiobooks(SavedThings[Audiobook]):
    """The saved audiobooks of one user, which are answered among the shows, too.

    *absent* is what a market without audiobooks is answered in place of them: 404, 403, or 200 for
    an empty page.
    """

    absent: Literal[404, 403, 200] | None = None

    def _pool(self, count: int) -> list[Audiobook]:
        return self.catalogue.podcasts.first_audiobooks(count)

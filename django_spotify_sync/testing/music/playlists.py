"""Playlists: what they hold, and what their owners do to them.

An edit gives the list another snapshot, as Spotify does for contents, name, description, cover
and visibility alike. What Spotify does by itself (a track that vanishes or is relinked) gives
none. Knows nothing of HTTP or JSON.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal

from django_spotify_sync.testing.music.catalog import Catalogue, Track
from django_spotify_sync.testing.music.contents import Content, Person, PlaylistItem
from django_spotify_sync.testing.music.which import Which, indexes
from django_spotify_sync.testing.music.words import chance
from django_spotify_sync.testing.music.world import Versioned, World, iso

type Cover = Literal["mosaic", "custom"] | None


@dataclass(slots=True, frozen=True, eq=False)
class ListState:
    """A playlist as it stands at one moment; *description* is the text a person typed."""

    name: str
    description: str | None
    public: bool | None
    collaborative: bool
    cover: Cover
    revision: int = 1
    items: tuple[PlaylistItem, ...] = ()


@dataclass(eq=False)
class Playlist:
    """One playlist, whoever has it in their library; the same object for all of them."""

    world: World
    catalogue: Catalogue
    id: str
    owner: Person
    spotify_owned: bool = False
    collaborators: list[Person] = field(default_factory=list)
    followers: int = 0
    history: Versioned[ListState] = field(init=False)

    def __post_init__(self) -> None:
        """Begin as a private list without a name."""
        state = ListState("", "", public=True, collaborative=False, cover=None)
        self.history = Versioned(self.world, state)
        self._rng = chance(f"{self.catalogue.seed}:{self.id}")

    def __repr__(self) -> str:
        """Name the list."""
        return f"<Playlist {self.name!r}>"

    @property
    def state(self) -> ListState:
        """Everything about it, as it is now."""
        return self.history.value

    @property
    def name(self) -> str:
        """Its name."""
        return self.state.name

    @property
    def items(self) -> tuple[PlaylistItem, ...]:
        """Its entries, in order."""
        return self.state.items

    @property
    def snapshot_id(self) -> str:
        """What Spotify calls the state of its contents and description."""
        return self.snapshot(self.state)

    def snapshot(self, state: ListState) -> str:
        """Make the 32 characters that name a state: its revision and a hash."""
        digest = hashlib.sha1(f"{self.id}:{state.revision}".encode(), usedforsecurity=False)
        return base64.b64encode(state.revision.to_bytes(4, "big") + digest.digest()).decode()

    def uris(self) -> list[str | None]:
        """The URIs in order; None for a null entry."""
        return [item.uri for item in self.items]

    # What its owner does

    def insert(
        self,
        position: int,
        what: int | Content | Iterable[Content] = 1,
        *,
        at: datetime | None = None,
        by: str | None = None,
    ) -> list[PlaylistItem]:
        """Put entries before *position*: that many tracks, or the given contents."""
        with self.world.edit():
            if isinstance(what, int):
                contents: list[Content] = list(self._fresh(what))
            elif isinstance(what, Iterable):
                contents = list(what)
            else:
                contents = [what]
            stamp = iso(at if at is not None else self.world.now())
            by = self.owner.id if by is None else by
            new = [PlaylistItem(content, stamp, by) for content in contents]
            items = list(self.items)
            items[position:position] = new
            self._revise(items=tuple(items), cover=self.state.cover or "mosaic")
            return new

    def add(self, what: int | Content | Iterable[Content] = 1, **more: Any) -> list[PlaylistItem]:
        """Put entries at the end."""
        return self.insert(len(self.items), what, **more)

    def remove(self, which: Which) -> list[PlaylistItem]:
        """Take entries away by index, slice, URI, or several; give what was taken."""
        with self.world.edit():
            gone = indexes(which, len(self.items), self.uris)
            removed = [self.items[index] for index in gone]
            dropped = set(gone)
            kept = tuple(item for at, item in enumerate(self.items) if at not in dropped)
            self._revise(items=kept)
            return removed

    def move(self, start: int, to: int, count: int = 1) -> None:
        """Move *count* entries from *start* so that the first of them ends up at *to*."""
        with self.world.edit():
            items = list(self.items)
            moved = items[start : start + count]
            del items[start : start + count]
            items[to:to] = moved
            self._revise(items=tuple(items))

    def rename(self, name: str) -> None:
        """Change the name."""
        self._revise(name=name)

    def describe(self, text: str | None) -> None:
        """Change the description; Spotify answers it with HTML entities."""
        self._revise(description=text)

    def publish(self, public: bool | None) -> None:
        """Change whether it is on the owner's profile; None is what Spotify answers at times."""
        self._revise(public=public)

    def share(self, *people: Person) -> None:
        """Let others edit it too."""
        with self.world.edit():
            self.collaborators.extend(people)
            self._revise(collaborative=True, public=False)

    def set_cover(self, cover: Cover) -> None:
        """Change the cover; None is answered as ``images: null``."""
        self._revise(cover=cover)

    def touch(self) -> None:
        """Give it another snapshot and change nothing."""
        self._revise()

    # What Spotify does

    def null(self, which: Which) -> None:
        """Let entries come as null; they still count."""
        self._change(which, lambda i: replace(i, content=None, lost=i.content or i.lost))

    def restore(self, which: Which) -> None:
        """Bring back what null entries held, and drop patches."""
        self._change(which, lambda i: replace(i, content=i.content or i.lost, lost=None, raw=None))

    def relink(self, which: Which, to: str | None = None) -> None:
        """Answer tracks with another id for the same recording."""

        def relinked(item: PlaylistItem) -> PlaylistItem:
            if not isinstance(item.content, Track):
                raise TypeError("Only a track can be relinked.")
            return replace(item, content=self.catalogue.relinked(item.content, to))

        self._change(which, relinked)

    def make_unavailable(self, which: Which, reason: str = "market") -> None:
        """Let tracks be unplayable where this list is read; not every cohort says so."""
        self._change(which, lambda i: replace(i, restriction=reason))

    def patch(self, which: Which, **raw: Any) -> None:
        """Set raw JSON fields of entries; ``content`` stands for ``item`` and ``track``."""
        self._change(which, lambda i: replace(i, raw={**(i.raw or {}), **raw}))

    def _fresh(self, count: int) -> list[Track]:
        have = set(self.uris())
        pool = self.catalogue.first_tracks(max(400, len(self.catalogue.tracks), len(have) + count))
        fresh = [track for track in pool if track.uri not in have]
        return self._rng.sample(fresh, k=count)

    def _change(self, which: Which, change: Callable[[PlaylistItem], PlaylistItem]) -> None:
        with self.world.edit():
            items = list(self.items)
            for index in indexes(which, len(self.items), self.uris):
                items[index] = change(items[index])
            self.history.set(replace(self.state, items=tuple(items)))

    def _revise(self, **changes: Any) -> None:
        with self.world.edit():
            self.history.set(replace(self.state, revision=self.state.revision + 1, **changes))

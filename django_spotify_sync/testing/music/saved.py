"""A user of the fake, and what may happen to their saved tracks.

Every edit replaces the whole tuple of entries, so a page being answered never sees half of one.
Knows nothing of HTTP or JSON.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django_spotify_sync.testing.music.catalog import Catalogue, Track
from django_spotify_sync.testing.music.which import Which, indexes
from django_spotify_sync.testing.music.words import chance
from django_spotify_sync.testing.music.world import Versioned, World, epoch, iso

# Where seeded libraries end: fixed, so that one seed always gives the same dates.
NEWEST = epoch("2026-10-01T20:15:00Z")
LONGEST_SPAN = 9 * 365 * 86_400


@dataclass(slots=True, frozen=True, eq=False)
class Saved:
    """One saved entry: a track (None where Spotify answers null) and when it was saved.

    *raw* is merged into the JSON as it is; *bare* makes the whole element null; *restriction*
    says why the track cannot be played.
    """

    track: Track | None
    added_at: str | None
    raw: Mapping[str, Any] | None = None
    bare: bool = False
    lost: Track | None = None
    restriction: str | None = None

    @property
    def id(self) -> str | None:
        """The id as answered."""
        return None if self.track is None or self.bare else self.track.id


class SavedTracks:
    """The saved tracks of one user, newest first, and the edits a person or Spotify makes."""

    def __init__(self, world: World, catalogue: Catalogue, key: str) -> None:
        """Begin empty; *key* parts this user's chance from the others'."""
        self.world = world
        self.catalogue = catalogue
        self._rng = chance(f"{catalogue.seed}:saved:{key}")
        self._fresh = 0
        self.history: Versioned[tuple[Saved, ...]] = Versioned(world, ())

    @property
    def saved(self) -> tuple[Saved, ...]:
        """The entries in remote order, newest first."""
        return self.history.value

    def track_ids(self) -> list[str | None]:
        """The ids in remote order; None for a null entry."""
        return [entry.id for entry in self.saved]

    def entries(self) -> list[tuple[str | None, str | None]]:
        """The (id, added_at) pairs in remote order: what a copy of this library is held against."""
        return [(entry.id, None if entry.bare else entry.added_at) for entry in self.saved]

    def seed(self, tracks: list[Track], *, ties: float) -> None:
        """Save *tracks* at once, spread over years, a share of *ties* in same-second runs."""
        rng = self._rng
        albums: dict[str, list[Track]] = {}
        for track in tracks:
            albums.setdefault(track.album.id, []).append(track)
        groups = list(albums.values())
        rng.shuffle(groups)
        order = [track for group in groups for track in group]
        gap = min(3 * 86_400, LONGEST_SPAN // max(1, len(order)))
        start_run = ties / (12 * (1 - ties) + ties) if ties else 0.0
        moment, run, entries = NEWEST, 0, []
        stamp = iso(moment)
        for track in order:
            if run:
                run -= 1
            else:
                moment -= 1 + int(rng.expovariate(1 / max(1, gap)))
                stamp = iso(moment)
                if rng.random() < start_run:
                    run = min(118, 1 + int(rng.expovariate(1 / 10)))
            entries.append(Saved(track, stamp))
        with self.world.edit():
            self.history.set(tuple(entries))

    # What a person does

    def like(
        self, n: int = 1, at: datetime | None = None, track: Track | None = None
    ) -> list[Saved]:
        """Save *n* tracks that were not saved, and give the new entries in remote order.

        Without *at* they are the newest, a second apart; with it they share that second and take
        their place by date, before older entries of the same second.
        """
        with self.world.edit():
            chosen = [track] if track is not None else self._unsaved(n)
            if at is not None:
                stamps = [iso(at)] * len(chosen)
            else:
                newest = max((epoch(e.added_at) for e in self.saved[:50] if e.added_at), default=0)
                first = max(self.world.now() - len(chosen) + 1, newest + 1)
                stamps = [iso(first + step) for step in reversed(range(len(chosen)))]
            new = [Saved(track, stamp) for track, stamp in zip(chosen, stamps, strict=True)]
            self._place(new)
            return new

    def add_old(self, at: datetime, n: int = 1) -> list[Saved]:
        """Save *n* tracks with a past date, as a client that sets ``added_at`` does."""
        return self.like(n, at=at)

    def unlike(self, which: Which) -> list[Saved]:
        """Remove entries by index, slice, id, or several indexes or ids; give what was removed."""
        with self.world.edit():
            gone = self._indexes(which)
            removed = [self.saved[index] for index in gone]
            dropped = set(gone)
            self._set(entry for index, entry in enumerate(self.saved) if index not in dropped)
            return removed

    def relike(self, which: Which) -> list[Saved]:
        """Remove entries and save the same tracks again, now."""
        with self.world.edit():
            again = [entry.track for entry in self.unlike(which) if entry.track is not None]
            return [self.like(track=track)[0] for track in reversed(again)][::-1]

    # What Spotify does

    def null(self, which: Which, *, bare: bool = False) -> None:
        """Let entries come as ``track: null`` (*bare*: as null altogether); they still count."""
        self._change(
            which, lambda e: replace(e, track=None, bare=bare, lost=e.track or e.lost, raw=None)
        )

    def restore(self, what: Which | Iterable[Saved]) -> None:
        """Bring back the track of null entries (by index), or entries that :meth:`unlike` gave."""
        if not isinstance(what, int | slice | str):
            items = list(what)
            gone = [item for item in items if isinstance(item, Saved)]
            if gone:
                with self.world.edit():
                    self._place(gone)
                return
            what = [item for item in items if not isinstance(item, Saved)]
        self._change(
            what, lambda e: replace(e, track=e.track or e.lost, lost=None, bare=False, raw=None)
        )

    def reset(self, entries: Iterable[Saved]) -> None:
        """Let the library be exactly *entries*, such as ``user.saved`` of a moment ago."""
        with self.world.edit():
            self._set(entries)

    def relink(self, which: Which, to: str | None = None) -> None:
        """Answer entries with another id for the same recording; ``added_at`` stays."""

        def relinked(entry: Saved) -> Saved:
            return replace(entry, track=self.catalogue.relinked(_track_of(entry), to))

        self._change(which, relinked)

    def shuffle_ties(self, seed: int = 0) -> None:
        """Change the order inside every same-second run."""
        rng = chance(f"{seed}:ties")
        runs: dict[str | None, list[Saved]] = {}
        for entry in self.saved:
            runs.setdefault(entry.added_at, []).append(entry)
        for run in runs.values():
            rng.shuffle(run)
        with self.world.edit():
            self._set(entry for run in runs.values() for entry in run)

    def rename_track(self, index: int, name: str) -> None:
        """Rename the track of an entry, for everybody."""
        self.catalogue.rename(_track_of(self.saved[index]), name)

    def make_unavailable(self, which: Which, reason: str = "market") -> None:
        """Let entries come with ``is_playable: false`` and a restriction."""
        self._change(which, lambda e: replace(e, restriction=reason))

    def patch(self, which: Which, **raw: Any) -> None:
        """Set raw JSON fields of entries: ``patch(0, added_at=None, track={"name": "\\x00"})``.

        Objects are merged into what would be answered, anything else replaces it; ``REMOVED``
        takes a key away.
        """
        self._change(which, lambda e: replace(e, raw={**(e.raw or {}), **raw}))

    def _unsaved(self, count: int) -> list[Track]:
        # What hides behind a null or under another id is saved all the same.
        have: set[str] = set()
        for entry in self.saved:
            track = entry.track or entry.lost
            while track is not None:
                have.add(track.id)
                track = track.linked_from
        found: list[Track] = []
        while len(found) < count:
            pool = self.catalogue.first_tracks(self._fresh + count + len(have) + 1)
            while self._fresh < len(pool) and len(found) < count:
                if pool[self._fresh].id not in have:
                    found.append(pool[self._fresh])
                self._fresh += 1
        return found

    def _place(self, new: list[Saved]) -> None:
        entries = list(self.saved)
        for entry in reversed(new):
            stamp = entry.added_at or ""
            place = next(
                (i for i, e in enumerate(entries) if (e.added_at or "") <= stamp), len(entries)
            )
            entries.insert(place, entry)
        self._set(entries)

    def _indexes(self, which: Which) -> list[int]:
        return indexes(which, len(self.saved), self.track_ids)

    def _change(self, which: Which, change: Callable[[Saved], Saved]) -> None:
        with self.world.edit():
            entries = list(self.saved)
            for index in self._indexes(which):
                entries[index] = change(entries[index])
            self._set(entries)

    def _set(self, entries: Iterable[Saved]) -> None:
        self.history.set(tuple(entries))


def _track_of(entry: Saved) -> Track:
    if entry.track is None:
        raise ValueError("A null entry has no track to change; restore() it first.")
    return entry.track

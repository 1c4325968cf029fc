"""What a run hands to the kind of its resource, and what it gets back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from django_spotify_sync.db.beside import Beside
from django_spotify_sync.db.upsert import Counts
from django_spotify_sync.models import LargeLoss, SpotifyAccount, SyncRun, SyncState
from django_spotify_sync.spotify.fetching import Fetcher
from django_spotify_sync.sync.catalog import Keys
from django_spotify_sync.sync.catalog_writer import CatalogWriter


@dataclass(slots=True)
class Loss:
    """What a run finds out of a large loss, to be written with the rest: see ``losses``.

    ``asked`` is what an earlier run has asked and the run looked for, ``listed`` the library's rows that it lists;
    ``doubted`` are the rows that are not believed to be gone, None if no loss is doubted; ``is_new`` says that this is
    another loss than what was asked about. ``is_judged`` says that the run saw the whole list, so that it can tell.
    """

    asked: LargeLoss | None = None
    listed: frozenset[int] = frozenset()
    doubted: Sequence[int] | None = None
    is_new: bool = True
    is_judged: bool = False


@dataclass(frozen=True, slots=True)
class Work:
    """One run under way. ``progress(done, total)`` may be called as often as one likes.

    ``state`` is what is known of the resource; ``learned``, what the run has found to be otherwise. ``catalog`` takes
    in the facts that all share, as they come; ``beside`` is for what can be written meanwhile.
    """

    run: SyncRun
    account: SpotifyAccount
    state: SyncState
    fetch: Fetcher
    using: str
    progress: Callable[[int, int | None], None]
    beside: Beside
    catalog: CatalogWriter
    learned: dict[str, object] = field(default_factory=dict)
    loss: Loss = field(default_factory=Loss)

    def learn(self, **facts: object) -> None:
        """Know fields of the state otherwise: for the rest of this run at once, for later ones when it is written."""
        for name, value in facts.items():
            setattr(self.state, name, value)
        self.learned.update(facts)


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that came or went, or is another now, as the journal is told of it; ``kind`` is a ``ChangeKind``.

    ``title`` and ``subtitle`` are None where the catalogue knows them. ``playlist`` is the Spotify id and the name of
    the list that an item is of. ``was_null`` says that Spotify answered null in its place.
    """

    kind: str
    spotify_id: str
    title: str | None = None
    subtitle: str | None = None
    playlist: tuple[str, str] = ("", "")
    was_null: bool = False


@dataclass(frozen=True, slots=True)
class Written:
    """What a write did to the library: rows by kind of change, and the Spotify ids that came and went.

    ``changes`` are what the journal is told, in the order of the list; ``imported`` is how many of them came into a
    library in which nothing was stored before.
    """

    counts: Counts
    added: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    imported: int = 0


@dataclass(frozen=True, slots=True)
class Fetched:
    """What was fetched, ready to be written.

    ``catalog`` writes the facts that all share, and does so first; None if the library does not need any of them.
    ``write`` is called with their keys in the transaction of the library, and again, as is all of this, if that fails.
    ``reason`` is why the run can only be partial, empty if it is whole.
    """

    mode: str
    catalog: CatalogWriter | None
    write: Callable[[Keys], Written]
    reason: str = ""
    skipped_reasons: dict[str, int] = field(default_factory=dict)


class Kind(Protocol):
    """What knows how a resource is read and written. ``check_costs`` are the requests of a check that finds nothing,
    until there are runs to learn it from.
    """

    @property
    def check_costs(self) -> float: ...

    def fetch(self, work: Work) -> Fetched: ...

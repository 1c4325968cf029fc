"""What a run hands to the kind of its resource, and what it gets back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from django_spotify_sync.db.upsert import Counts
from django_spotify_sync.models import SpotifyAccount, SyncRun, SyncState
from django_spotify_sync.spotify.fetching import Fetcher


@dataclass(frozen=True, slots=True)
class Work:
    """One run under way. ``progress(done, total)`` may be called as often as one likes."""

    run: SyncRun
    account: SpotifyAccount
    state: SyncState
    fetch: Fetcher
    using: str
    progress: Callable[[int, int | None], None]


@dataclass(frozen=True, slots=True)
class Written:
    """What a write did to the library: rows by kind of change, and the Spotify ids that came and went."""

    counts: Counts
    added: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Fetched:
    """What was fetched, ready to be written. ``write`` is called in the transaction, and again if that fails.

    ``reason`` is why the run can only be partial, empty if it is whole. ``state`` is what is known from now on.
    """

    mode: str
    write: Callable[[], Written]
    reason: str = ""
    skipped_reasons: dict[str, int] = field(default_factory=dict)
    state: dict[str, object] = field(default_factory=dict)


class Kind(Protocol):
    """What knows how a resource is read and written. ``check_costs`` are the requests of a check that finds nothing,
    until there are runs to learn it from.
    """

    @property
    def check_costs(self) -> float: ...

    def fetch(self, work: Work) -> Fetched: ...

"""What keeps a collection: the stored rows, as much of them as a comparison needs, and what a listing says of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any, Protocol

from django_spotify_sync.models import SpotifyAccount
from django_spotify_sync.sync.catalog import Keys
from django_spotify_sync.sync.collections.listing import Listing
from django_spotify_sync.sync.handover import Written


@dataclass(frozen=True, slots=True)
class Stored:
    """The stored rows of one account by Spotify id, in their order.

    ``expected`` are the ids that Spotify lists if nothing changed; ``is_to_cede`` says that some of the rows belong to
    another resource by now.
    """

    rows: Mapping[str, Any]
    expected: Set[str]
    is_to_cede: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of stored rows that a whole listing does not name.

    ``gone`` are to be removed. ``unavailable`` are those that a null stands for; ``nulls`` stand for nothing.
    """

    gone: Set[str] = frozenset()
    unavailable: Set[str] = frozenset()
    nulls: int = 0


class Shelf(Protocol):
    """Where a collection is kept. ``is_ordered``: in the order in which Spotify lists it."""

    @property
    def is_ordered(self) -> bool: ...

    def stored(self, account: SpotifyAccount, using: str) -> Stored:
        """Return the rows of one account."""

    def is_as(self, stored: Stored, listing: Listing) -> bool:
        """Tell whether the rows hold what was listed, as far as ids say."""

    def verdict(
        self, stored: Stored, missing: Sequence[str], listing: Listing, *, nulls: int | None
    ) -> Verdict:
        """Say which of the missing are gone; so many ``nulls`` always were there and stand for none of them.

        None, if no whole listing has ever counted them: then no null without a date stands for any.
        """

    def write(
        self,
        account: SpotifyAccount,
        listing: Listing,
        keys: Keys,
        verdict: Verdict,
        *,
        using: str,
    ) -> Written:
        """Make the rows the listed ones; remove none but what is gone. In the caller's transaction.

        :raises IntegrityError: if prune removed what one of them holds meanwhile: the caller repeats its transaction.
        """

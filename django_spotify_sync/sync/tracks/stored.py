"""The stored entries of an account's saved tracks, as much of them as a comparison needs."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from django_spotify_sync.db.row_sets import Row
from django_spotify_sync.models import SavedTrack, SpotifyAccount
from django_spotify_sync.spotify.answers.saved import Key

#: The columns of an entry, but for whose it is.
ENTRY = ("track_id", "spotify_id", "added_at", "rank", "is_playable")


class StoredEntry(NamedTuple):
    """A stored entry, as much of it as a comparison needs. One that is kept is no part of any."""

    pk: int
    track_id: int | None
    spotify_id: str | None
    added_at: datetime | None
    rank: int
    is_playable: bool | None

    @property
    def key(self) -> Key:
        return self.spotify_id, self.added_at

    @property
    def values(self) -> Row:
        """The values of ``ENTRY``."""
        return self[1:]


def stored_entries(
    account: SpotifyAccount, using: str, *, most: int | None = None
) -> list[StoredEntry]:
    """Return the stored entries in Spotify's order, the first ``most`` or all.

    Where a run may remove nothing, what is new may get the rank of one that seems gone. Ties are parted, or the next
    run would see the two in this order or in that.
    """
    rows = SavedTrack.objects.using(using).filter(account=account, is_kept=False)
    values = rows.order_by("-rank", "pk").values_list("pk", *ENTRY)
    return [StoredEntry._make(row) for row in values[:most]]


def kept_entries(account: SpotifyAccount, using: str) -> list[StoredEntry]:
    """Return the entries that Spotify does not list any more and that somebody decided to keep."""
    rows = SavedTrack.objects.using(using).filter(account=account, is_kept=True)
    return [StoredEntry._make(row) for row in rows.order_by("pk").values_list("pk", *ENTRY)]


def count_stored(account: SpotifyAccount, using: str) -> int:
    """Return how many entries are stored, those that hold no track included."""
    return SavedTrack.objects.using(using).filter(account=account, is_kept=False).count()

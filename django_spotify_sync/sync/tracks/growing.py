"""A list that is as it was, or that only grew at its head: told by the head and the highest stored entries alone.

That is what nearly every check finds, and it costs the same in a library of any size. Here is only what comes to the
very same as the general way, ``delta`` and ``writing``, which all else is left to.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from django_spotify_sync.conf import conf
from django_spotify_sync.db.indexes import matching_any
from django_spotify_sync.db.ranks import STEP
from django_spotify_sync.db.upsert import Counts, insert
from django_spotify_sync.models import SavedTrack, SpotifyAccount
from django_spotify_sync.models.changes import ChangeKind
from django_spotify_sync.spotify.answers.saved import SavedRow
from django_spotify_sync.sync.catalog import Keys
from django_spotify_sync.sync.handover import Change, Written
from django_spotify_sync.sync.tracks.sorting import refresh_sort_keys
from django_spotify_sync.sync.tracks.stored import ENTRY, StoredEntry, count_stored, stored_entries
from django_spotify_sync.sync.tracks.writing import write_saved


@dataclass(frozen=True, slots=True)
class Growth:
    """A list that grew at its head: what the head shows, how many of it are new, and the stored entries that the rest
    of it is. ``count`` is how many are stored in all.
    """

    head: Sequence[SavedRow]
    new: int
    stored: Sequence[StoredEntry]
    count: int


def growth(
    head: Sequence[SavedRow], *, total: int, top: Sequence[StoredEntry], count: int
) -> Growth | None:
    """Compare the head of a list of ``total`` entries with the highest of ``count`` stored ones, as many or all.

    Returned is the growth, of none in a list that is as it was; or None where the head tells something else, or does
    not tell. What lies below the head is rightly presumed then: the list is longer by just what is new.
    """
    new = total - count
    if not count or not 0 <= new < len(head):
        return None
    still = list(top[: len(head) - new])
    if [entry.key for entry in head[new:]] != [stored.key for stored in still]:
        return None
    return Growth(head, new, still, count)


def is_plain(growth: Growth, account: SpotifyAccount, using: str) -> bool:
    """Tell whether no id of the head is there twice, among the stored entries either, so that the new ones are new."""
    if any(entry.spotify_id is None for entry in growth.head[: growth.new]):
        return False
    ids = [entry.spotify_id for entry in growth.head if entry.spotify_id]
    known = {stored.pk for stored in growth.stored if stored.spotify_id}
    condition = matching_any(
        "spotify_sync_saved_hash", SavedTrack, {"account_id": account.pk}, spotify_id=ids
    )
    rows = SavedTrack.objects.using(using).filter(condition)
    return len(set(ids)) == len(ids) and set(rows.values_list("pk", flat=True)) == known


def write_growth(growth: Growth, account: SpotifyAccount, keys: Keys, *, using: str) -> Written:
    """Put the new entries above the stored ones; where that is not all there is to write, go the general way.

    In the caller's transaction, which has locked the state: no other run writes meanwhile.
    """
    new = growth.head[: growth.new]
    track_ids = [keys["track"].get(entry.spotify_id or "") for entry in new]
    if not _is_all(growth, account, keys, track_ids, using):
        before = stored_entries(account, using)
        entries = _with_the_rest(growth.head, before)
        return write_saved(
            account, before, entries, keys, removable=(), is_whole=True, is_full=False, using=using
        )
    highest = growth.stored[0].rank
    rows = [
        (
            *(account.pk, track_id, entry.spotify_id, entry.added_at),
            *(highest + STEP * (len(new) - index), entry.is_playable),
        )
        for index, (entry, track_id) in enumerate(zip(new, track_ids, strict=True))
    ]
    insert(SavedTrack, ("account_id", *ENTRY), rows, using=using, batch_size=conf.BATCH_SIZE)
    refresh_sort_keys(account, is_whole=False, using=using)
    added = [entry.spotify_id for entry in new if entry.spotify_id]
    return Written(
        Counts(created=len(new), unchanged=growth.count),
        added=added,
        changes=[Change(ChangeKind.ADDED, spotify_id) for spotify_id in added],
    )


def _is_all(
    growth: Growth,
    account: SpotifyAccount,
    keys: Keys,
    track_ids: Sequence[int | None],
    using: str,
) -> bool:
    """Tell whether the stored entries are those that were read and stay as they are, and hold none of the tracks."""
    for entry, stored in zip(growth.head[growth.new :], growth.stored, strict=True):
        if keys["track"].get(entry.spotify_id or "", stored.track_id) != stored.track_id:
            return False
        if entry.is_playable not in (None, stored.is_playable):
            return False
    wanted = [track_id for track_id in track_ids if track_id is not None]
    return (
        len(wanted) == len(track_ids)
        and count_stored(account, using) == growth.count
        and stored_entries(account, using, most=len(growth.stored)) == growth.stored
        and not SavedTrack.objects.using(using)
        .filter(account=account, track_id__in=wanted)
        .exists()
    )


def _with_the_rest(head: Sequence[SavedRow], stored: Sequence[StoredEntry]) -> list[SavedRow]:
    """Return the whole list: the head, and the stored entries that are not of it."""
    shown = Counter(entry.key for entry in head)
    entries = list(head)
    for one in stored:
        if shown[one.key]:
            shown[one.key] -= 1
        else:
            entries.append(SavedRow(one.spotify_id, one.added_at))
    return entries

"""How the stored entries of an account's saved tracks become what was read."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from django_spotify_sync.conf import conf
from django_spotify_sync.db.deleting import delete_rows
from django_spotify_sync.db.ranks import falling_ranks
from django_spotify_sync.db.row_sets import Row
from django_spotify_sync.db.upsert import Counts, insert, update
from django_spotify_sync.models import SavedTrack, SpotifyAccount
from django_spotify_sync.spotify.answers.saved import SavedRow
from django_spotify_sync.sync.catalog import Keys
from django_spotify_sync.sync.handover import Written
from django_spotify_sync.sync.tracks.alignment import align
from django_spotify_sync.sync.tracks.changes import Pair, changes_of
from django_spotify_sync.sync.tracks.sorting import refresh_sort_keys
from django_spotify_sync.sync.tracks.stored import ENTRY, StoredEntry, kept_entries


def write_saved(
    account: SpotifyAccount,
    before: Sequence[StoredEntry],
    entries: Sequence[SavedRow],
    keys: Keys,
    *,
    removable: Collection[int],
    is_whole: bool,
    is_full: bool,
    using: str,
) -> Written:
    """Make the stored entries the given ones; remove none but the removable. In the caller's transaction.

    ``before`` are all that are stored, in Spotify's order, as this run has found them: nobody else writes meanwhile.
    ``is_whole`` says that the entries are the whole list, ``is_full``, that all of it was read anew.
    """
    kept = kept_entries(account, using)
    if kept:  # some of it perhaps since this run has read what is stored
        is_kept = {stored.pk for stored in kept}
        before = [stored for stored in before if stored.pk not in is_kept]
    alignment = align(
        [stored.key for stored in before], [entry.key for entry in entries], relinks=is_whole
    )
    unmatched = [before[index] for index in alignment.gone]
    gone = [stored for stored in unmatched if stored.pk in removable]
    staying = [stored for stored in unmatched if stored.pk not in removable]
    matched = [None if index is None else before[index] for index in alignment.indexes]
    new_ranks = falling_ranks([None if stored is None else stored.rank for stored in matched])
    # they stood behind all that is listed, so that their ranks say nothing
    returned = _take_back(kept, entries, matched, keys["track"]) if kept else set()
    taken = {stored.track_id for stored in [*staying, *kept] if stored.pk not in returned}
    # What an entry lets go of that is removed, another one of the same id, which was not read, may take.
    freed = {
        stored.spotify_id: stored.track_id
        for stored in gone
        if stored.spotify_id and stored.track_id
    }
    held = _tracks_held(entries, matched, freed | keys["track"], taken)

    created: list[Row] = []
    changed: list[tuple[int, dict[str, Any]]] = []
    new: list[Pair] = []
    for entry, stored, rank, track_id in zip(entries, matched, new_ranks, held, strict=True):
        row = (track_id, entry.spotify_id, entry.added_at, rank, entry.is_playable)
        if stored is None:
            created.append((account.pk, *row))
        elif stored.pk in returned:
            changed.append((stored.pk, {**_difference(row, stored), "is_kept": False}))
        elif difference := _difference(row, stored):
            changed.append((stored.pk, difference))
        else:
            continue
        new.append((entry, stored))

    rows = SavedTrack.objects.using(using)
    batch_size = conf.BATCH_SIZE
    removed = delete_rows(
        rows.filter(account=account), [stored.pk for stored in gone], batch_size=batch_size
    )
    # Two entries may exchange their tracks: let go of all before taking any, the pair is unique row by row.
    letting_go = [
        (pk, {"track_id": None, "name_key": None})
        for pk, difference in changed
        if "track_id" in difference
    ]
    update(SavedTrack, letting_go, using=using, batch_size=batch_size)
    insert(SavedTrack, ("account_id", *ENTRY), created, using=using, batch_size=batch_size)
    update(SavedTrack, changed, using=using, batch_size=batch_size)
    refresh_sort_keys(account, is_whole=is_full, using=using)

    # By ids and not by rows: one that was relinked has another id, which is stored from now on instead of the first.
    ids_before = dict.fromkeys(stored.spotify_id for stored in before if stored.spotify_id)
    ids = [entry.spotify_id for entry in entries] + [stored.spotify_id for stored in staying]
    ids_after = dict.fromkeys(spotify_id for spotify_id in ids if spotify_id)
    changes = changes_of(
        before, new, gone, ids_after, keys["track"], returned=returned, using=using
    )
    return Written(
        counts=Counts(
            created=len(created),
            updated=len(changed),
            unchanged=len(before) + len(returned) - removed - len(changed),
            removed=removed,
        ),
        added=[spotify_id for spotify_id in ids_after if spotify_id not in ids_before],
        removed=[spotify_id for spotify_id in ids_before if spotify_id not in ids_after],
        changes=changes,
        imported=0 if before else len(changes),
    )


def _take_back(
    kept: Sequence[StoredEntry],
    entries: Sequence[SavedRow],
    matched: list[StoredEntry | None],
    track_ids: Mapping[str, int],
) -> set[int]:
    """Let each entry that is new be a kept one of its id or of its track, where there is one; return their keys."""
    by_id = {stored.spotify_id: stored for stored in reversed(kept) if stored.spotify_id}
    by_track: dict[int | None, StoredEntry] = {
        stored.track_id: stored for stored in reversed(kept) if stored.track_id
    }
    returned: set[int] = set()
    for position, entry in enumerate(entries):
        if matched[position] is not None or entry.spotify_id is None:
            continue
        stored = by_id.get(entry.spotify_id) or by_track.get(track_ids.get(entry.spotify_id))
        if stored is not None and stored.pk not in returned:
            returned.add(stored.pk)
            matched[position] = stored
    return returned


def _difference(row: Row, stored: StoredEntry) -> dict[str, Any]:
    """Return the columns that are to be another one's. What nobody says is playable stays as it is."""
    return {
        name: value
        for name, value, was in zip(ENTRY, row, stored.values, strict=True)
        if value != was and not (name == "is_playable" and value is None)
    }


def _tracks_held(
    entries: Sequence[SavedRow],
    matched: Sequence[StoredEntry | None],
    track_ids: dict[str, int],
    taken: set[int | None],
) -> list[int | None]:
    """Return the track each entry holds.

    One that became null, or was not read at all, keeps the track it had; of two with one track, the one that has it
    already keeps it, and the other holds none.
    """
    wanted = [
        track_ids.get(entry.spotify_id or "", stored.track_id if stored else None)
        for entry, stored in zip(entries, matched, strict=True)
    ]
    owner: dict[int, int] = {}
    for index, (track_id, stored) in enumerate(zip(wanted, matched, strict=True)):
        if track_id is None or track_id in taken:
            continue
        if track_id not in owner or (stored is not None and stored.track_id == track_id):
            owner[track_id] = index
    return [
        track_id if track_id is not None and owner.get(track_id) == index else None
        for index, track_id in enumerate(wanted)
    ]

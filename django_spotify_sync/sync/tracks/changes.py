"""What came into the saved tracks and what left them, as the journal is told.

By ids and not by entries: who sees a track twice in Spotify's list has it once, and it is gone when the last entry is.
A track that is answered under another id at the same place is the same one to its listener, and nothing is told of it.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from itertools import batched

from django_spotify_sync.conf import conf
from django_spotify_sync.models import Track
from django_spotify_sync.models.changes import ChangeKind
from django_spotify_sync.spotify.answers.saved import SavedRow
from django_spotify_sync.sync.handover import Change
from django_spotify_sync.sync.tracks.stored import StoredEntry

#: An entry, and the stored one that it is; None, if it is a new one.
type Pair = tuple[SavedRow, StoredEntry | None]


def changes_of(
    before: Sequence[StoredEntry],
    written: Sequence[Pair],
    gone: Sequence[StoredEntry],
    ids_after: Container[str],
    track_ids: Mapping[str, int],
    *,
    returned: Container[int] = (),
    using: str,
) -> list[Change]:
    """Return what is told of the entries that were ``written`` or are ``gone``, one change an id.

    ``ids_after`` are all that the library names from now on; ``returned``, by primary key, the entries that somebody
    had decided to keep, and that are listed again.
    """
    if not written and not gone:
        return []
    ids_before = {stored.spotify_id for stored in before if stored.spotify_id}
    nulls_before = {stored.track_id for stored in before if not stored.spotify_id}
    told: dict[str, Change] = {}
    for entry, stored in written:
        was, now = stored.spotify_id if stored else None, entry.spotify_id
        if stored is not None and stored.pk in returned and now is not None:
            told.setdefault(now, Change(ChangeKind.RETURNED, now))
        elif now is None:
            if was is not None and was not in ids_after:
                told[was] = Change(ChangeKind.UNAVAILABLE, was, was_null=True)
        elif was is None and now not in ids_before:
            is_held = track_ids.get(now) in nulls_before - {None}
            anew = ChangeKind.RETURNED if is_held else ChangeKind.ADDED
            told.setdefault(now, Change(anew if stored is None else ChangeKind.AVAILABLE, now))
        elif stored is None or was is None:
            continue
        # one that is not of the list before was kept beside it, until Spotify lists it again
        elif was not in ids_before or (was == now and _is_later(entry, stored)):
            told.setdefault(now, Change(ChangeKind.RETURNED, now))
    for spotify_id, was_null in _ids(gone, using):
        if spotify_id not in ids_after:
            told.setdefault(spotify_id, Change(ChangeKind.REMOVED, spotify_id, was_null=was_null))
    return list(told.values())


def _is_later(entry: SavedRow, stored: StoredEntry) -> bool:
    """Tell whether it was saved again since, which Spotify's date says."""
    both = entry.added_at and stored.added_at
    return bool(both) and entry.added_at > stored.added_at  # type: ignore[operator]


def _ids(gone: Sequence[StoredEntry], using: str) -> list[tuple[str, bool]]:
    """Return the id of each, and whether Spotify answered null in its place: then it is that of the track it held."""
    nulls = [stored.track_id for stored in gone if not stored.spotify_id and stored.track_id]
    tracks = Track.objects.using(using)
    held = [
        spotify_id
        for batch in batched(nulls, conf.BATCH_SIZE)
        for spotify_id in tracks.filter(pk__in=batch).values_list("spotify_id", flat=True)
    ]
    named = [(stored.spotify_id, False) for stored in gone if stored.spotify_id]
    return named + [(spotify_id, True) for spotify_id in held]

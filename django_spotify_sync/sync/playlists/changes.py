"""Which playlists came, left, or are called otherwise, as the journal is told.

A list is stored once for all who have it, and its journal is one user's: it says nothing that this user's own token was
not shown. What another's sync has seen first is no line, since nobody knows what this user was shown before.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from django_spotify_sync.models.changes import ChangeKind
from django_spotify_sync.spotify.answers.playlists import PlaylistRow
from django_spotify_sync.sync.handover import Change
from django_spotify_sync.sync.playlists.outcomes import Outcome
from django_spotify_sync.sync.playlists.stored import StoredPlaylists


def told_as(row: PlaylistRow, known: StoredPlaylists) -> tuple[str, str] | None:
    """Return the id and the name of the list, of whose items the journal is told; None if it is not.

    It is where this account was shown all that is stored, and could read it. Not of a list that is read for the first
    time as a whole: what is in it is no news.
    """
    link = known.links.get(row.spotify_id)
    if link is None or not (link.can_read_items and link.shows_contents):
        return None
    if link.playlist.items_synced_at is None:
        return None
    return row.spotify_id, row.name or link.name


def changes_of(
    outcomes: Sequence[Outcome],
    added: Collection[str],
    returned: Collection[str],
    removed: Sequence[str],
    known: StoredPlaylists,
    *,
    overtaken: Collection[str],
) -> list[Change]:
    """Return what is told of the lists themselves, with the names that this account was shown.

    ``returned`` are those that somebody had decided to keep, and that are listed again; ``overtaken``, those that
    another account has written meanwhile, which are told of when they change again.
    """
    told: list[Change] = []
    for row in (outcome.row for outcome in outcomes):
        spotify_id, name = row.spotify_id, row.name or ""
        link = known.links.get(spotify_id)
        if spotify_id in added or spotify_id in returned:
            kind = ChangeKind.ADDED if spotify_id in added else ChangeKind.RETURNED
            told.append(Change(kind, spotify_id, name, row.owner_name or ""))
        elif link is None or not link.shows_details or spotify_id in overtaken:
            continue
        elif row.name is not None and name != link.name:
            told.append(Change(ChangeKind.RENAMED, spotify_id, name, link.name))
    for spotify_id in removed:
        link = known.links.get(spotify_id)
        name, owner = (link.name, link.owner_name) if link else ("", "")
        told.append(Change(ChangeKind.REMOVED, spotify_id, name, owner))
    return told

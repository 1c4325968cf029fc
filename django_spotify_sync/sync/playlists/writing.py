"""What was learned of playlists → Playlist, PlaylistItem and AccountPlaylist, in the caller's transaction.

A playlist is stored once for all who have it. Whoever writes its items holds its lock, and all take these locks in one
order. What somebody else wrote since this run looked is left alone: which of two snapshots is the newer nobody can
tell, and the next listing will show whether it is right.

What is written here is shown to all who have the list, but to nobody before that user's own run has seen it: a change
takes the list's versions up, and ``outcomes`` says which of them this run may put down on its own links.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError

from django_spotify_sync.conf import conf
from django_spotify_sync.db.deleting import delete_rows
from django_spotify_sync.db.folded import refolded
from django_spotify_sync.db.locks import lock_in_order
from django_spotify_sync.db.positions import Move, move, out_of_order
from django_spotify_sync.db.upsert import Counts, update
from django_spotify_sync.models import AccountPlaylist, Playlist, SpotifyAccount
from django_spotify_sync.spotify.answers.playlists import PlaylistRow
from django_spotify_sync.sync.catalog import Keys
from django_spotify_sync.sync.handover import Change, Written
from django_spotify_sync.sync.playlists.changes import changes_of, told_as
from django_spotify_sync.sync.playlists.items.writing import write_items
from django_spotify_sync.sync.playlists.outcomes import Outcome, Versions
from django_spotify_sync.sync.playlists.stored import (
    StoredPlaylists,
    changes,
    is_same_picture,
    new_cover,
    stored_rows,
)

_DEFAULTS = {
    "name": "",
    "description": "",
    "owner_id": "",
    "owner_name": "",
    "collaborative": False,
    "image_url": "",
}

#: What the listing says beside the total: its versions go up by themselves, as names change rarely and lists often.
_DETAILS = {"name", "description", "owner_id", "owner_name", "collaborative"}
#: What a user sees of a link; the rest of its columns are our own notes.
_SHOWN_OF_LINK = {"can_read_items", "is_kept", "public"}


def write_playlists(
    account: SpotifyAccount,
    outcomes: Sequence[Outcome],
    gone: Collection[int],
    keys: Keys,
    known: StoredPlaylists,
    *,
    using: str,
    now: datetime,
) -> Written:
    """Write what differs; remove no link but those of ``gone``. ``known`` is what was stored when the run began."""
    lists = _write_lists(outcomes, known, using=using, now=now)
    playlists, versions = lists.stored, lists.versions
    counts = Counts()
    left_alone: set[str] = set()
    filled: set[str] = set()  # lists of which nothing was stored before
    stamps: list[tuple[int, dict[str, Any]]] = []
    changes: list[Change] = []
    for outcome in sorted(outcomes, key=lambda one: one.row.spotify_id):
        spotify_id = outcome.row.spotify_id
        playlist = playlists[spotify_id]
        if outcome.entries is None or not outcome.brings_items:
            counts += Counts(unchanged=known.items.get(spotify_id, 0))
        elif _stamp(playlist) != _stamp(known.playlists.get(spotify_id)):
            left_alone.add(spotify_id)
            counts += Counts(unchanged=known.items.get(spotify_id, 0))
        else:
            same_reader = playlist.items_read_by == account.pk
            written, differs, told = write_items(
                playlist.pk,
                outcome.entries,
                keys["track"],
                whole=outcome.is_whole,
                same_reader=same_reader,
                using=using,
                told_as=told_as(outcome.row, known),
            )
            counts += written
            changes += told
            if written.created and not (written.updated or written.unchanged or written.removed):
                filled.add(spotify_id)
            stamp: dict[str, Any] = {}
            if outcome.is_whole:
                stamp = {"items_snapshot_id": outcome.snapshot_id or "", "items_synced_at": now}
                stamp |= _same_cover(outcome.row, playlist)
            if outcome.surplus is not None:
                stamp |= dict(
                    zip(("listed_surplus", "counted_surplus"), outcome.surplus, strict=True)
                )
            stamp["items_read_by"] = account.pk if outcome.is_whole or same_reader else None
            if differs:
                versions[spotify_id].contents += 1
                stamp["contents_version"] = versions[spotify_id].contents
            if any(getattr(playlist, name) != value for name, value in stamp.items()):
                stamps.append((playlist.pk, stamp))
    update(Playlist, stamps, using=using, batch_size=conf.BATCH_SIZE)
    links = _write_links(account, outcomes, gone, lists, left_alone, filled, known, using=using)
    return Written(
        counts + links.counts,
        links.added,
        links.removed,
        changes=[*changes, *links.changes],
        imported=links.imported,
    )


def _stamp(playlist: Playlist | None) -> tuple[str, datetime | None]:
    """Return what changes whenever somebody writes a playlist's items."""
    return (playlist.items_snapshot_id, playlist.items_synced_at) if playlist else ("", None)


@dataclass(frozen=True, slots=True)
class _Lists:
    """The listed playlists as they were stored when this run began to write, and the versions of each since.

    ``renewed`` are those that changed but for the cover; ``overtaken`` those that say something else than this run was
    told, since another has written them meanwhile.
    """

    stored: dict[str, Playlist]
    versions: dict[str, Versions]
    renewed: set[str]
    overtaken: set[str]


def _write_lists(
    outcomes: Sequence[Outcome], known: StoredPlaylists, *, using: str, now: datetime
) -> _Lists:
    """Bring the playlists themselves up to date.

    First what is new, then the locks of all that is to be written: so no two writers wait for each other.

    :raises IntegrityError: if somebody removed one meanwhile: the caller repeats its transaction.
    """
    listed = {outcome.row.spotify_id: outcome.row for outcome in outcomes}
    stored = {one.spotify_id: one for one in stored_rows(listed, using=using)}
    missing = listed.keys() - stored.keys()
    _create([listed[key] for key in missing], using=using, now=now)
    with_items = {one.row.spotify_id for one in outcomes if one.brings_items}
    differing = {key for key, row in listed.items() if _columns(row, stored.get(key), now=now)}
    lock_in_order(Playlist, "spotify_id", differing | with_items, using=using)
    stored = {one.spotify_id: one for one in stored_rows(listed, using=using)}
    if len(stored) < len(listed):
        raise IntegrityError("A playlist was removed while it was written; begin again.")
    versions = {key: Versions.of(one) for key, one in stored.items()}
    differences = {key: _columns(row, stored[key], now=now) for key, row in listed.items()}
    overtaken = {
        key
        for key, values in differences.items()
        # another may also have written what did not differ when it was looked at, and so is not locked
        if values
        and (key not in differing or versions[key] != Versions.of(known.playlists.get(key)))
    }
    renewed = {
        key for key, row in listed.items() if key not in overtaken and changes(row, stored[key])
    }
    _update(
        {key: values for key, values in differences.items() if key not in overtaken},
        listed,
        stored,
        versions,
        using=using,
    )
    return _Lists(stored, versions, renewed, overtaken)


def _columns(row: PlaylistRow, stored: Playlist | None, *, now: datetime) -> dict[str, Any]:
    values = changes(row, stored)
    if new_cover(row, stored, is_written=bool(values)):
        values |= {"image_url": row.image_url, "cover_fetched_at": now}
        values["cover_snapshot_id"] = row.snapshot_id or ""
    elif values and stored is not None:
        values |= _same_cover(row, stored)
    return values


def _same_cover(row: PlaylistRow, stored: Playlist) -> dict[str, Any]:
    """Return what to note of a cover that an edit has left as it was."""
    is_same = bool(row.snapshot_id) and row.image_url == stored.image_url and not row.is_spotifys
    return {"cover_snapshot_id": row.snapshot_id} if is_same else {}


def _create(rows: Sequence[PlaylistRow], *, using: str, now: datetime) -> None:
    """Create what is new in the order of the ids; what somebody else creates meanwhile is left as it is."""
    created = [
        Playlist(spotify_id=row.spotify_id, **_DEFAULTS | _columns(row, None, now=now))
        for row in sorted(rows, key=lambda row: row.spotify_id)
    ]
    Playlist.objects.using(using).bulk_create(
        created, batch_size=conf.BATCH_SIZE, ignore_conflicts=True
    )


def _update(
    differences: Mapping[str, dict[str, Any]],
    listed: Mapping[str, PlaylistRow],
    stored: Mapping[str, Playlist],
    versions: Mapping[str, Versions],
    *,
    using: str,
) -> None:
    """Write what differs of lists that are locked, and take their versions up."""
    changed: list[tuple[int, dict[str, Any]]] = []
    for key, values in differences.items():
        playlist, version = stored[key], versions[key]
        if not _DETAILS.isdisjoint(values):
            version.details += 1
            values["details_version"] = version.details
        is_another_picture = "image_url" in values and not is_same_picture(listed[key], playlist)
        if "total" in values or is_another_picture:
            version.contents += 1
            values["contents_version"] = version.contents
        if values:
            changed.append((playlist.pk, values | refolded(Playlist, values, vars(playlist))))
    update(Playlist, changed, using=using, batch_size=conf.BATCH_SIZE)


def _write_links(
    account: SpotifyAccount,
    outcomes: Sequence[Outcome],
    gone: Collection[int],
    lists: _Lists,
    left_alone: Collection[str],
    filled: Collection[str],
    known: StoredPlaylists,
    *,
    using: str,
) -> Written:
    """Link the account to the listed playlists, each at its place, with what it may read of them."""
    rows = AccountPlaylist.objects.using(using).filter(account=account)
    stored = {link.playlist_id: link for link in rows}
    is_first = not stored
    names = dict(rows.values_list("pk", "playlist__spotify_id"))
    created: list[AccountPlaylist] = []
    moves: list[Move] = []
    changed: dict[int, dict[str, Any]] = {}
    seen_to_change: set[int] = set()
    returned: list[str] = []
    for outcome in outcomes:
        spotify_id = outcome.row.spotify_id
        playlist = lists.stored[spotify_id]
        learned = _learned(outcome, is_settled=spotify_id not in left_alone)
        link = stored.pop(playlist.pk, None)
        learned |= outcome.seen(
            link,
            playlist,
            lists.versions[spotify_id],
            known.playlists.get(spotify_id),
            is_overtaken=spotify_id in lists.overtaken,
            is_left_alone=spotify_id in left_alone,
            is_filled=spotify_id in filled,
        )
        if link is None:
            created.append(
                AccountPlaylist(
                    account=account, playlist=playlist, position=outcome.position, **learned
                )
            )
            continue
        if link.is_kept:
            learned["is_kept"] = False
            returned.append(spotify_id)
        moves.append(Move(link.pk, link.position, outcome.position))
        if difference := {
            name: value for name, value in learned.items() if getattr(link, name) != value
        }:
            changed[link.pk] = difference
        if spotify_id in lists.renewed or not _SHOWN_OF_LINK.isdisjoint(difference):
            seen_to_change.add(link.pk)
    left = [link for link in stored.values() if not link.is_kept]
    leaving = {link.pk for link in left} & set(gone)
    moves += [
        Move(link.pk, link.position, link.position) for link in left if link.pk not in leaving
    ]

    batch_size = conf.BATCH_SIZE
    delete_rows(rows, sorted(leaving), batch_size=batch_size)
    update(AccountPlaylist, changed.items(), using=using, batch_size=batch_size)
    move(rows.filter(is_kept=False), moves, batch_size=batch_size)
    AccountPlaylist.objects.using(using).bulk_create(created, batch_size=batch_size)
    touched = len(seen_to_change | out_of_order(moves))
    added = [link.playlist.spotify_id for link in created]
    removed = [names[pk] for pk in sorted(leaving)]
    return Written(
        Counts(len(created), touched, len(moves) - touched, len(leaving)),
        added=[*added, *returned],
        removed=removed,
        changes=changes_of(outcomes, added, returned, removed, known, overtaken=lists.overtaken),
        imported=len(created) if is_first else 0,
    )


def _learned(outcome: Outcome, *, is_settled: bool) -> dict[str, Any]:
    """Return the columns of a link of which the run learned something."""
    learned: dict[str, Any] = {}
    if outcome.row.public is not None:
        learned["public"] = outcome.row.public
    if outcome.can_read_items is not None:
        learned["can_read_items"] = outcome.can_read_items
    if outcome.can_read_items is not None or outcome.unreadable_reason:
        learned["unreadable_reason"] = outcome.unreadable_reason
    if outcome.snapshot_id is not None and is_settled:
        learned["snapshot_id"] = outcome.snapshot_id
    return learned

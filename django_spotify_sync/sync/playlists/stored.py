"""What is stored of an account's playlists when a run begins, and so what of the listing needs a request."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from django.db.models import Count
from django.utils import timezone

from django_spotify_sync.models import AccountPlaylist, Playlist, PlaylistItem, SpotifyAccount
from django_spotify_sync.spotify.answers.playlists import PlaylistRow

#: Covers of playlists expire in less than a day (Spotify's OpenAPI description): a new address alone is no change.
COVER_LASTS = timedelta(hours=12)
#: Spotify's own lists name another snapshot at each answer, which therefore says nothing.
RESTLESS_LASTS = timedelta(hours=24)

type Todo = Literal["read", "ask", "nothing"]


@dataclass(frozen=True, slots=True)
class StoredPlaylists:
    """The account's links, the lists that are listed or linked, and how many items each holds; by Spotify id."""

    links: dict[str, AccountPlaylist]
    playlists: dict[str, Playlist]
    items: dict[str, int]

    def todo(self, row: PlaylistRow) -> Todo:
        """Say what a listed playlist needs: its items read, only the account's right to them asked for, or nothing.

        The stored items are current if they were read, whole, under the snapshot that is listed, and are as many. They
        are newer than the listing if another account has read another snapshot meanwhile, while this one is still
        listed the snapshot that it has settled: a replica that is behind answers so.
        """
        link, playlist = self.links.get(row.spotify_id), self.playlists.get(row.spotify_id)
        right = link.can_read_items if link else None
        when_settled: Todo = "ask" if self.is_in_doubt(row) else "nothing"
        is_settled = (
            link is not None
            and right is not None
            and (row.is_spotifys or link.snapshot_id == row.snapshot_id)
        )
        if is_settled and right is False:
            return "nothing"
        if playlist is None or playlist.items_synced_at is None or right is False:
            return "read"
        if is_settled and not row.is_spotifys and not _is_timely(row, playlist):
            return when_settled
        if not self.holds(row):
            return "read"
        return when_settled if is_settled else "ask"

    def holds(self, row: PlaylistRow) -> bool:
        """Tell whether the items that are listed are stored: read, whole, under that snapshot, and as many."""
        playlist = self.playlists.get(row.spotify_id)
        if playlist is None or not _is_timely(row, playlist):
            return False
        count = self.items.get(row.spotify_id, 0)
        return row.total in (None, count, count + playlist.listed_surplus)

    def surplus(self, row: PlaylistRow) -> tuple[int, int]:
        """Return by how much the totals differed from what came when the list was last read."""
        playlist = self.playlists.get(row.spotify_id)
        return (playlist.listed_surplus, playlist.counted_surplus) if playlist else (0, 0)

    def is_in_doubt(self, row: PlaylistRow) -> bool:
        """Tell whether the last run that asked was refused the items, which is not believed yet."""
        link = self.links.get(row.spotify_id)
        return (
            link is not None and bool(link.unreadable_reason) and link.can_read_items is not False
        )

    def oldest_reading(self) -> datetime | None:
        """Return when the list that was read longest ago was read."""
        read = (link.playlist.items_synced_at for link in self.links.values())
        return min((moment for moment in read if moment is not None), default=None)


def _is_timely(row: PlaylistRow, playlist: Playlist) -> bool:
    """Tell whether items were read under the snapshot that is listed, or lately where snapshots say nothing."""
    if playlist.items_synced_at is None:
        return False
    if row.is_spotifys:
        return timezone.now() - playlist.items_synced_at < RESTLESS_LASTS
    return row.snapshot_id == playlist.items_snapshot_id


def load(account: SpotifyAccount, listed: Collection[str], *, using: str) -> StoredPlaylists:
    """Load what is stored of the listed playlists and of the linked ones."""
    rows = AccountPlaylist.objects.using(using).filter(account=account, is_kept=False).in_order()
    links = {link.playlist.spotify_id: link for link in rows.select_related("playlist")}
    playlists = {one.spotify_id: one for one in stored_rows(listed, using=using)}
    counted = (
        PlaylistItem.objects.using(using)
        .filter(playlist__in=[one.pk for one in playlists.values()])
        .values_list("playlist__spotify_id")
        .annotate(Count("pk"))
    )
    return StoredPlaylists(links, playlists, dict(counted.order_by()))


def stored_rows(spotify_ids: Collection[str], *, using: str) -> list[Playlist]:
    """Return the playlists with these Spotify ids that there are."""
    return list(Playlist.objects.using(using).filter(spotify_id__in=list(spotify_ids)))


def changes(row: PlaylistRow, stored: Playlist | None) -> dict[str, Any]:
    """Return what differs between a listed playlist and its row. What is not said does not differ, nor does a cover."""
    said = columns(row)
    if stored is None:
        return said
    return {name: value for name, value in said.items() if getattr(stored, name) != value}


def columns(row: PlaylistRow) -> dict[str, Any]:
    """Return what the listing says of a playlist, its cover left out."""
    values = {
        "name": row.name,
        "description": row.description,
        "owner_id": row.owner_id,
        "owner_name": row.owner_name,
        "collaborative": row.collaborative,
        "total": row.total,
    }
    return {name: value for name, value in values.items() if value is not None}


def new_cover(row: PlaylistRow, stored: Playlist | None, *, is_written: bool) -> bool:
    """Tell whether a cover's address is to be written: with the rest of its row, when it may be of another picture, or
    when the stored one has expired.
    """
    if row.image_url is None or (stored is not None and stored.image_url == row.image_url):
        return False
    fetched_at = stored.cover_fetched_at if stored is not None else None
    is_due = fetched_at is None or timezone.now() - fetched_at > COVER_LASTS
    return is_written or is_due or not is_same_picture(row, stored)


def is_same_picture(row: PlaylistRow, stored: Playlist | None) -> bool:
    """Tell whether the listed cover and the stored one are the same picture, whatever their addresses."""
    if stored is None:
        return False
    # a cover from before its snapshot was noted is of the items' one, as far as is known
    noted = stored.cover_snapshot_id or (stored.items_snapshot_id if stored.image_url else "")
    return row.is_spotifys or row.snapshot_id == noted or not row.snapshot_id

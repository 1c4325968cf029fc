"""A page of Get User's Saved Tracks."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from msgspec import Struct

from django_spotify_sync.spotify.answers.catalog import Catalog, parse_track
from django_spotify_sync.spotify.answers.paging import Page, paging
from django_spotify_sync.spotify.answers.storable import Json, flag, moment


def parse_saved_page(answer: Json) -> Page[SavedRow]:
    """Read a page of Get User's Saved Tracks."""
    offset, limit, total, items = paging(answer)
    catalog = Catalog()
    entries = tuple(_saved(item, catalog) for item in items)
    return Page(offset=offset, limit=limit, total=total, entries=entries, catalog=catalog)


def _saved(item: Json, catalog: Catalog) -> SavedRow:
    if not isinstance(item, dict):
        return SavedRow(None, None, skipped="null_entry")
    added_at = moment(item.get("added_at"))
    track = item.get("track")
    if not isinstance(track, dict):
        return SavedRow(None, added_at, skipped="null_track")
    row = parse_track(track, catalog)
    if row is None:
        return SavedRow(None, added_at, skipped="no_id")
    return SavedRow(row.spotify_id, added_at, is_playable=flag(track.get("is_playable")))


def skipped_reasons(rows: Iterable[SavedRow]) -> dict[str, int]:
    """Count the entries that hold no track, by reason."""
    reasons: dict[str, int] = {}
    for row in rows:
        if row.skipped:
            reasons[row.skipped] = reasons.get(row.skipped, 0) + 1
    return reasons


#: What tells one saved entry from another: its id as answered, and when it was saved.
type Key = tuple[str | None, datetime | None]


class SavedRow(Struct, frozen=True, gc=False):
    """One entry of the saved tracks. Where it holds no track ``spotify_id`` is None and ``skipped`` says why."""

    spotify_id: str | None
    added_at: datetime | None
    is_playable: bool | None = None
    skipped: str = ""

    @property
    def key(self) -> Key:
        return self.spotify_id, self.added_at

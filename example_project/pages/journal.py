"""The journal of a library by days: what came, what left, and the covers of both."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any

from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django_spotify_sync.models import (
    AccountPlaylist,
    Album,
    Artist,
    Audiobook,
    Episode,
    LibraryChange,
    LostRow,
    Show,
    SpotifyAccount,
    SyncRun,
    Track,
)
from django_spotify_sync.models.changes import ChangeKind
from django_spotify_sync.models.library import LIBRARY
from django_spotify_sync.models.runs import Resource
from django_spotify_sync.rest.keyset import KeysetPage, by_time, page_of, unpacked

#: Where the cover of a thing stands in the catalogue: the first address that is known. A row that has left a library
#: leaves its cover there.
_COVERS: dict[str, tuple[tuple[type[Model], tuple[str, ...]], ...]] = {
    Resource.TRACKS: ((Track, ("album__thumbnail_url", "album__image_url")),),
    Resource.FOLLOWING: ((Artist, ("image_url",)),),
    Resource.ALBUMS: ((Album, ("thumbnail_url", "image_url")),),
    Resource.SHOWS: ((Show, ("image_url",)),),
    Resource.EPISODES: ((Episode, ("image_url",)),),
    Resource.AUDIOBOOKS: ((Audiobook, ("image_url",)),),
}
#: What stands in a playlist is a track or an episode; which, an id does not say.
_OF_ITEMS = (*_COVERS[Resource.TRACKS], *_COVERS[Resource.EPISODES])

_ORDER = by_time("seen_at")
_ORDERING = "-seen_at"


@dataclass(frozen=True)
class Line:
    """One change, its cover where one is known, and whether what came, or the playlist it came into, is still here."""

    change: LibraryChange
    cover: str
    is_here: bool

    @property
    def icon(self) -> str:
        """Name what is drawn where there is no cover."""
        return "tracks" if self.change.playlist_spotify_id else self.change.resource

    @property
    def is_loss(self) -> bool:
        return self.change.kind in (ChangeKind.REMOVED, ChangeKind.UNAVAILABLE)

    @property
    def leads_to(self) -> str:
        """Name the resource whose pages show it; none shows what is gone, nor whatever an item may have been."""
        return self.change.resource if self.is_here and not self.change.playlist_spotify_id else ""


@dataclass(frozen=True)
class Day:
    """What was seen on one day of the site's time zone, latest first."""

    day: date
    lines: list[Line]


@dataclass(frozen=True)
class Journal:
    """One page of a journal, and what it was asked for: a ``resource``, a ``kind``, a ``run``, or nothing."""

    page: KeysetPage
    days: list[Day]
    resource: str
    kind: str
    run: SyncRun | None

    @property
    def is_filtered(self) -> bool:
        return bool(self.resource or self.kind or self.run)


def journal(request: HttpRequest, account: SpotifyAccount, per_page: int) -> Journal:
    """Read the page that the address asks for; what it asks for and there is not is passed over."""
    resource = _one_of(request, "resource", Resource.values)
    kind = _one_of(request, "kind", ChangeKind.values)
    run = _run(request, account)
    rows = LibraryChange.objects.filter(account=account)
    if resource:
        rows = rows.filter(resource=resource)
    if kind:
        rows = rows.filter(kind=kind)
    if run:
        rows = rows.filter(run=run)
    page = _page(request, rows, per_page)
    covers = covers_of(account, page.rows)
    here = _still_here(account, page.rows)
    lines = [
        Line(change, cover, _place(change) in here)
        for change, cover in zip(page.rows, covers, strict=True)
    ]
    by_day = groupby(lines, key=lambda line: timezone.localtime(line.change.seen_at).date())
    days = [Day(day, list(seen)) for day, seen in by_day]
    return Journal(page, days, resource, kind, run)


def _one_of(request: HttpRequest, name: str, known: Sequence[str]) -> str:
    value = request.GET.get(name, "")
    return value if value in known else ""


def _run(request: HttpRequest, account: SpotifyAccount) -> SyncRun | None:
    number = request.GET.get("run", "")
    if not (number.isascii() and number.isdigit() and len(number) < 19):
        return None
    return SyncRun.objects.filter(account=account, pk=int(number)).first()


def _page(request: HttpRequest, rows: QuerySet[LibraryChange], per_page: int) -> KeysetPage:
    try:
        cursor = unpacked(request.GET.get("cursor", ""), _ORDERING, _ORDER)
    except ValueError:
        cursor = None
    page = page_of(rows, _ORDERING, _ORDER, size=per_page, cursor=cursor)
    if cursor and not page.rows:  # they were pruned meanwhile
        return page_of(rows, _ORDERING, _ORDER, size=per_page)
    return page


def covers_of(account: SpotifyAccount, changes: Sequence[LibraryChange]) -> list[str]:
    """Return the address of each one's cover, empty where none is known; in a query a table."""
    wanted: dict[str, set[str]] = defaultdict(set)
    for change in changes:
        wanted[_shelf(change)].add(change.spotify_id)
    found = {
        shelf: _playlist_covers(account, ids)
        if shelf == Resource.PLAYLISTS
        else _covers(_COVERS.get(shelf, _OF_ITEMS), ids)
        for shelf, ids in wanted.items()
    }
    return [found[_shelf(change)].get(change.spotify_id, "") for change in changes]


def covers_of_lost(account: SpotifyAccount, resource: str, rows: Sequence[LostRow]) -> list[str]:
    """Return the address of the cover of each row of a loss, as ``covers_of`` does."""
    return covers_of(
        account, [LibraryChange(resource=resource, spotify_id=row.spotify_id) for row in rows]
    )


#: By what column the rows of a resource that has pages of its own are known.
_KNOWN_BY = {
    Resource.TRACKS: "track__spotify_id",
    Resource.FOLLOWING: "artist__spotify_id",
    Resource.ALBUMS: "spotify_id",
    Resource.PLAYLISTS: "playlist__spotify_id",
}


def _place(change: LibraryChange) -> tuple[str, str]:
    """Return the resource and the id of what a change leads to: for an item its playlist."""
    return change.resource, change.playlist_spotify_id or change.spotify_id


def _still_here(account: SpotifyAccount, changes: Sequence[LibraryChange]) -> set[tuple[str, str]]:
    """Return which of the places are in the library still; in a query a table."""
    wanted: dict[str, set[str]] = defaultdict(set)
    for resource, spotify_id in map(_place, changes):
        if resource in _KNOWN_BY:
            wanted[resource].add(spotify_id)
    return {
        (resource, spotify_id)
        for resource, ids in wanted.items()
        for spotify_id in LIBRARY[resource]
        .of(account.pk)
        .filter(**{f"{_KNOWN_BY[Resource(resource)]}__in": ids})
        .values_list(_KNOWN_BY[Resource(resource)], flat=True)
    }


def _shelf(change: LibraryChange) -> str:
    return "items" if change.playlist_spotify_id else change.resource


def _covers(tables: Iterable[tuple[type[Model], tuple[str, ...]]], ids: set[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for model, columns in tables:
        rows: Any = model._default_manager.filter(spotify_id__in=ids)
        for spotify_id, *addresses in rows.values_list("spotify_id", *columns):
            found[spotify_id] = next(filter(None, addresses), "")
    return found


def _playlist_covers(account: SpotifyAccount, ids: set[str]) -> dict[str, str]:
    """Return those that this account was shown."""
    links = AccountPlaylist.objects.filter(account=account, playlist__spotify_id__in=ids)
    return {link.spotify_id: link.image_url for link in links.select_related("playlist")}

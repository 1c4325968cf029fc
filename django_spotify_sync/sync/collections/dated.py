"""Rows of a collection whose order says nothing that lasts: an id each, and when it was saved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, NamedTuple

from django.db.models import F, Model, QuerySet

from django_spotify_sync.conf import conf
from django_spotify_sync.db.deleting import delete_rows
from django_spotify_sync.db.upsert import Counts, insert, update
from django_spotify_sync.models import SpotifyAccount
from django_spotify_sync.models.changes import ChangeKind
from django_spotify_sync.models.library import LIBRARY
from django_spotify_sync.sync.catalog import Keys
from django_spotify_sync.sync.collections.listing import Listing
from django_spotify_sync.sync.collections.shelf import Stored, Verdict
from django_spotify_sync.sync.handover import Change, Written


class StoredRow(NamedTuple):
    """A stored row, as much of it as a comparison needs; ``held`` is its key of the catalogue."""

    pk: int
    held: int | None
    added_at: datetime | None
    is_available: bool
    is_kept: bool = False


@dataclass(frozen=True, slots=True)
class DatedShelf:
    """Rows of ``model``, each with its ``account``, ``spotify_id``, ``added_at``, and a foreign key, named ``holds``.

    Spotify may list one thing in two collections. ``cedes_to`` is the resource that has it where both do, if the site
    syncs that; ``dated_by``, the one that says when it was saved where this one does not.
    """

    model: type[Model]
    holds: str
    cedes_to: str = ""
    dated_by: str = ""
    is_ordered: ClassVar[bool] = False

    def stored(self, account: SpotifyAccount, using: str) -> Stored:
        """Return the rows of one account, a ``StoredRow`` each, latest saved first."""
        rows = {
            spotify_id: row
            for spotify_id, row in self._stored(account, using).items()
            if not row.is_kept
        }
        ceded = self._ceded(account, using)
        available = {spotify_id for spotify_id, row in rows.items() if row.is_available}
        return Stored(rows, available | ceded.keys(), not ceded.keys().isdisjoint(rows))

    def is_as(self, stored: Stored, listing: Listing) -> bool:
        """See ``Shelf``."""
        return stored.expected == set(listing.ids) and not stored.is_to_cede

    def verdict(
        self, stored: Stored, missing: Sequence[str], listing: Listing, *, nulls: int | None
    ) -> Verdict:
        """See ``Shelf``. A null that says a date stands for a row of that date, any other for any that is missing:
        for one that a null stood for already, else for the latest that was saved.
        """
        dates = listing.dates
        # of what the other resource has, some may be null here, too
        elsewhere = stored.expected - stored.rows.keys() - set(listing.ids)
        dates[None] = max(0, dates[None] - len(elsewhere))
        counted = dates.total()
        spare = counted - nulls if nulls is not None else 0
        unavailable: set[str] = set()
        for spotify_id in sorted(missing, key=lambda one: _seniority(stored.rows[one])):
            said = stored.rows[spotify_id].added_at
            date = said if dates[said] > 0 else None
            if len(unavailable) < spare and dates[date] > 0:
                dates[date] -= 1
                unavailable.add(spotify_id)
        gone = frozenset(missing) - unavailable
        return Verdict(gone, frozenset(unavailable), nulls=counted - len(unavailable))

    def write(
        self,
        account: SpotifyAccount,
        listing: Listing,
        keys: Keys,
        verdict: Verdict,
        *,
        using: str,
    ) -> Written:
        """See ``Shelf``."""
        listed = set(listing.ids)
        stored = {
            spotify_id: row
            for spotify_id, row in self._stored(account, using).items()
            if spotify_id in listed or not row.is_kept
        }
        dates = self._dates(account, listing, using)
        ceded = self._ceded(account, using)
        self._date(ceded, dates, using)
        held = keys[self.holds]
        created = []
        returned: list[str] = []
        changed: list[tuple[int, dict[str, Any]]] = []
        told: list[Change] = []
        for spotify_id in listing.ids:
            if spotify_id in ceded:
                continue
            row, added_at = stored.get(spotify_id), dates.get(spotify_id)
            if row is None:
                created.append((account.pk, spotify_id, held[spotify_id], added_at, True))
                if not (self.dated_by and spotify_id in dates):  # else it was told as one of those
                    told.append(Change(ChangeKind.ADDED, spotify_id))
            elif difference := self._difference(row, held[spotify_id], added_at):
                changed.append((row.pk, difference))
                told += self._told(spotify_id, row, difference)
                returned += [spotify_id] if row.is_kept else []
        lost = [
            spotify_id
            for spotify_id in stored
            if spotify_id in verdict.unavailable and stored[spotify_id].is_available
        ]
        changed += [(stored[spotify_id].pk, {"is_available": False}) for spotify_id in lost]
        told += [Change(ChangeKind.UNAVAILABLE, spotify_id, was_null=True) for spotify_id in lost]
        gone = [
            one
            for one, row in stored.items()
            if one in verdict.gone or (one in ceded and not row.is_kept)
        ]
        told += [
            Change(ChangeKind.REMOVED, one, was_null=not stored[one].is_available)
            for one in gone
            if one not in ceded
        ]
        rows = self._rows(account, using)
        batch_size = conf.BATCH_SIZE
        delete_rows(rows, [stored[one].pk for one in gone], batch_size=batch_size)
        columns = ("account_id", "spotify_id", f"{self.holds}_id", "added_at", "is_available")
        insert(self.model, columns, created, using=using, batch_size=batch_size)
        update(self.model, changed, using=using, batch_size=batch_size)
        unchanged = len(stored) - len(changed) - len(gone)
        return Written(
            Counts(len(created), len(changed), unchanged, len(gone)),
            added=[*(row[1] for row in created), *returned],
            removed=gone,
            changes=told,
            imported=0 if stored else len(created),
        )

    def _told(self, spotify_id: str, row: StoredRow, difference: dict[str, Any]) -> list[Change]:
        """Return what the journal is told of a row that is another now: available again, or saved again since."""
        if row.is_kept:
            return [Change(ChangeKind.RETURNED, spotify_id)]
        if "is_available" in difference:
            return [Change(ChangeKind.AVAILABLE, spotify_id)]
        added_at = difference.get("added_at")
        # a date that another resource knows was known to that one before
        if self.dated_by or not (added_at and row.added_at and added_at > row.added_at):
            return []
        return [Change(ChangeKind.RETURNED, spotify_id)]

    def _difference(self, row: StoredRow, held: int, added_at: datetime | None) -> dict[str, Any]:
        """Return the columns that are to be another one's; no date that is said is no news of the one that is known."""
        wanted = {
            f"{self.holds}_id": (row.held, held),
            "added_at": (row.added_at, added_at or row.added_at),
            "is_available": (row.is_available, True),
            "is_kept": (row.is_kept, False),
        }
        return {name: value for name, (was, value) in wanted.items() if value != was}

    def _rows(self, account: SpotifyAccount, using: str) -> QuerySet[Any]:
        return self.model._default_manager.using(using).filter(account=account)

    def _stored(self, account: SpotifyAccount, using: str) -> dict[str, StoredRow]:
        latest = F("added_at").desc(nulls_last=True)
        values = self._rows(account, using).order_by(latest, "-pk")
        values = values.values_list(
            "spotify_id", "pk", f"{self.holds}_id", "added_at", "is_available", "is_kept"
        )
        return {spotify_id: StoredRow(*row) for spotify_id, *row in values}

    def _dates(
        self, account: SpotifyAccount, listing: Listing, using: str
    ) -> dict[str, datetime | None]:
        if not self.dated_by:
            return {
                entry.spotify_id: entry.added_at
                for entry in listing.entries
                if entry.spotify_id is not None
            }
        rows = LIBRARY[self.dated_by].of(account.pk, using)
        return dict(rows.values_list("spotify_id", "added_at"))

    def _ceded(self, account: SpotifyAccount, using: str) -> dict[str, tuple[int, datetime | None]]:
        """Return (primary key, date) by Spotify id of what the other resource has."""
        if not self.cedes_to or self.cedes_to not in conf.RESOURCES:
            return {}
        rows = LIBRARY[self.cedes_to].of(account.pk, using)
        values = rows.values_list("spotify_id", "pk", "added_at")
        return {spotify_id: (pk, added_at) for spotify_id, pk, added_at in values}

    def _date(
        self,
        ceded: dict[str, tuple[int, datetime | None]],
        dates: dict[str, datetime | None],
        using: str,
    ) -> None:
        """Say when it was saved of what the other resource has."""
        changed = [
            (pk, {"added_at": added_at})
            for spotify_id, (pk, was) in ceded.items()
            if (added_at := dates.get(spotify_id)) is not None and added_at != was
        ]
        if changed:
            model = LIBRARY[self.cedes_to].model
            update(model, changed, using=using, batch_size=conf.BATCH_SIZE)


def _seniority(row: StoredRow) -> tuple[bool, float]:
    """Sort what was unavailable before to the front, and then the latest that was saved."""
    return row.is_available, -(row.added_at.timestamp() if row.added_at else 0.0)

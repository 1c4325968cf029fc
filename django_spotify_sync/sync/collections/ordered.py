"""Rows of a collection that Spotify lists in an order worth keeping, and that say no date."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

from django.db.models import Model, QuerySet

from django_spotify_sync.conf import conf
from django_spotify_sync.db.deleting import delete_rows
from django_spotify_sync.db.positions import Move, move, out_of_order
from django_spotify_sync.db.upsert import Counts, update
from django_spotify_sync.models import SpotifyAccount
from django_spotify_sync.models.changes import ChangeKind
from django_spotify_sync.sync.catalog import Keys
from django_spotify_sync.sync.collections.listing import Listing
from django_spotify_sync.sync.collections.shelf import Stored, Verdict
from django_spotify_sync.sync.handover import Change, Written


class OrderedRow(NamedTuple):
    """A stored row, as much of it as a comparison needs."""

    pk: int
    position: int
    is_kept: bool


@dataclass(frozen=True, slots=True)
class OrderedShelf:
    """Rows of ``model``, each with its ``account``, its ``position``, and a foreign key, named ``holds``, to what it
    holds of the catalogue.
    """

    model: type[Model]
    holds: str
    is_ordered: ClassVar[bool] = True

    def stored(self, account: SpotifyAccount, using: str) -> Stored:
        """Return the rows of one account, an ``OrderedRow`` each, by Spotify id and in order."""
        rows = self._stored(account, using)
        listed = {spotify_id: row for spotify_id, row in rows.items() if not row.is_kept}
        return Stored(listed, expected=listed.keys())

    def is_as(self, stored: Stored, listing: Listing) -> bool:
        """See ``Shelf``."""
        return list(stored.rows) == listing.ids

    def verdict(
        self, stored: Stored, missing: Sequence[str], listing: Listing, *, nulls: int | None
    ) -> Verdict:
        """See ``Shelf``. Here a null stands for nobody."""
        return Verdict(gone=frozenset(missing), nulls=listing.nulls)

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
        held = keys[self.holds]
        known = set(listing.ids)
        # what is kept and not listed is left where it is, behind all the others
        stored = {
            spotify_id: row
            for spotify_id, row in self._stored(account, using).items()
            if spotify_id in known or not row.is_kept
        }
        returned = [row.pk for row in stored.values() if row.is_kept]
        rows = self._rows(account, using)
        new = [spotify_id for spotify_id in listing.ids if spotify_id not in stored]
        gone = [spotify_id for spotify_id in stored if spotify_id in verdict.gone]
        # what is stored and not listed, yet may not be removed, comes last
        kept = (one for one in stored if one not in known and one not in verdict.gone)
        order = [*listing.ids, *kept]
        places = {spotify_id: position for position, spotify_id in enumerate(order)}
        moves = [
            Move(stored[one].pk, stored[one].position, places[one])
            for one in order
            if one in stored
        ]
        batch_size = conf.BATCH_SIZE
        delete_rows(rows, [stored[spotify_id].pk for spotify_id in gone], batch_size=batch_size)
        unkept = [(pk, {"is_kept": False}) for pk in returned]
        update(self.model, unkept, using=using, batch_size=batch_size)
        move(rows.filter(is_kept=False), moves, batch_size=batch_size)
        rows.bulk_create(
            [
                self.model(
                    account=account,
                    position=places[spotify_id],
                    **{f"{self.holds}_id": held[spotify_id]},
                )
                for spotify_id in new
            ],
            batch_size=batch_size,
        )
        touched = len(out_of_order(moves) | set(returned))
        counts = Counts(len(new), touched, len(moves) - touched, len(gone))
        back = [
            spotify_id
            for spotify_id in listing.ids
            if spotify_id in stored and stored[spotify_id].is_kept
        ]
        return Written(
            counts,
            added=[*new, *back],
            removed=gone,
            changes=[
                *(Change(ChangeKind.ADDED, spotify_id) for spotify_id in new),
                *(Change(ChangeKind.RETURNED, spotify_id) for spotify_id in back),
                *(Change(ChangeKind.REMOVED, spotify_id) for spotify_id in gone),
            ],
            imported=0 if stored else len(new),
        )

    def _stored(self, account: SpotifyAccount, using: str) -> dict[str, OrderedRow]:
        rows = self._rows(account, using).order_by("position", "pk")
        values = rows.values_list(f"{self.holds}__spotify_id", "pk", "position", "is_kept")
        return {spotify_id: OrderedRow(*row) for spotify_id, *row in values}

    def _rows(self, account: SpotifyAccount, using: str) -> QuerySet[Any]:
        return self.model._default_manager.using(using).filter(account=account)

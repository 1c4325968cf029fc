"""Rows → table, in batches: read, compare, write only what differs. Knows nothing of Spotify.

An unchanged table is only read. A value of None is one that the source did not give, and never wipes a stored one.
Rows are written in the order of their keys, so that two writers of a shared table meet in one order: first what is new,
then what changed, which is locked in that order before it is written.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import batched
from typing import Any

from django.db import IntegrityError, models, transaction

from django_spotify_sync.db.folded import refolded, unfolded
from django_spotify_sync.db.locks import lock_in_order


@dataclass(frozen=True, slots=True)
class Counts:
    """What a write did, in rows."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    removed: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.created + other.created,
            self.updated + other.updated,
            self.unchanged + other.unchanged,
            self.removed + other.removed,
        )


def upsert[Model: models.Model](
    model: type[Model],
    rows: Iterable[Mapping[str, Any]],
    *,
    key: str,
    using: str,
    batch_size: int,
    defaults: Mapping[str, Any] | None = None,
) -> tuple[dict[str, int], Counts]:
    """Bring the rows of a table that many share up to date; return the primary key of each by its key.

    ``rows`` are alike in their names and unique by ``key``; ``defaults`` fill a new row where the source gave None.
    Safe beside other writers: a row that somebody else creates meanwhile is taken as it is, then brought up to date.

    :raises IntegrityError: if a row was removed again while this looked: the caller repeats its transaction.
    """
    ids: dict[str, int] = {}
    created = unchanged = 0
    changes: dict[str, tuple[int, dict[str, Any]]] = {}
    for batch in batched(sorted(rows, key=lambda row: row[key]), batch_size):
        wanted = {row[key]: row for row in batch}
        stored = _stored(model, key, wanted, using)
        missing = [row for value, row in wanted.items() if value not in stored]
        if missing:
            model._default_manager.using(using).bulk_create(
                [model(**_filled(row, defaults or {})) for row in missing], ignore_conflicts=True
            )
            # ignore_conflicts gives no ids back
            stored |= _stored(model, key, {row[key]: row for row in missing}, using)
        if wanted.keys() - stored.keys():
            raise IntegrityError(
                f"{model._meta.label}: rows were removed while they were looked up"
            )
        new = {row[key] for row in missing}
        for value, row in wanted.items():
            ids[value] = stored[value]["pk"]
            if difference := _difference(row, stored[value]):
                changes[value] = ids[value], difference | refolded(model, difference, stored[value])
            elif value not in new:
                unchanged += 1
        created += len(new)
    _update_in_order(model, key, changes, using=using, batch_size=batch_size)
    updated = len(ids) - created - unchanged
    return ids, Counts(created=created, updated=updated, unchanged=unchanged)


def update[Model: models.Model](
    model: type[Model],
    changes: Iterable[tuple[int, Mapping[str, Any]]],
    *,
    using: str,
    batch_size: int,
) -> None:
    """Write ``(pk, {field: value})``: rows that change in the same fields go together, in batches, ordered by key.

    :raises ValueError: if a folded field would be left as it was beside sources that change: see ``refolded``.
    """
    by_fields: dict[tuple[str, ...], list[Model]] = {}
    for pk, values in changes:
        by_fields.setdefault(tuple(sorted(values)), []).append(model(pk=pk, **values))
    for fields, instances in by_fields.items():
        names = list(fields)
        for folded in unfolded(model, fields):
            names.append(folded.attname)
            for instance in instances:
                folded.pre_save(instance, add=False)
        instances.sort(key=lambda instance: instance.pk)
        model._default_manager.using(using).bulk_update(instances, names, batch_size=batch_size)


def _update_in_order(
    model: type[models.Model],
    key: str,
    changes: Mapping[str, tuple[int, Mapping[str, Any]]],
    *,
    using: str,
    batch_size: int,
) -> None:
    """Write the changes, batch by batch, each locked first in the order in which the keys were sorted here.

    An UPDATE alone locks in the order in which it happens to find its rows, and deadlocks with another one.
    """
    for batch in batched(changes, batch_size):
        with transaction.atomic(using=using, savepoint=False):
            lock_in_order(model, key, batch, using=using)
            update(model, [changes[value] for value in batch], using=using, batch_size=batch_size)


def _difference(row: Mapping[str, Any], stored: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value for name, value in row.items() if value is not None and value != stored[name]
    }


def _stored(
    model: type[models.Model], key: str, rows: Mapping[str, Mapping[str, Any]], using: str
) -> dict[str, dict[str, Any]]:
    if not rows:
        return {}
    fields = list(next(iter(rows.values())))
    found = (
        model._default_manager.using(using)
        .filter(**{f"{key}__in": list(rows)})
        .values("pk", *fields)
    )
    return {row[key]: row for row in found}


def _filled(row: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    return {name: defaults.get(name) if value is None else value for name, value in row.items()}

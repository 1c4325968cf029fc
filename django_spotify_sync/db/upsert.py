"""Rows → table, in batches: read, compare, write only what differs. Knows nothing of Spotify.

An unchanged table is only read. A value of None is one that the source did not give, and never wipes a stored one.
Rows are written in the order of their keys, so that two writers of a shared table meet in one order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import batched
from typing import Any

from django.db import models


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
    Safe beside other writers: a row that somebody else creates meanwhile is taken as it is.
    """
    ids: dict[str, int] = {}
    total = Counts()
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
        changed = [
            (stored[value]["pk"], difference)
            for value, row in wanted.items()
            if (
                difference := {
                    name: new
                    for name, new in row.items()
                    if new is not None and new != stored[value][name]
                }
            )
        ]
        update(model, changed, using=using, batch_size=batch_size)
        ids.update({value: row["pk"] for value, row in stored.items()})
        total += Counts(
            created=len(missing),
            updated=len(changed),
            unchanged=len(batch) - len(missing) - len(changed),
        )
    return ids, total


def update[Model: models.Model](
    model: type[Model],
    changes: Iterable[tuple[int, Mapping[str, Any]]],
    *,
    using: str,
    batch_size: int,
) -> None:
    """Write ``(pk, {field: value})``: rows that change in the same fields go together, in batches, ordered by key."""
    by_fields: dict[tuple[str, ...], list[Model]] = {}
    for pk, values in changes:
        by_fields.setdefault(tuple(sorted(values)), []).append(model(pk=pk, **values))
    for fields, instances in by_fields.items():
        instances.sort(key=lambda instance: instance.pk)
        model._default_manager.using(using).bulk_update(instances, fields, batch_size=batch_size)


def delete(queryset: models.QuerySet[Any], pks: Sequence[int], *, batch_size: int) -> int:
    """Delete rows by primary key, in batches, by SQL alone: no row is loaded, nothing cascades. Return how many."""
    return sum(
        queryset.filter(pk__in=batch)._raw_delete(queryset.db)
        for batch in batched(sorted(pks), batch_size)
    )


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

"""Rows → table, as sets: the database compares, and only what differs is written. Knows nothing of Spotify.

An unchanged table is only read. A value of None is one that the source did not give, and never wipes a stored one.
Rows are written in the order of their keys, so that two writers of a shared table meet in one order: first what is new,
then what changed, which is locked in that order before it is written.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import batched
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, connections, models, transaction

from django_spotify_sync.db.folded import FoldedField, unfolded
from django_spotify_sync.db.locks import lock_in_order
from django_spotify_sync.db.row_sets import Columns, Row

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper


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


def upsert(
    model: type[models.Model],
    names: Sequence[str],
    rows: Iterable[Row],
    *,
    using: str,
    batch_size: int,
) -> tuple[dict[str, int], Counts]:
    """Bring the rows of a table that many share up to date; return the primary key of each by its key.

    ``names`` are the columns that ``rows`` give in that order, first of them the key, by which they are unique. In a
    new row, a column of which nothing is said has its default.
    Safe beside other writers: a row that somebody else creates meanwhile is taken as it is, then brought up to date.

    :raises IntegrityError: if a row was removed again while this looked: the caller repeats its transaction.
    """
    ids: dict[str, int] = {}
    created = unchanged = 0
    columns = Columns(model, names, connections[using])
    changed: list[Row] = []
    for batch in batched(sorted(rows, key=itemgetter(0)), batch_size):
        stored = _stored(columns, batch)
        missing = [row for row in batch if row[0] not in stored]
        if missing:
            new = _insert(*_with_folded(columns, missing))
            # what somebody else was first with
            stored |= _stored(columns, [row for row in missing if row[0] not in new])
            stored |= new
        if len(stored) < len(batch):
            raise IntegrityError(
                f"{model._meta.label}: rows were removed while they were looked up"
            )
        ids |= {row[0]: stored[row[0]][0] for row in batch}
        differing = [row for row in batch if stored[row[0]][1]]
        changed += differing
        created += len(missing)
        unchanged += len(batch) - len({row[0] for row in [*missing, *differing]})
    _update_in_order(*_with_folded(columns, changed), batch_size=batch_size)
    return ids, Counts(created, len(ids) - created - unchanged, unchanged)


def look_up(
    model: type[models.Model], names: Sequence[str], values: Sequence[Any], *, using: str
) -> list[Row]:
    """Return the columns ``names`` of the rows in which the first of them is one of ``values``, in no order."""
    columns = Columns(model, names, connections[using])
    given = Columns(model, names[:1], columns.connection)
    wanted = ", ".join(f"stored.{name}" for name in columns.quoted)
    with columns.connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {wanted} FROM {given.source} {given.join} {given.table} AS stored "
            f"ON stored.{given.quoted[0]} = given.{given.quoted[0]}",
            [given.packed([(value,) for value in values])],
        )
        return list(cursor.fetchall())


def insert(
    model: type[models.Model],
    names: Sequence[str],
    rows: Sequence[Row],
    *,
    using: str,
    batch_size: int,
    ignore_conflicts: bool = False,
) -> None:
    """Insert rows in the order in which they are given. ``names`` are the columns that they give in that order.

    ``ignore_conflicts``: one that is there already stays as it is.

    :raises IntegrityError: if one is there already otherwise.
    """
    columns, folded = _with_folded(Columns(model, names, connections[using]), rows)
    for batch in batched(folded, batch_size):
        sql, parameters = _insertion(columns, batch, ignore_conflicts=ignore_conflicts)
        with columns.connection.cursor() as cursor:
            cursor.execute(sql, parameters)


def overwrite(
    model: type[models.Model],
    names: Sequence[str],
    rows: Iterable[Row],
    *,
    using: str,
    batch_size: int,
) -> None:
    """Write columns of rows that are there: ``names`` are what ``rows`` give, first of them the key that tells which.

    A None leaves what is stored. It locks in no order: for rows that nobody else writes meanwhile.
    """
    columns = Columns(model, names, connections[using])
    for batch in batched(rows, batch_size):
        _overwrite(columns, batch)


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


def _update_in_order(columns: Columns, rows: Iterable[Row], *, batch_size: int) -> None:
    """Write the rows, batch by batch, each locked first in the order in which the keys were sorted here.

    An UPDATE alone locks in the order in which it happens to find its rows, and deadlocks with another one.
    """
    using = columns.connection.alias
    for batch in batched(rows, batch_size):
        with transaction.atomic(using=using, savepoint=False):
            lock_in_order(columns.model, columns.names[0], [row[0] for row in batch], using=using)
            _overwrite(columns, batch)


def _overwrite(columns: Columns, rows: Iterable[Row]) -> None:
    key, *rest = columns.quoted
    said = ", ".join(f"{name} = coalesce(given.{name}, {columns.table}.{name})" for name in rest)
    with columns.connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {columns.table} SET {said} FROM {columns.source} "
            f"WHERE {columns.table}.{key} = given.{key}",
            [columns.packed(rows)],
        )


def _stored(columns: Columns, rows: Sequence[Row]) -> dict[str, tuple[int, bool]]:
    """Return the primary key of each row that is there by its key, and whether it differs from what is given."""
    if not rows:
        return {}
    key, *rest = columns.quoted
    differs = "IS DISTINCT FROM" if columns.is_postgresql else "IS NOT"
    differing = " OR ".join(
        f"(given.{name} IS NOT NULL AND given.{name} {differs} stored.{name})" for name in rest
    )
    with columns.connection.cursor() as cursor:
        cursor.execute(
            f"SELECT stored.{key}, stored.{columns.primary_key}, {differing or '1 = 0'} "
            f"FROM {columns.source} {columns.join} {columns.table} AS stored ON stored.{key} = given.{key}",
            [columns.packed(rows)],
        )
        return {key: (pk, bool(is_other)) for key, pk, is_other in cursor.fetchall()}


def _insert(columns: Columns, rows: Iterable[Row]) -> dict[str, tuple[int, bool]]:
    """Insert what is missing; return the primary keys of what was not there by then, as ``_stored`` does."""
    sql, parameters = _insertion(columns, rows, ignore_conflicts=True)
    with columns.connection.cursor() as cursor:
        if not columns.connection.features.can_return_rows_from_bulk_insert:
            cursor.execute(sql, parameters)
            return {}
        cursor.execute(f"{sql} RETURNING {columns.quoted[0]}, {columns.primary_key}", parameters)
        return {key: (pk, False) for key, pk in cursor.fetchall()}


def _insertion(
    columns: Columns, rows: Iterable[Row], *, ignore_conflicts: bool
) -> tuple[str, list[Any]]:
    """Return the statement that inserts the rows in their order, with its parameters.

    What is not said becomes the field's default, as in a row that Django makes.
    """
    terms: dict[str, str] = {}
    parameters: list[Any] = []
    for field in columns.model._meta.concrete_fields:
        name = columns.quote(field.column or "")
        is_given = field.attname in columns.names
        default = _default(field, columns.connection) if not field.null else None
        if default is not None and (is_given or not field.has_db_default()):
            constant = columns.constant(field)
            terms[name] = f"coalesce(given.{name}, {constant})" if is_given else constant
            parameters.append(default)
        elif is_given:
            terms[name] = f"given.{name}"
    sql = (
        f"INSERT INTO {columns.table} ({', '.join(terms)}) SELECT {', '.join(terms.values())} "
        f"FROM {columns.source} WHERE 1 = 1 ORDER BY place"
    )
    if ignore_conflicts:
        sql += " ON CONFLICT DO NOTHING"
    return sql, [*parameters, columns.packed(rows)]


def _default(field: models.Field[Any, Any], connection: BaseDatabaseWrapper) -> Any:
    if field.primary_key:
        return None
    return field.get_db_prep_save(field.get_default(), connection)


def _with_folded(columns: Columns, rows: Iterable[Row]) -> tuple[Columns, Iterable[Row]]:
    """Add what search looks for to rows that name what it is made of.

    :raises ValueError: if only some of it is named, or said.
    """
    names = columns.names
    for field in unfolded(columns.model, names):
        places = [names.index(source) for source in field.sources]
        rows = [(*row, _fold(field, [row[place] for place in places])) for row in rows]
        columns = replace(columns, names=[*columns.names, field.attname])
    return columns, rows


def _fold(field: FoldedField, texts: Sequence[str | None]) -> str | None:
    """Return None where nothing is said of the texts.

    :raises ValueError: if something is said of some of them only: what stands in the others is not known here.
    """
    if all(text is None for text in texts):
        return None
    if None in texts:
        raise ValueError(f"{field} is to be written too, and wants {', '.join(field.sources)}.")
    return field.fold(dict(zip(field.sources, texts, strict=True)))

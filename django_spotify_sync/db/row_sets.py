"""Many rows as one parameter of a statement, which the database takes apart again. Knows nothing of Spotify.

A statement with a place for each value is put together value by value, and taken apart so: that, and not the database,
is what writing tens of thousands of rows costs. So a set of rows travels as one JSON array, and whatever is to become
of it is one statement over it, as ``INSERT … SELECT``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import msgspec
from django.db import models

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

#: The values of one row, in the order of the columns of its set. None is null, or what the source did not say.
type Row = tuple[Any, ...]


@dataclass(frozen=True)
class Columns:
    """Some columns of a table, as sets of rows bring them over one connection."""

    model: type[models.Model]
    names: Sequence[str]
    connection: BaseDatabaseWrapper

    @cached_property
    def fields(self) -> list[models.Field[Any, Any]]:
        by_name = {field.attname: field for field in self.model._meta.concrete_fields}
        return [by_name[name] for name in self.names]

    @cached_property
    def quoted(self) -> list[str]:
        """The columns' names, as SQL has them."""
        return [self.quote(field.column or "") for field in self.fields]

    @cached_property
    def table(self) -> str:
        return self.quote(self.model._meta.db_table)

    @cached_property
    def primary_key(self) -> str:
        return self.quote(self.model._meta.pk.column or "")

    @cached_property
    def source(self) -> str:
        """A table of the one parameter: these columns, and ``place``, which is the order in which rows were given."""
        if self.is_postgresql:
            terms = [_out_of_jsonb(*column) for column in enumerate(map(self._type, self.fields))]
            rows = "jsonb_array_elements(%s::jsonb) WITH ORDINALITY AS rows (one, place)"
            place = "place"
        else:
            terms = [f"json_extract(rows.value, '$[{index}]')" for index in range(len(self.names))]
            rows = "json_each(%s) AS rows"
            place = "rows.key AS place"
        columns = [f"{term} AS {name}" for term, name in zip(terms, self.quoted, strict=True)]
        return f"(SELECT {', '.join([*columns, place])} FROM {rows}) AS given"

    @property
    def join(self) -> str:
        """How SQL joins it to a table of which each row is to be looked up by an index."""
        # a CROSS JOIN is done by SQLite from left to right
        return "JOIN" if self.is_postgresql else "CROSS JOIN"

    @property
    def is_postgresql(self) -> bool:
        return self.connection.vendor == "postgresql"

    def packed(self, rows: Iterable[Row]) -> str:
        """Return the rows as the parameter."""
        if not self._ways:
            return msgspec.json.encode(list(rows)).decode()
        plain = [list(row) for row in rows]
        for index, way in self._ways:
            for row in plain:
                if row[index] is not None:
                    row[index] = way(row[index])
        return msgspec.json.encode(plain).decode()

    @cached_property
    def _ways(self) -> list[tuple[int, Callable[[Any], Any]]]:
        """What becomes of values that SQLite stores as texts of its own making, by the place of their column."""
        if self.is_postgresql:
            return []
        ways: dict[type[Any], Callable[[Any], Any]] = {
            models.DateTimeField: self.connection.ops.adapt_datetimefield_value,
            models.JSONField: json.dumps,
        }
        return [
            (index, ways[type(field)])
            for index, field in enumerate(self.fields)
            if type(field) in ways
        ]

    def quote(self, name: str) -> str:
        return self.connection.ops.quote_name(name)

    def constant(self, field: models.Field[Any, Any]) -> str:
        """Return the place of a parameter that is a value of the field."""
        return f"%s::{self._type(field)}" if self.is_postgresql else "%s"

    def _type(self, field: models.Field[Any, Any]) -> str:
        """Return the type of a column, as PostgreSQL names it."""
        kind = _target(field).db_type(self.connection) or ""
        return kind.split("(")[0]  # to cast to varchar(9) would cut, and not refuse


def _target(field: models.Field[Any, Any]) -> models.Field[Any, Any]:
    """Return the field whose values it holds."""
    return _target(field.target_field) if isinstance(field, models.ForeignKey) else field


def _out_of_jsonb(index: int, kind: str) -> str:
    if kind == "jsonb":
        return f"nullif(one->{index}, 'null')"
    return f"(one->>{index})::{kind}"

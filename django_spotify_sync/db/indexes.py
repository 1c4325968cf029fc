"""CompositeHashIndex: look up rows by several columns at once, long texts among them. Knows nothing of Spotify.

PostgreSQL's hash method takes one column. This index gives it one: a bigint that folds the columns, each hash seeding
the next. A look-up (``matching``) asks for that number *and* for the plain equalities, so a collision can never answer
wrongly. Other databases get an ordinary composite index under the same name, from the same migration.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.backends.ddl_references import Columns, Statement, Table
from django.db.models.expressions import Combinable, Expression
from django.db.models.sql.compiler import SQLCompiler

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

_TEXT = (models.CharField, models.TextField)
_INTEGERS = (models.IntegerField, models.AutoField, models.ForeignKey)


class CompositeHashIndex(models.Index):
    """``USING hash`` over a fold of ``fields`` on PostgreSQL, an ordinary composite index elsewhere.

    Fields are integers, foreign keys to integers, or texts; nulls are never found by it.
    """

    def __init__(self, *, fields: Sequence[str], name: str) -> None:
        if len(fields) < 2:
            raise ValueError(
                "A CompositeHashIndex needs two fields or more; for one, Django has HashIndex."
            )
        if any(field.startswith("-") for field in fields):
            raise ValueError(
                "A hash has no order: take the minus from the fields of a CompositeHashIndex."
            )
        super().__init__(fields=list(fields), name=name)

    def deconstruct(self) -> tuple[str, Sequence[Any], dict[str, Any]]:
        _, args, kwargs = super().deconstruct()
        return "django_spotify_sync.db.indexes.CompositeHashIndex", args, kwargs

    def create_sql(
        self,
        model: type[models.Model],
        schema_editor: BaseDatabaseSchemaEditor,
        using: str = "",
        **kwargs: Any,
    ) -> Statement:
        fields = _fields(model, self)  # here, so that a wrong field is refused by every database
        if schema_editor.connection.vendor != "postgresql":
            return super().create_sql(model, schema_editor, using, **kwargs)
        concurrently = "CONCURRENTLY " if kwargs.get("concurrently") else ""
        table, quote = model._meta.db_table, schema_editor.quote_name
        return Statement(
            f"CREATE INDEX {concurrently}%(name)s ON %(table)s USING hash ((%(fold)s))",
            name=quote(self.name or ""),
            table=Table(table, quote),
            fold=_FoldOfColumns(table, fields, quote),
        )


class _FoldOfColumns(Columns):
    """The fold in a statement that waits for its migration's end, and follows what is renamed meanwhile."""

    def __init__(
        self, table: str, fields: Sequence[models.Field[Any, Any]], quote: Callable[[str], str]
    ) -> None:
        super().__init__(table, [field.column or "" for field in fields], quote)
        self.fields = fields

    def __str__(self) -> str:
        quoted = [self.quote_name(column) for column in self.columns]
        return _fold(list(zip(quoted, self.fields, strict=True)))


def matching(index: str, model: type[models.Model], values: dict[str, Any]) -> models.Q:
    """Return the condition that ``index`` of ``model`` serves: its fields are equal to ``values``, and none is null.

    ``QuerySet.filter(matching("name", Model, {"playlist_id": 1, "uri": "…"}))``. For many values of one field there
    is ``matching_any``; where keys differ in more fields, join several by ``|``, in chunks of 50 at most.

    :raises LookupError: if there is no such CompositeHashIndex, or ``values`` are not those of its fields.
    """
    fields = _fields_of(index, model, values)
    if None in values.values():
        return models.Q(pk__in=())  # as in SQL, where nothing equals null
    row = [values[field.attname] for field in fields]
    return models.Q(**values) & models.Q(_FoldEquals(fields, row))


def matching_any(
    index: str, model: type[models.Model], values: dict[str, Any], **many: Iterable[Any]
) -> models.Q:
    """Return the condition that a row matches for one of the values of a field: one term, however many there are.

    ``matching_any("name", Model, {"playlist_id": 1}, uri=uris)``. PostgreSQL probes the index once for each.

    :raises LookupError: if there is no such CompositeHashIndex, or the fields are not those of it.
    """
    [(name, each)] = many.items()
    each = list(each)
    if not each:
        return models.Q(pk__in=())
    fields = _fields_of(index, model, {**values, name: each})
    return models.Q(pk__in=_KeysOf(fields, values, name, each))


class _FoldEquals(Expression):
    """The fold of the columns = that of the values, on PostgreSQL.

    True elsewhere, where the plain equality beside it serves.
    """

    conditional = True
    output_field = models.BooleanField()

    def __init__(self, fields: Sequence[models.Field[Any, Any]], values: Sequence[Any]) -> None:
        super().__init__()
        self.fields = fields
        self.values = values
        self.columns: list[Combinable] = [models.F(field.attname) for field in fields]

    def get_source_expressions(self) -> list[Any]:
        return list(self.columns)

    def set_source_expressions(self, exprs: Sequence[Any]) -> None:
        self.columns = list(exprs)

    def as_sql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **kwargs: Any
    ) -> tuple[str, tuple[Any, ...]]:
        return "1 = 1", ()

    def as_postgresql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **kwargs: Any
    ) -> tuple[str, tuple[Any, ...]]:
        columns = [compiler.compile(column)[0] for column in self.columns]  # type: ignore[arg-type]
        left = _fold(list(zip(columns, self.fields, strict=True)))
        right = _fold([("%s", field) for field in self.fields])
        # the last column is the outermost call of the fold, so its parameter comes first
        params = tuple(
            field.get_db_prep_value(value, connection)
            for field, value in reversed(list(zip(self.fields, self.values, strict=True)))
        )
        return f"({left}) = ({right})", params


class _KeysOf(Expression):
    """The keys of the rows that have these values, and in the field ``name`` one of the many.

    The many are one parameter: their number changes neither the statement nor what it takes to put it together.
    """

    def __init__(
        self,
        fields: Sequence[models.Field[Any, Any]],
        values: Mapping[str, Any],
        name: str,
        many: Sequence[Any],
    ) -> None:
        [self.varied] = [field for field in fields if field.attname == name]
        super().__init__(output_field=self.varied.model._meta.pk)
        self.fields, self.values, self.many = fields, values, many

    def as_sql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **kwargs: Any
    ) -> tuple[str, tuple[Any, ...]]:
        key, table, columns = self._names(connection)
        given, many = self._params(connection)
        terms = (
            f"{column} IN (SELECT value FROM json_each(%s))"  # noqa: S608 - the name of a column
            if field is self.varied
            else f"{column} = %s"
            for column, field in zip(columns, self.fields, strict=True)
        )
        params = (given.get(field.attname, json.dumps(many)) for field in self.fields)
        found = f"SELECT {key} FROM {table} WHERE {' AND '.join(terms)}"  # noqa: S608
        return f"({found})", tuple(params)

    def as_postgresql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **kwargs: Any
    ) -> tuple[str, tuple[Any, ...]]:
        key, table, columns = self._names(connection)
        given, many = self._params(connection)
        wanted = ["wanted.one" if field is self.varied else "%s" for field in self.fields]
        equal = " AND ".join(f"{one} = {two}" for one, two in zip(columns, wanted, strict=True))
        of_columns, of_wanted = (
            _fold(list(zip(terms, self.fields, strict=True))) for terms in (columns, wanted)
        )
        kind = "bigint" if _is_integer(self.varied) else "text"
        # OFFSET has PostgreSQL probe the index for each, as it does nowhere else: = ANY(subquery) takes quadratic time.
        found = (
            f"SELECT found.key FROM unnest(%s::{kind}[]) AS wanted (one), LATERAL"  # noqa: S608
            f" (SELECT {key} AS key FROM {table} WHERE ({of_columns}) = ({of_wanted}) AND {equal} OFFSET 0) AS found"
        )
        # the last column is the outermost call of the fold, so its parameter comes first
        return f"({found})", (many, *reversed(given.values()), *given.values())

    def _names(self, connection: BaseDatabaseWrapper) -> tuple[str, str, list[str]]:
        quote, model = connection.ops.quote_name, self.varied.model._meta
        columns = [quote(field.column or "") for field in self.fields]
        return quote(model.pk.column or ""), quote(model.db_table), columns

    def _params(self, connection: BaseDatabaseWrapper) -> tuple[dict[str, Any], list[Any]]:
        given = {
            field.attname: field.get_db_prep_value(self.values[field.attname], connection)
            for field in self.fields
            if field is not self.varied
        }
        return given, [self.varied.get_db_prep_value(one, connection) for one in self.many]


def _fields_of(
    index: str, model: type[models.Model], names: Collection[str]
) -> list[models.Field[Any, Any]]:
    found = next((item for item in model._meta.indexes if item.name == index), None)
    if not isinstance(found, CompositeHashIndex):
        raise LookupError(f"{model.__name__} has no CompositeHashIndex {index!r}.")
    fields = _fields(model, found)
    if set(names) != (wanted := {field.attname for field in fields}):
        raise LookupError(f"{index} takes {', '.join(sorted(wanted))}; given: {', '.join(names)}.")
    return fields


def _fields(model: type[models.Model], index: models.Index) -> list[models.Field[Any, Any]]:
    by_name = {field.name: field for field in model._meta.concrete_fields}
    if unknown := [name for name in index.fields if name not in by_name]:
        raise FieldDoesNotExist(f"{model.__name__} has no column for {', '.join(unknown)}.")
    fields = [by_name[name] for name in index.fields]
    _fold([("", field) for field in fields])  # refuses what it cannot fold
    return fields


def _fold(columns: Sequence[tuple[str, models.Field[Any, Any]]]) -> str:
    """Return one bigint expression over SQL terms and their fields: each hash is the seed of the next."""
    (first, field), *rest = columns
    # A leading integer is a good seed as it is; a leading text has to be hashed first.
    folded = f"{first}::bigint" if _is_integer(field) else f"hashtextextended({first}::text, 0)"
    for term, field in rest:
        folded = (
            f"hashint8extended({term}::bigint, {folded})"
            if _is_integer(field)
            else f"hashtextextended({term}::text, {folded})"
        )
    return folded


def _is_integer(field: models.Field[Any, Any]) -> bool:
    if isinstance(field, models.ForeignKey):
        return _is_integer(field.target_field)
    if isinstance(field, _INTEGERS):
        return True
    if isinstance(field, _TEXT):
        return False
    raise TypeError(
        f"A CompositeHashIndex folds integers and texts; {field.name} is a {type(field).__name__}."
    )

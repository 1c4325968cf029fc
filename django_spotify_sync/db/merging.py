"""One row that many add to: inserted by the first, and merged with what is there by all others, in one statement."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import connections, models

from django_spotify_sync.db.transactions import done_again

ADDED = "{old} + {new}"
REPLACED = "{new}"
#: In words that both databases know: what is GREATEST to one is MAX to the other.
MOST = "CASE WHEN {old} > {new} THEN {old} ELSE {new} END"


def merge(
    model: type[models.Model],
    key: Mapping[str, Any],
    values: Mapping[str, Any],
    how: Mapping[str, str],
    *,
    using: str,
) -> None:
    """Insert a row of ``key`` and ``values``, or merge the values into the row of this key.

    ``how`` says by column how the two values become one. The key's columns are unique together. Done again while it
    meets others, unless inside a transaction.
    """
    connection = connections[using]
    quote = connection.ops.quote_name
    table = quote(model._meta.db_table)
    given = {**key, **values}
    row = {
        str(field.column): field.get_db_prep_save(
            given.get(field.name, field.get_default()), connection
        )
        for field in model._meta.concrete_fields
        if not field.primary_key
    }

    def merged(column: str) -> str:
        name = quote(column)
        return f"{name} = {how[column].format(old=f'{table}.{name}', new=f'EXCLUDED.{name}')}"

    sql = (
        f"INSERT INTO {table} ({', '.join(map(quote, row))}) VALUES ({', '.join(['%s'] * len(row))}) "
        f"ON CONFLICT ({', '.join(map(quote, key))}) DO UPDATE SET {', '.join(map(merged, values))}"
    )

    def write() -> None:
        with connection.cursor() as cursor:
            cursor.execute(sql, [*row.values()])

    done_again(write, using=using)

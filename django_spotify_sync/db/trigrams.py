"""Trigram indexes, by which PostgreSQL finds what contains a word. Knows nothing of Spotify.

They want the extension ``pg_trgm``, which is part of PostgreSQL but not there in every database, and not everybody may
create it. So they stand in no ``Meta.indexes``, where an index is there or the migration fails: they are made where
they can be, and all works without them. Other databases have none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import DatabaseError, models, transaction

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

_WHERE_THE_EXTENSION_IS = """
    SELECT nspname FROM pg_extension JOIN pg_namespace ON pg_namespace.oid = extnamespace WHERE extname = 'pg_trgm'
"""
_LEFT_HALF_MADE = """
    SELECT 1 FROM pg_index WHERE indexrelid = to_regclass(%s) AND NOT indisvalid
"""


def add_trigram_index(
    connection: BaseDatabaseWrapper, model: type[models.Model], column: str, name: str
) -> bool:
    """Make the index, beside whoever writes the table; return False where there can be none.

    An index that is there is left alone, one that an earlier attempt left half made is made anew.
    """
    if connection.vendor != "postgresql" or not (schema := _schema_of_trigrams(connection)):
        return False
    quote = connection.ops.quote_name
    table = quote(model._meta.db_table)
    # which Django cannot do inside of a transaction, as a test of the host's may be
    concurrently = "" if connection.in_atomic_block else "CONCURRENTLY"
    with connection.cursor() as cursor:
        cursor.execute(_LEFT_HALF_MADE, [quote(name)])
        if cursor.fetchone():
            cursor.execute(f"DROP INDEX {concurrently} {quote(name)}")
        cursor.execute(
            f"CREATE INDEX {concurrently} IF NOT EXISTS {quote(name)} ON {table}"
            f" USING gin ({quote(column)} {quote(schema)}.gin_trgm_ops)"
        )
    return True


def remove_trigram_index(connection: BaseDatabaseWrapper, name: str) -> None:
    """Remove the index if it is there."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"DROP INDEX IF EXISTS {connection.ops.quote_name(name)}")


def _schema_of_trigrams(connection: BaseDatabaseWrapper) -> str | None:
    """Return where the extension is, which is created where that is allowed; None if it is not to be had."""
    with connection.cursor() as cursor:
        cursor.execute(_WHERE_THE_EXTENSION_IS)
        if not (found := cursor.fetchone()):
            try:
                with transaction.atomic(using=connection.alias):
                    cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
            except DatabaseError:
                return None
            cursor.execute(_WHERE_THE_EXTENSION_IS)
            found = cursor.fetchone()
    return str(found[0]) if found else None

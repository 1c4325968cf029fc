"""Emptying the tables after a test that committed, in a few milliseconds.

Django empties every table, PostgreSQL's by giving each a new file, and then makes content types and permissions anew:
that takes longer than many a test. Nearly all tables are empty. So what holds rows is emptied by DELETE, in any order,
since Django's foreign keys are looked at when the transaction ends; content types and permissions stay. So does the
connection, which Django closes: a new one costs PostgreSQL a process that has yet to read what tables there are.
"""

from __future__ import annotations

from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.test import TransactionTestCase

MANY = 1_000  # rows for which PostgreSQL is quicker with a new file
KEPT = {"auth_permission", "django_content_type"}  # as migrations leave them; no test changes them


def empty_databases(test: TransactionTestCase) -> None:
    """Empty the databases of a test; stands in for Django's own."""
    for alias in test._databases_names(include_mirrors=False):
        empty(connections[alias])


def is_connection_spoilt(test: TransactionTestCase) -> bool:
    """Tell whether a test leaves a connection that no other should use; stands in for Django's "always"."""
    return any(
        connection.in_atomic_block or connection.errors_occurred or not connection.autocommit
        for connection in connections.all(initialized_only=True)
        if connection.connection
    )


def empty(connection: BaseDatabaseWrapper) -> None:
    """Delete all rows of all models."""
    tables = sorted({*connection.introspection.django_table_names(include_views=False)} - KEPT)
    names = [connection.ops.quote_name(table) for table in tables]
    counts = " UNION ALL ".join(
        f"SELECT {number}, count(*) FROM (SELECT 1 FROM {name} LIMIT {MANY + 1}) AS rows"
        for number, name in enumerate(names)
    )
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        cursor.execute(counts)
        held = {names[number]: count for number, count in cursor.fetchall() if count}
        if connection.vendor == "postgresql" and any(count > MANY for count in held.values()):
            cursor.execute(f"TRUNCATE {', '.join(names)}")
            return
        for name in held:
            cursor.execute(f"DELETE FROM {name}")

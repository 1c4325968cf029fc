"""What queries read and write."""

from __future__ import annotations

from django.test.utils import CaptureQueriesContext


def tables_written(queries: CaptureQueriesContext) -> set[str]:
    """Return the tables that statements wrote to."""
    # SQLite's word for rows that may be there already stands where PostgreSQL has none.
    said = [query["sql"].replace("INSERT OR IGNORE", "INSERT") for query in queries]
    words = [sql.split() for sql in said]
    verbs = {"INSERT": 2, "UPDATE": 1, "DELETE": 2}
    return {sql[verbs[sql[0]]].strip('"') for sql in words if sql[0] in verbs}

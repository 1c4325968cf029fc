"""The composite HASH index beside a B-tree on the same columns, on the models that carry it. For PostgreSQL.

Each table is copied without its rows and indexes, filled by the database itself, and then has one of the two at a time.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import connection, models

from benchmarks import site
from django_spotify_sync.db.indexes import matching_any
from django_spotify_sync.models import PlaylistItem, SavedTrack

ROWS = (1_000_000, 10_000_000)
LIBRARY = 5_000  # rows of one account, or of one playlist
KEYS, LOOKUPS, INSERTED = 50, 100, 10_000
COPY = "hash_or_btree"


@dataclass(frozen=True)
class Carrier:
    """A model with a composite HASH index: its columns, and how the second one's text begins."""

    model: type[models.Model]
    index: str
    owner: str
    text: str
    begins: str
    #: Columns that may not be null, with a value.
    others: dict[str, str]


CARRIERS = (
    Carrier(SavedTrack, "spotify_sync_saved_hash", "account_id", "spotify_id", "", {"rank": "n"}),
    Carrier(
        PlaylistItem,
        "spotify_sync_item_hash",
        "playlist_id",
        "uri",
        "spotify:track:",
        {"position": "n"},
    ),
)


def main(rows: tuple[int, ...] = ROWS) -> list[dict[str, Any]]:
    """Print and return a row for each model, size and kind of index."""
    found = []
    with site.database():
        for carrier in CARRIERS:
            for count in rows:
                _fill(carrier, count)
                found += [_measure(carrier, count, kind) for kind in ("hash", "btree")]
    site.table(f"HASH beside B-tree; look-ups of {KEYS} keys, {INSERTED:,} rows inserted", found)
    return found


def _fill(carrier: Carrier, count: int) -> None:
    _execute(f"DROP TABLE IF EXISTS {COPY}")
    _execute(f"CREATE TABLE {COPY} (LIKE {carrier.model._meta.db_table} INCLUDING DEFAULTS)")
    nullable = [
        field.column
        for field in carrier.model._meta.concrete_fields
        if not field.null and field.column not in (carrier.owner, carrier.text, *carrier.others)
    ]
    for column in nullable:
        if column != "id":
            _execute(f"ALTER TABLE {COPY} ALTER {column} DROP NOT NULL")
    _insert(carrier, 1, count)
    _execute(f"VACUUM ANALYZE {COPY}")


def _insert(carrier: Carrier, first: int, last: int) -> None:
    _execute(
        f"INSERT INTO {COPY} (id, {carrier.owner}, {carrier.text}, {', '.join(carrier.others)}) "
        f"SELECT n, n / {LIBRARY}, {_text_of(carrier, 'n')}, {', '.join(carrier.others.values())} "
        f"FROM generate_series({first}, {last}) n"
    )


def _text_of(carrier: Carrier, number: str) -> str:
    return f"'{carrier.begins}' || left(md5({number}::text), 22)"


def _measure(carrier: Carrier, count: int, kind: str) -> dict[str, Any]:
    _execute("CHECKPOINT")
    built, _ = _timed(lambda: _execute(_definition(carrier, kind)))
    _execute(f"ANALYZE {COPY}")
    size = _execute("SELECT pg_relation_size('measured_index')")[0][0]
    looked_up = [_look_up(carrier, count, turn) for turn in range(LOOKUPS)]
    _execute("CHECKPOINT")
    inserted, wal = _timed(lambda: _insert(carrier, count + 1, count + INSERTED))
    _execute(f"DELETE FROM {COPY} WHERE id > {count}")
    _execute("DROP INDEX measured_index")
    return {
        "model": carrier.model.__name__,
        "rows": count,
        "index": kind,
        "built_s": round(built, 1),
        "mb": round(size / 1e6),
        "lookup_ms": round(statistics.median(looked_up) * 1000, 2),
        "insert_s": round(inserted, 2),
        "insert_wal_mb": round(wal / 1e6, 1),
    }


def _definition(carrier: Carrier, kind: str) -> str:
    if kind == "btree":
        return f"CREATE INDEX measured_index ON {COPY} ({carrier.owner}, {carrier.text})"
    [index] = [one for one in carrier.model._meta.indexes if one.name == carrier.index]
    with connection.schema_editor(collect_sql=True) as editor:
        statement = str(index.create_sql(carrier.model, editor))
    table = connection.ops.quote_name(carrier.model._meta.db_table)
    name = connection.ops.quote_name(carrier.index)
    return statement.replace(table, COPY).replace(name, "measured_index")


def _look_up(carrier: Carrier, count: int, turn: int) -> float:
    """Ask for keys of one owner as the package does; return the seconds. By plain equality both kinds serve."""
    owner = 1 + turn * 7919 % (count // LIBRARY - 1)
    numbers = range(owner * LIBRARY, (owner + 1) * LIBRARY, LIBRARY // KEYS)
    texts = [
        text
        for (text,) in _execute(
            f"SELECT {_text_of(carrier, 'n')} FROM unnest(%s::bigint[]) n", [list(numbers)]
        )
    ]
    condition = matching_any(
        carrier.index, carrier.model, {carrier.owner: owner}, **{carrier.text: texts}
    )
    rows = carrier.model._default_manager.filter(condition).values_list("pk")
    statement, values = rows.query.sql_with_params()
    table = connection.ops.quote_name(carrier.model._meta.db_table)
    found: list[Any] = []
    seconds, _ = _timed(
        lambda: found.extend(_execute(statement.replace(table, COPY), list(values)))
    )
    if len(found) != KEYS:
        raise RuntimeError(f"{len(found)} of {KEYS} rows were found.")
    return seconds


def _timed(act: Callable[[], Any]) -> tuple[float, int]:
    """Return the seconds and the bytes of WAL that it takes."""
    wal, started = _wal(), time.perf_counter()
    act()
    return time.perf_counter() - started, _wal() - wal


def _wal() -> int:
    return int(_execute("SELECT pg_current_wal_lsn() - '0/0'")[0][0])


def _execute(statement: str, values: list[Any] | None = None) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall() if cursor.description else []

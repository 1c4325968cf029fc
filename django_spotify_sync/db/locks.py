"""Row locks: those that wait for nobody, and those that all take in one order."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import connections, models
from django.db.models.functions import Collate


def lock_free[Rows: models.QuerySet[Any]](rows: Rows) -> Rows:
    """Lock those of ``rows`` that nobody else has locked; what comes back leaves the others out.

    To be evaluated inside a transaction. A database without row locks (SQLite) has one for the whole file.
    """
    if connections[rows.db].features.has_select_for_update_skip_locked:
        return rows.select_for_update(of=("self",), skip_locked=True)
    return rows


def wait_at_most(seconds: float, *, using: str) -> None:
    """Have the open transaction fail where it would wait for a lock for longer; SQLite has a timeout of its own.

    Then the database raises OperationalError.
    """
    connection = connections[using]
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('lock_timeout', %s, true)", [f"{seconds * 1000:.0f}"])


def lock_in_order(
    model: type[models.Model], key: str, values: Iterable[str], *, using: str
) -> set[str]:
    """Lock rows in the order in which all writers here meet them; return the keys of those that are there.

    Rows that point at them may be written meanwhile. A database without row locks (SQLite) has one for the whole file:
    there nothing is done, and all are said to be there.
    """
    values = list(values)
    if connections[using].features.has_select_for_update:
        found = model._default_manager.using(using).filter(**{f"{key}__in": values})
        # "C" sorts by code point as Python does; a language's collation does not
        in_order = found.select_for_update(no_key=True).order_by(Collate(key, "C"))
        return set(in_order.values_list(key, flat=True))
    return set(values)

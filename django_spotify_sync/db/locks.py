"""Row locks that wait for nobody."""

from __future__ import annotations

from typing import Any

from django.db import connections, models


def lock_free[Rows: models.QuerySet[Any]](rows: Rows) -> Rows:
    """Lock those of ``rows`` that nobody else has locked; what comes back leaves the others out.

    To be evaluated inside a transaction. A database without row locks (SQLite) has one for the whole file.
    """
    if connections[rows.db].features.has_select_for_update_skip_locked:
        return rows.select_for_update(of=("self",), skip_locked=True)
    return rows

"""A table read in chunks, each by a query of its own: no cursor stays open while something else is done in between."""

from __future__ import annotations

from collections.abc import Iterator
from operator import attrgetter
from typing import Any

from django.db import models
from django.db.models import Q


def in_chunks[Row: models.Model](
    rows: models.QuerySet[Row], *, size: int, by: str = "pk"
) -> Iterator[list[Row]]:
    """Give all of ``rows``, each once, in lists of at most ``size``, ordered by a column of theirs and then by key.

    A minus before the column turns the order round. The column must not be null. Rows that leave the queryset
    meanwhile, or come to stand behind what was given, are no reason to read again.
    """
    column = by.removeprefix("-")
    sign, way = ("-", "lt") if by.startswith("-") else ("", "gt")
    value = attrgetter(column.replace("__", "."))
    ordered: models.QuerySet[Any] = rows.order_by(*dict.fromkeys((by, f"{sign}pk")))
    after = Q()
    while chunk := list(ordered.filter(after)[:size]):
        yield chunk
        last = chunk[-1]
        reached = value(last)
        after = Q(**{f"{column}__{way}": reached})
        if column != "pk":
            beyond = after | Q(**{column: reached, f"pk__{way}": last.pk})
            # said apart, since only so an index is read from there on
            after = Q(**{f"{column}__{way}e": reached}) & beyond

"""Pages of a list by the key of the row at their edge: equally quick at its end, and steady while rows come and go.

Rows without a value in the key come last, whichever way and on every database: they are a segment of their own, since
an index cannot be read with its nulls moved.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db.models import F, Func, Q, QuerySet, TextField, Value
from django.db.models.expressions import Combinable
from django.db.models.lookups import GreaterThan, LessThan
from django.utils.dateparse import parse_datetime
from django.utils.timezone import is_naive

from django_spotify_sync.models.saved_tracks import name_key

_MAX_NUMBER = 2**63 - 1
_KEY = "cursor_key"


@dataclass(frozen=True, slots=True)
class Order:
    """One way to order a list: by ``key``, ties by the primary key.

    ``read`` makes the key of what a cursor holds, and raises ValueError if it is none. Where a page is found ``apart``,
    it is found by keys alone, and its rows are read by a query of their own: a database that sorts many rows, or
    believes that it has to, does so without all that belongs to each.
    """

    key: Combinable
    read: Callable[[Any], Any]
    nullable: bool = False
    apart: bool = False


def by_time(field: str, *, nullable: bool = False) -> Order:
    """Order by a time."""
    return Order(F(field), _time, nullable)


def by_number(key: str | Combinable, *, nullable: bool = False, apart: bool = False) -> Order:
    """Order by a whole number, not negative."""
    return Order(F(key) if isinstance(key, str) else key, _number, nullable, apart)


def by_name(name: str | Combinable) -> Order:
    """Order by a name, capitals as small letters; names are compared as the database's collation has it."""
    return by_text(name_key(name))


def by_text(key: str | Combinable, *, nullable: bool = False, apart: bool = False) -> Order:
    """Order by a text as it is. It travels in addresses, so it is to be short."""
    return Order(F(key) if isinstance(key, str) else key, _text, nullable, apart)


def _time(value: Any) -> datetime:
    moment = parse_datetime(value) if isinstance(value, str) else None
    if moment is None:
        raise ValueError("no time")
    return moment.replace(tzinfo=UTC) if is_naive(moment) else moment.astimezone(UTC)


def _number(value: Any) -> int:
    if type(value) is not int or not 0 <= value <= _MAX_NUMBER:
        raise ValueError("no number")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str) or "\0" in value:
        raise ValueError("no text")
    value.encode()  # raises a ValueError for half a character
    return value


@dataclass(frozen=True, slots=True)
class Cursor:
    """The edge of a page: rows after it are wanted or, ``backwards``, those before it."""

    value: Any
    pk: int
    backwards: bool = False


@dataclass(frozen=True, slots=True)
class KeysetPage:
    """Some rows of a list that is ordered by ``ordering``, and whether there are more on either side."""

    rows: list[Any]
    ordering: str
    has_previous: bool
    has_next: bool

    @property
    def before(self) -> str | None:
        """The cursor of the page before, as clients carry it; None if there is none."""
        return self._at(0, backwards=True) if self.has_previous else None

    @property
    def after(self) -> str | None:
        """The cursor of the next page; None if there is none."""
        return self._at(-1, backwards=False) if self.has_next else None

    def _at(self, edge: int, *, backwards: bool) -> str | None:
        if not self.rows:
            return None
        row = self.rows[edge]
        return packed(self.ordering, getattr(row, _KEY), row.pk, backwards=backwards)


def page_of(
    rows: QuerySet[Any],
    ordering: str,
    order: Order,
    *,
    size: int,
    cursor: Cursor | None = None,
    from_end: bool = False,
    skip: int = 0,
) -> KeysetPage:
    """Return the page at the cursor; without one the first, that behind ``skip`` rows or, ``from_end``, the last.

    ``ordering`` is the name of ``order``, with a minus before it where it is turned round.
    """
    backwards = cursor.backwards if cursor else from_end
    found: list[Any] = []
    segments = _segments(rows.annotate(**{_KEY: order.key}), ordering, order, cursor, backwards)
    left_out = skip > 0
    for segment in segments:
        if missing := size + 1 - len(found):
            if order.apart or skip:  # what is left out is gone through by its keys alone
                keys = list(segment.values_list("pk", flat=True)[skip : skip + missing])
                if skip:
                    skip = 0 if keys else max(0, skip - segment.count())
                segment = segment.filter(pk__in=keys)
            found += segment[:missing]
    more, found = len(found) > size, found[:size]
    if backwards:
        found.reverse()
        return KeysetPage(found, ordering, has_previous=more, has_next=cursor is not None)
    has_previous = cursor is not None or left_out
    return KeysetPage(found, ordering, has_previous=has_previous, has_next=more)


def _segments(
    rows: QuerySet[Any], ordering: str, order: Order, cursor: Cursor | None, backwards: bool
) -> list[QuerySet[Any]]:
    """Return what lies beyond the cursor, nearest first: rows with a value, rows without, or the other way."""
    downwards = ordering.startswith("-") != backwards
    sign, way = ("-", "lt") if downwards else ("", "gt")
    having = rows.order_by(f"{sign}{_KEY}", f"{sign}pk")
    without = rows.none()
    if order.nullable:
        having = having.filter(**{f"{_KEY}__isnull": False})
        without = rows.filter(**{f"{_KEY}__isnull": True}).order_by(f"{sign}pk")
    if cursor is None:
        return [without, having] if backwards else [having, without]
    if cursor.value is None:
        beyond = Q(**{f"pk__{way}": cursor.pk})
        return [without.filter(beyond), *([having] if backwards else [])]
    # compared as a pair: so an index is read from there on, and a key that is no column is found once a row
    compare = LessThan if downwards else GreaterThan
    having = having.filter(
        compare(_pair(F(_KEY), F("pk")), _pair(Value(cursor.value), Value(cursor.pk)))
    )
    return [having] if backwards else [having, without]


def _pair(one: Combinable, two: Combinable) -> Func:
    return Func(one, two, template="(%(expressions)s)", output_field=TextField())


def packed(ordering: str, value: Any, pk: int, *, backwards: bool = False) -> str:
    """Return the cursor at a row of an ordering, as clients carry it."""
    value = value.isoformat() if isinstance(value, datetime) else value
    plain = json.dumps([ordering, value, pk, int(backwards)], ensure_ascii=False)
    return base64.urlsafe_b64encode(plain.encode()).decode()


def unpacked(text: str, ordering: str, order: Order) -> Cursor:
    """Return the cursor that a client brought.

    :raises ValueError: if it is none of ours, or one of another order.
    """
    try:
        name, value, pk, backwards = json.loads(base64.urlsafe_b64decode(text.encode()))
        if name != ordering or (value is None and not order.nullable):
            raise ValueError("of another order")
        value = None if value is None else order.read(value)
        return Cursor(value, _number(pk), bool(backwards))
    except (ValueError, TypeError, OverflowError, RecursionError):
        raise ValueError("no cursor of this order") from None

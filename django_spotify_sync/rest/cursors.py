"""Pages by a cursor: equally quick at the end of a long list, and steady while rows come and go.

The cursor is the key of the row at a page's edge, not an offset. Rows without a value in the key come last, whichever
way and on every database: they are a segment of their own, since an index cannot be read with its nulls moved.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from django.db.models import F, Q, QuerySet
from django.db.models.expressions import Combinable
from django.db.models.functions import Lower, Substr
from django.utils.dateparse import parse_datetime
from django.utils.timezone import is_naive
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from django_spotify_sync.exceptions import UnknownParameter, Words

PAGE_SIZE = 50
_MAX_NUMBER = 2**63 - 1
_KEY = "cursor_key"
#: A name may be as long as it likes, an address may not: names alike for so long are told apart by their rows' ids.
_NAME_LENGTH = 100


@dataclass(frozen=True, slots=True)
class Order:
    """One way to order a list: by ``key``, ties by the primary key.

    ``read`` makes the key of what a cursor holds, and raises ValueError if it is none.
    """

    key: Combinable
    read: Callable[[Any], Any]
    nullable: bool = False


def by_time(field: str, *, nullable: bool = False) -> Order:
    """Order by a time."""
    return Order(F(field), _time, nullable)


def by_number(field: str) -> Order:
    """Order by a whole number, not negative."""
    return Order(F(field), _number)


def by_name(name: str | Combinable) -> Order:
    """Order by a name, capitals as small letters; names are compared as the database's collation has it."""
    return Order(Substr(Lower(name), 1, _NAME_LENGTH), _text)


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


class Ordered(Protocol):
    """A view whose rows have ``orders`` by name; a minus before a name turns it round."""

    orders: Mapping[str, Order]
    default_order: str


@dataclass(frozen=True, slots=True)
class Cursor:
    """The edge of a page: rows after it are wanted or, ``backwards``, those before it."""

    value: Any
    pk: int
    backwards: bool = False


class CursorPages(BasePagination):
    """Pages of 50 in the order that ``?ordering=`` names, one of the view's ``orders``."""

    page_size = PAGE_SIZE

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        ensure_known(request, self._parameters(view))
        self._url = request.build_absolute_uri()
        self._name = _ordering(request, view)
        order = view.orders[self._name.removeprefix("-")]
        cursor = self._decoded(request.query_params.get("cursor"), order)
        backwards = cursor is not None and cursor.backwards
        rows: list[Any] = []
        for segment in self._segments(queryset.annotate(**{_KEY: order.key}), order, cursor):
            if len(rows) <= self.page_size:
                rows += segment[: self.page_size + 1 - len(rows)]
        more, rows = len(rows) > self.page_size, rows[: self.page_size]
        if backwards:
            rows.reverse()
        self._page = rows
        self._has_next = backwards or more
        self._has_previous = more if backwards else cursor is not None
        return rows

    def get_paginated_response(self, data: Any) -> Response:
        return Response(
            {
                "next": self._link(-1, backwards=False) if self._has_next else None,
                "previous": self._link(0, backwards=True) if self._has_previous else None,
                "results": data,
            }
        )

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        link = {"type": "string", "format": "uri", "nullable": True}
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            "properties": {
                "next": {**link, "description": "The address of the next page."},
                "previous": {**link, "description": "The address of the page before."},
                "results": {**schema, "maxItems": self.page_size},
            },
        }

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        names = [name for order in view.orders for name in (order, f"-{order}")]
        turned = "A minus turns the order round."
        return [
            parameter("cursor", "Out of `next` or `previous`; says nothing to a client."),
            parameter("ordering", turned, enum=names, default=view.default_order),
        ]

    def _parameters(self, view: Any) -> list[str]:
        """Return what the query of the view's list may hold, by the same word as OpenAPI has it."""
        described = self.get_schema_operation_parameters(view)
        for backend in view.filter_backends:
            described += backend().get_schema_operation_parameters(view)
        return [one["name"] for one in described]

    def _segments(
        self, rows: QuerySet[Any], order: Order, cursor: Cursor | None
    ) -> list[QuerySet[Any]]:
        """Return what lies beyond the cursor, nearest first: rows with a value, rows without, or the other way."""
        backwards = cursor is not None and cursor.backwards
        downwards = self._name.startswith("-") != backwards
        sign, way = ("-", "lt") if downwards else ("", "gt")
        having = rows.order_by(f"{sign}{_KEY}", f"{sign}pk")
        without = rows.none()
        if order.nullable:
            having = having.filter(**{f"{_KEY}__isnull": False})
            without = rows.filter(**{f"{_KEY}__isnull": True}).order_by(f"{sign}pk")
        if cursor is None:
            return [having, without]
        beyond = Q(**{f"pk__{way}": cursor.pk})
        if cursor.value is None:
            return [without.filter(beyond), *([having] if backwards else [])]
        beyond |= Q(**{f"{_KEY}__{way}": cursor.value})
        # said as a range first, which is what an index can be read by
        having = having.filter(beyond, **{f"{_KEY}__{way}e": cursor.value})
        return [having] if backwards else [having, without]

    def _link(self, edge: int, *, backwards: bool) -> str | None:
        if not self._page:
            return None
        row = self._page[edge]
        cursor = packed(self._name, getattr(row, _KEY), row.pk, backwards=backwards)
        return replace_query_param(self._url, "cursor", cursor)

    def _decoded(self, cursor: str | None, order: Order) -> Cursor | None:
        """:raises ValidationError: if the cursor is none of ours, or one of another order."""
        if not cursor:
            return None
        try:
            name, value, pk, backwards = json.loads(base64.urlsafe_b64decode(cursor.encode()))
            if name != self._name or (value is None and not order.nullable):
                raise ValueError("of another order")
            value = None if value is None else order.read(value)
            return Cursor(value, _number(pk), bool(backwards))
        except (ValueError, TypeError, OverflowError, RecursionError):
            raise ValidationError({"cursor": [_("Invalid cursor.")]}) from None


def packed(ordering: str, value: Any, pk: int, *, backwards: bool = False) -> str:
    """Return the cursor at a row of an ordering, as clients carry it."""
    value = value.isoformat() if isinstance(value, datetime) else value
    plain = json.dumps([ordering, value, pk, int(backwards)], ensure_ascii=False)
    return base64.urlsafe_b64encode(plain.encode()).decode()


def _ordering(request: Request, view: Ordered) -> str:
    """:raises ValidationError: if the view has no such order."""
    name = request.query_params.get("ordering") or view.default_order
    if name.removeprefix("-") not in view.orders:
        known = ", ".join(view.orders)
        raise ValidationError({"ordering": [_("There is: %(known)s.") % {"known": known}]})
    return name


def ensure_known(request: Request, known: Sequence[str]) -> None:
    """Pass if the query holds nothing but what is ``known``: what is misspelt would narrow no list, unnoticed.

    :raises UnknownParameter: which says what there is.
    """
    for name in request.query_params:
        if (
            name not in known and name != "format"
        ):  # REST framework's clients send that, and JSON they get
            raise UnknownParameter(
                Words("There is no parameter %(name)s here; there are: %(known)s."),
                name=name[:_NAME_LENGTH],
                known=", ".join(known),
            )


def parameter(name: str, description: str, **schema: Any) -> dict[str, Any]:
    """Describe a parameter of a query, as OpenAPI has it."""
    return {
        "name": name,
        "in": "query",
        "required": False,
        "description": description,
        "schema": {"type": "string", **schema},
    }

"""Pages by a cursor: equally quick at the end of a long list, and steady while rows come and go.

The cursor is the key of the row at a page's edge, not an offset. Rows without a value in the ordering field come last,
on every database: they are a segment of their own, since an index cannot be read with its nulls moved.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from rest_framework.exceptions import NotFound
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

PAGE_SIZE = 50
_MAX_PK = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Cursor:
    """The edge of a page: rows after it are wanted or, ``backwards``, those before it."""

    value: Any
    pk: int
    backwards: bool = False


class CursorPages(BasePagination):
    """Pages of 50, highest ``field`` first, ties by the primary key."""

    page_size = PAGE_SIZE
    field: str

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        self._url = request.build_absolute_uri()
        cursor = self._decoded(request.query_params.get("cursor"), queryset)
        backwards = cursor is not None and cursor.backwards
        rows: list[Any] = []
        for segment in self._segments(queryset, cursor):
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

    def _segments(self, rows: QuerySet[Any], cursor: Cursor | None) -> list[QuerySet[Any]]:
        """Return what lies beyond the cursor, nearest first: rows with a value, rows without, or the other way."""
        backwards = cursor is not None and cursor.backwards
        sign = "" if backwards else "-"
        having = rows.filter(**{f"{self.field}__isnull": False})
        having = having.order_by(f"{sign}{self.field}", f"{sign}pk")
        without = rows.filter(**{f"{self.field}__isnull": True}).order_by(f"{sign}pk")
        if not rows.model._meta.get_field(self.field).null:
            without = without.none()
        if cursor is None:
            return [having, without]
        way = "gt" if backwards else "lt"
        beyond = Q(**{f"pk__{way}": cursor.pk})
        if cursor.value is None:
            return [without.filter(beyond), *([having] if backwards else [])]
        beyond |= Q(**{f"{self.field}__{way}": cursor.value})
        # said as a range first, which is what an index can be read by
        having = having.filter(beyond, **{f"{self.field}__{way}e": cursor.value})
        return [having] if backwards else [having, without]

    def _link(self, edge: int, *, backwards: bool) -> str | None:
        if not self._page:
            return None
        row = self._page[edge]
        value = getattr(row, self.field)
        packed = json.dumps([value if value is None else str(value), row.pk, int(backwards)])
        cursor = base64.urlsafe_b64encode(packed.encode()).decode()
        return replace_query_param(self._url, "cursor", cursor)

    def _decoded(self, cursor: str | None, queryset: QuerySet[Any]) -> Cursor | None:
        """:raises NotFound: if the cursor is none of ours."""
        if not cursor:
            return None
        try:
            value, pk, backwards = json.loads(base64.urlsafe_b64decode(cursor.encode()))
            if value is not None:
                value = queryset.model._meta.get_field(self.field).to_python(str(value))
            if isinstance(value, datetime):
                value = value.astimezone(UTC)
        except (ValueError, TypeError, OverflowError, RecursionError, ValidationError):
            raise NotFound("Invalid cursor.", "not_found") from None
        if not isinstance(pk, int) or not 0 <= pk <= _MAX_PK:
            raise NotFound("Invalid cursor.", "not_found")
        return Cursor(value, pk, bool(backwards))

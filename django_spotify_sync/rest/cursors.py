"""Pages by a cursor over REST: which order is asked for, at which cursor, and the addresses of the pages beside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from django_spotify_sync.exceptions import UnknownParameter, Words
from django_spotify_sync.rest.keyset import Cursor, Order, page_of, unpacked

PAGE_SIZE = 50
_NAME_LENGTH = 100


class Ordered:
    """A view whose rows have ``orders`` by name; a minus before a name turns it round."""

    orders: Mapping[str, Order]
    default_order: str

    def order_of(self, name: str) -> Order:
        """Return the one of this name, as it is to be read for this request."""
        return self.orders[name]


class CursorPages(BasePagination):
    """Pages of 50 in the order that ``?ordering=`` names, one of the view's ``orders``."""

    page_size = PAGE_SIZE

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        ensure_known(request, self._parameters(view))
        self._url = request.build_absolute_uri()
        self._name = _ordering(request, view)
        order = view.order_of(self._name.removeprefix("-"))
        cursor = self._decoded(request.query_params.get("cursor"), order)
        self._page = page_of(queryset, self._name, order, size=self.page_size, cursor=cursor)
        return self._page.rows

    def get_paginated_response(self, data: Any) -> Response:
        return Response(
            {
                "next": self._link(self._page.after),
                "previous": self._link(self._page.before),
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

    def _link(self, cursor: str | None) -> str | None:
        return cursor and replace_query_param(self._url, "cursor", cursor)

    def _decoded(self, cursor: str | None, order: Order) -> Cursor | None:
        """:raises ValidationError: if the cursor is none of ours, or one of another order."""
        if not cursor:
            return None
        try:
            return unpacked(cursor, self._name, order)
        except ValueError:
            raise ValidationError({"cursor": [_("Invalid cursor.")]}) from None


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

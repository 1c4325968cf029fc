"""What all our pages in the admin share: rows to be searched and looked at, however many there are, never changed."""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin
from django.core.paginator import Paginator
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from django_spotify_sync.admin.looks import NOTHING

if TYPE_CHECKING:  # ModelAdmin takes no parameter at run time
    ModelAdmin = admin.ModelAdmin[Any]
    RowPaginator = Paginator[Any]
else:
    ModelAdmin = admin.ModelAdmin
    RowPaginator = Paginator

#: So many rows are counted and can be paged through; whoever wants others searches for them.
COUNTED = 10_000
_SPOTIFY_ID = re.compile(
    r"(?:spotify:\w+:|https://open\.spotify\.com/(?:[\w-]+/)*)?([0-9A-Za-z]{22})(?:\?.*)?"
)


def called(title: object, kind: type[admin.FieldListFilter]) -> type[admin.FieldListFilter]:
    """Return a filter by a column that has no name of its own."""

    class Called(kind):  # type: ignore[valid-type,misc]
        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **options)
            self.title = title  # which Django takes from the column

    return Called


class BoundedPaginator(RowPaginator):
    """Counts no further than it pays: to count ten million rows takes seconds, and nobody leafs through them."""

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        return len(rows) if isinstance(rows, list) else int(rows.order_by()[:COUNTED].count())


class ReadOnlyAdmin(ModelAdmin):
    """Rows that only a sync writes: to be searched and looked at, never changed by hand.

    Sorted by primary key and by no click on a column, which would sort whole tables.
    """

    ordering = ("-pk",)
    sortable_by: ClassVar[tuple[str, ...]] = ()
    show_full_result_count = False
    # Facets count the whole table, for each word of a filter.
    show_facets = admin.ShowFacets.NEVER
    paginator = BoundedPaginator
    list_per_page = 50
    list_max_show_all = 200
    view_on_site = False  # `on_spotify` says where it leads
    #: The column that a Spotify id, URI or address is looked up in, by its index, instead of searching all texts.
    spotify_id_field = "spotify_id"
    #: Which rows words may find; a Spotify id finds any.
    found_by_words = Q()

    class Media:
        css = {"all": ["spotify_sync/admin.css"]}

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever deletes a user, on the user's own page, deletes what is theirs here as well; elsewhere nobody."""
        page = request.resolver_match.url_name if request.resolver_match else None
        if page is None or page.startswith(f"{self.opts.app_label}_"):
            return False
        return super().has_delete_permission(request, obj)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """With what the rows are called by, on a row's own page too."""
        rows = super().get_queryset(request)
        related = self.list_select_related
        return rows.select_related(*related) if isinstance(related, list | tuple) else rows

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        found = _SPOTIFY_ID.fullmatch(search_term.strip())
        if found and self.spotify_id_field:
            return queryset.filter(Q(**{self.spotify_id_field: found[1]})), False
        rows = queryset.filter(self.found_by_words) if search_term else queryset
        return super().get_search_results(request, rows, search_term)

    @admin.display(description=_("at Spotify"))
    def on_spotify(self, row: Any) -> str:
        return format_html('<a href="{0}" rel="noreferrer">{0}</a>', row.get_absolute_url())

    def link(self, row: Model | None, words: object = "") -> str:
        """Return a link to the row's page in this admin, or only its name where it has none."""
        if row is None:
            return NOTHING
        words = words or row
        try:
            url = reverse(self._url_of(row, "change"), args=[row.pk])
        except NoReverseMatch:  # a host's user model need not be in the admin
            return str(words)
        return format_html('<a href="{}">{}</a>', url, words)

    def list_link(self, model: type[Model], words: object, **query: object) -> str:
        """Return a link to the list of those rows of ``model``."""
        try:
            url = reverse(self._url_of(model, "changelist"), query=query)
        except NoReverseMatch:
            return str(words)
        return format_html('<a href="{}">{}</a>', url, words)

    def _url_of(self, row: Model | type[Model], page: str) -> str:
        meta = row._meta
        return f"{self.admin_site.name}:{meta.app_label}_{meta.model_name}_{page}"


class OfAccountAdmin(ReadOnlyAdmin):
    """Rows of one account each. ``?account__id__exact=`` shows those of one."""

    list_select_related: ClassVar[tuple[str, ...]] = ("account__user",)

    @admin.display(description=_("account"))
    def account_link(self, row: Any) -> str:
        return self.link(row.account, row.account.display_name or row.account.spotify_id)

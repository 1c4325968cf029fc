"""What is lost of a library, and what it has twice: both shown, and neither touched."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from django_spotify_sync.models import SpotifyAccount

from pages import doubles as doubled
from pages import lost as missing
from pages.visitors import connected

LOST_PER_PAGE = 50
GROUPS_PER_PAGE = 20


@require_safe
@connected
def lost(request: HttpRequest, account: SpotifyAccount) -> HttpResponse:
    """Show what is lost, all of it or that of one shelf (``?of=``)."""
    keys = missing.keys_of(account)
    shelves = missing.shelves(keys)
    of = request.GET.get("of", "")
    if of in {shelf.name for shelf in shelves}:
        wanted = [key for key in keys if key[0] == of]
    else:
        of, wanted = "", keys
    page = missing.page_of(account, wanted, request.GET.get("page"), LOST_PER_PAGE)
    context = {
        "count": len(keys),
        "shelves": shelves,
        "of": of,
        "page": page,
        "numbers": page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1),
    }
    return render(request, "pages/lost.html", context)


@require_safe
@connected
def doubles(request: HttpRequest, account: SpotifyAccount) -> HttpResponse:
    """Show what the visitor has twice."""
    found = doubled.doubles_of(account)
    page = doubled.page_of(account, found, request.GET.get("page"), GROUPS_PER_PAGE)
    context = {
        "count": len(found),
        "page": page,
        "numbers": page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1),
    }
    return render(request, "pages/doubles.html", context)

"""Searching everything, and comparing two playlists."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from django_spotify_sync.models import AccountPlaylist, SpotifyAccount

from pages import finding, listings
from pages.views.library import CARDS_PER_PAGE, ITEMS_PER_PAGE
from pages.visitors import connected, wants_part


@require_safe
@connected
def search(request: HttpRequest, account: SpotifyAccount) -> HttpResponse:
    """Find words in all of the library, or, with ``?in=``, all that one kind has of them."""
    name = request.GET.get("in", "")
    context = {"search": listings.searched_for(request), "kind": name}
    if name in finding.KINDS and not finding.KINDS[name].page:
        listing = finding.one_kind(request, account, name, CARDS_PER_PAGE)
        rows = finding.linked(name, account, listing.rows)
        context |= {"listing": listing, "rows": rows, "title": finding.KINDS[name].title}
    else:
        context |= {"kind": "", "groups": finding.groups(request, account)}
    return render(request, f"pages/{'_found' if wants_part(request) else 'search'}.html", context)


@require_safe
@connected
def overlap(request: HttpRequest, account: SpotifyAccount) -> HttpResponse:
    """Show what two playlists have in common."""
    links = AccountPlaylist.objects.filter(account=account).as_shown().readable()
    links = list(links.order_by("shown_folded", "pk"))
    by_id = {link.spotify_id: link for link in links}
    one, two = (by_id.get(request.GET.get(name, "")) for name in ("one", "two"))
    context = {"links": links, "one": one, "two": two}
    if one and two and one != two:
        items = one.playlist.items.shown_to(account).also_in(two.playlist).with_tracks()
        context["listing"] = listings.items(request, items, ITEMS_PER_PAGE)
    return render(request, "pages/overlap.html", context)

"""What a user has at Spotify, as it stands in this site's database: tracks, playlists, artists, albums, shows."""

from __future__ import annotations

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe
from django_spotify_sync.models import AccountPlaylist, SpotifyAccount

from pages import collections, listings
from pages.visitors import connected, wants_part

TRACKS_PER_PAGE = 50
CARDS_PER_PAGE = 48
ITEMS_PER_PAGE = 50


def _list(request: HttpRequest, kind: str, listing: listings.Listing) -> HttpResponse:
    """Render a whole page, or for htmx the part that a search changes."""
    template = f"pages/_{kind}.html" if wants_part(request) else f"pages/{kind}.html"
    return render(request, template, {"listing": listing})


@require_safe
@connected
def tracks(request: HttpRequest, account: SpotifyAccount) -> HttpResponse:
    """List saved tracks."""
    listing = listings.saved_tracks(request, account, TRACKS_PER_PAGE)
    return _list(request, "tracks", listing)


@require_safe
@connected
def playlists(request: HttpRequest, account: SpotifyAccount) -> HttpResponse:
    """List playlists."""
    return _list(request, "playlists", listings.playlists(request, account, CARDS_PER_PAGE))


@require_safe
@connected
def artists(request: HttpRequest, account: SpotifyAccount) -> HttpResponse:
    """List followed artists."""
    return _list(request, "artists", listings.artists(request, account, CARDS_PER_PAGE))


@require_safe
@connected
def playlist(request: HttpRequest, account: SpotifyAccount, spotify_id: str) -> HttpResponse:
    """Show one playlist of the visitor's, with as much of its items as Spotify lets them see."""
    links = AccountPlaylist.objects.filter(account=account).as_shown()
    link = get_object_or_404(links, playlist__spotify_id=spotify_id)
    items = link.playlist.items.readable_by(request.user).with_tracks()
    listing = listings.items(request, items, ITEMS_PER_PAGE)
    return render(request, "pages/playlist.html", {"link": link, "listing": listing})


@require_safe
@connected
def collection(request: HttpRequest, account: SpotifyAccount, resource: str) -> HttpResponse:
    """List saved albums, shows, episodes or audiobooks, where the site has a shelf for them."""
    if resource not in settings.SPOTIFY_SYNC_RESOURCES:
        raise Http404(f"There is no shelf {resource!r}.")
    part = f"pages/_{resource}.html"
    context = {
        "resource": resource,
        "part": part,
        "label": collections.COLLECTIONS[resource].searches,
        "listing": collections.collection(request, account, resource, CARDS_PER_PAGE),
    }
    return render(request, part if wants_part(request) else "pages/collection.html", context)

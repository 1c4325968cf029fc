"""Taking a library along, as files."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe
from django_spotify_sync.models import AccountPlaylist, SpotifyAccount

from pages import taking, words
from pages.visitors import connected


@require_safe
@connected
def take(request: HttpRequest, account: SpotifyAccount) -> HttpResponse:
    """Offer all that is here as files; of one shelf (``?resource=``) or one playlist (``?playlist=``) alone."""
    resource, spotify_id = (request.GET.get(name, "") for name in ("resource", "playlist"))
    link = None
    if spotify_id:
        links = AccountPlaylist.objects.filter(account=account).select_related("playlist")
        link = get_object_or_404(links, playlist__spotify_id=spotify_id)
    if resource not in settings.SPOTIFY_SYNC_RESOURCES:
        resource = ""
    context = {
        "link": link,
        "title": words.SHELVES[resource] if resource and not link else "",
        "kinds": taking.downloads(resource, link.spotify_id if link else ""),
    }
    return render(request, "pages/take.html", context)

"""Taking a library along, as files."""

from __future__ import annotations

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from django_spotify_sync.export import FORMATS, begin_export, makes_file
from django_spotify_sync.models import AccountPlaylist, SpotifyAccount

from pages import taking, words
from pages.visitors import connected


@require_safe
@connected
def take(request: HttpRequest, account: SpotifyAccount) -> HttpResponse:
    """Offer all that is here as files; of one shelf (``?resource=``), one playlist (``?playlist=``), or a search alone.

    Of a search (``?found=1``) the rest of the query is the list's own, or a ``loss`` by the number of its run.
    """
    if "found" in request.GET:
        title = _("What seemed to be gone") if "loss" in request.GET else _("What was found")
        context = {"title": title, "kinds": taking.downloads_of_found(request.GET)}
        return render(request, "pages/take.html", context)
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


@require_safe
@connected
def found(request: HttpRequest, account: SpotifyAccount) -> StreamingHttpResponse:
    """Answer the saved tracks that were looked for as a file."""
    name = request.GET.get("as", "")
    if name not in FORMATS or not makes_file(name, "tracks"):
        raise Http404("There is no such file.")
    saved = taking.found_tracks(request, account)
    file = begin_export(account, name, saved=saved, safe=taking.is_safe(name))
    disposition = content_disposition_header(True, f"found{FORMATS[name].ending}")
    return StreamingHttpResponse(
        file.parts,
        content_type=file.content_type,
        headers={"Content-Disposition": str(disposition)},
    )

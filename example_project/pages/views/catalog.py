"""A page for each album, artist and track that a user has something of."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from django_spotify_sync.models import SpotifyAccount

from pages import catalog
from pages.views.library import ITEMS_PER_PAGE, TRACKS_PER_PAGE
from pages.visitors import connected, wants_part


@require_safe
@connected
def album(request: HttpRequest, account: SpotifyAccount, spotify_id: str) -> HttpResponse:
    """Show an album, and which of its tracks the visitor has saved."""
    shown = catalog.album_shown(request, account, spotify_id, ITEMS_PER_PAGE)
    context = {"shown": shown, "album": shown.album, "listing": shown.listing}
    return render(request, "pages/album.html", context)


@require_safe
@connected
def artist(request: HttpRequest, account: SpotifyAccount, spotify_id: str) -> HttpResponse:
    """Show an artist, with the visitor's tracks and albums of theirs."""
    shown = catalog.artist_shown(request, account, spotify_id, TRACKS_PER_PAGE)
    context = {"shown": shown, "artist": shown.artist, "listing": shown.listing}
    template = "pages/_tracks.html" if wants_part(request) else "pages/artist.html"
    return render(request, template, context)


@require_safe
@connected
def track(request: HttpRequest, account: SpotifyAccount, spotify_id: str) -> HttpResponse:
    """Show a track, since when it is saved, and in which playlists it is."""
    shown = catalog.track_shown(account, spotify_id)
    return render(request, "pages/track.html", {"shown": shown, "track": shown.track})

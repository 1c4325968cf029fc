"""The link to Spotify: how it stands, and how one lets go of it."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe
from django_spotify_sync.accounts import REVOKE_URL, disconnect
from django_spotify_sync.conf import conf
from django_spotify_sync.models import SpotifyAccount

from pages.shelves import shelves_of
from pages.visitors import connected
from pages.words import SCOPES

REMOVED = (
    "spotify_removed"  # what a disconnect removed, kept in the session for the page that says so
)


@require_safe
@connected
def connection(request: HttpRequest, account: SpotifyAccount) -> HttpResponse:
    """Show whose account it is, what this site may do with it, and for how long."""
    scopes = account.scopes
    context = {
        "may": [SCOPES[scope] for scope in scopes if scope in SCOPES],
        "missing": bool(scopes) and account.missing_scopes,
    }
    return render(request, "pages/connection.html", context)


@require_http_methods(["GET", "POST"])
@connected
def leave(request: HttpRequest, account: SpotifyAccount) -> HttpResponse:
    """Say what a disconnect removes, and do it when that is confirmed."""
    if request.method == "POST":
        request.session[REMOVED] = disconnect(account)
        return redirect("disconnected")
    context = {
        "shelves": shelves_of(account),
        "library_goes": conf.DELETE_LIBRARY_ON_DISCONNECT,
        "revoke_at": REVOKE_URL,
    }
    return render(request, "pages/leave.html", context)


@require_safe
@login_required
@never_cache
def disconnected(request: HttpRequest) -> HttpResponse:
    """Say what was removed, and where the user takes back at Spotify what they agreed to."""
    removed: dict[str, Any] | None = request.session.get(REMOVED)
    if removed is None:
        return redirect("home")
    return render(request, "pages/disconnected.html", {"removed": removed, "revoke_at": REVOKE_URL})

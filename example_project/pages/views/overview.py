"""The first page: signing in, connecting, or how the visitor's library stands."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django_spotify_sync.models import SavedTrack, SpotifyAccount

from pages.shelves import next_sync, shelves_of
from pages.visitors import account_of

LATEST = 12


@never_cache
def home(request: HttpRequest) -> HttpResponse:
    """Show what comes next: signing in, connecting Spotify, or the visitor's own library."""
    account = account_of(request) if request.user.is_authenticated else None
    if account is None:
        return render(request, "pages/welcome.html")
    shelves = shelves_of(account)
    context = {
        "shelves": shelves,
        "is_syncing": any(shelf.is_syncing for shelf in shelves),
        "is_all_waited_for": all(shelf.is_waited_for for shelf in shelves if shelf.is_agreed_to),
        "reload_after": 2 if any(shelf.expects_news for shelf in shelves) else 15,
        "next_sync": next_sync(shelves),
        "latest": _latest(account),
    }
    return render(request, "pages/overview.html", context)


def _latest(account: SpotifyAccount) -> list[SavedTrack]:
    saved = SavedTrack.objects.filter(account=account, track__isnull=False)
    return list(saved.recent().with_tracks()[:LATEST])

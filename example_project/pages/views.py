"""The pages. They read the package's models and call its functions; the scripts call its REST endpoints."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Page, Paginator
from django.db import transaction
from django.db.models import Model, Prefetch
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST
from django_spotify_sync.exceptions import NotConnected, UnknownResource
from django_spotify_sync.models import (
    AccountPlaylist,
    FollowedArtist,
    SavedTrack,
    SpotifyAccount,
    SyncRun,
    TrackArtist,
)
from django_spotify_sync.sync import request_sync
from django_spotify_sync.tasks import sync_account

from pages.words import why_not_connected

TRACKS_PER_PAGE = 50
MODELS: dict[str, type[Model]] = {
    "tracks": SavedTrack,
    "playlists": AccountPlaylist,
    "following": FollowedArtist,
}


@dataclass(frozen=True)
class Shelf:
    """One resource of a user: how much of it is here, and how its latest sync stands or went."""

    resource: str
    count: int
    run: SyncRun | None


@never_cache
def home(request: HttpRequest) -> HttpResponse:
    """Show what comes next: signing in, connecting Spotify, or the user's own library."""
    problem = why_not_connected(request.GET.get("spotify_error", ""))
    account = SpotifyAccount.objects.get_for_user(request.user)
    if account is None:
        return render(request, "pages/welcome.html", {"problem": problem})
    shelves = list(_shelves(account))
    page = _tracks(request)
    context = {
        "problem": problem,
        "account": account,
        "shelves": shelves,
        "is_syncing": any(shelf.run and shelf.run.is_live for shelf in shelves),
        "page": page,
        "page_numbers": page.paginator.get_elided_page_range(
            page.number, on_each_side=1, on_ends=1
        ),
    }
    return render(request, "pages/library.html", context)


@require_POST
@login_required
def sync(request: HttpRequest, resource: str) -> HttpResponse:
    """Ask for a sync where there is no script to POST to spotify/sync/<resource>/."""
    account = SpotifyAccount.objects.get_for_user(request.user)
    if account is not None:
        try:
            run = request_sync(account, resource)
        except UnknownResource as error:
            raise Http404 from error
        except NotConnected as error:
            messages.error(request, str(error))
        else:
            transaction.on_commit(lambda: sync_account.delay(run_id=run.pk))
    return redirect("home")


def _shelves(account: SpotifyAccount) -> Iterator[Shelf]:
    for resource in settings.SPOTIFY_SYNC_RESOURCES:
        count = MODELS[resource]._default_manager.filter(account=account).count()
        runs = SyncRun.objects.filter(account=account, resource=resource)
        yield Shelf(resource, count, runs.order_by("-created_at", "-id").first())


def _tracks(request: HttpRequest) -> Page[SavedTrack]:
    """Return the page asked for of the user's saved tracks, latest first, in a constant number of queries."""
    artists = TrackArtist.objects.select_related("artist").order_by("position")
    tracks = (
        SavedTrack.objects.for_user(request.user)
        .filter(track__isnull=False)
        .recent()
        .select_related("track__album")
        .prefetch_related(Prefetch("track__track_artists", queryset=artists))
    )
    return Paginator(tracks, TRACKS_PER_PAGE).get_page(request.GET.get("page"))

"""Asking for a sync, seeing how it goes, and all that went before."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe
from django_spotify_sync.conf import conf
from django_spotify_sync.exceptions import InsufficientScope, NotConnected
from django_spotify_sync.models import SpotifyAccount, SyncRun
from django_spotify_sync.models.runs import Trigger
from django_spotify_sync.sync import may_sync, request_all, request_sync
from django_spotify_sync.tasks import queue

from pages.history import Past, newest_first
from pages.shelves import shelf_of
from pages.visitors import connected, wants_part

RUNS_PER_PAGE = 20


@require_POST
@connected
def sync(request: HttpRequest, account: SpotifyAccount, resource: str) -> HttpResponse:
    """Ask for a sync. htmx is answered with the shelf, a form with the page it is on."""
    if resource not in conf.RESOURCES:
        raise Http404
    if not may_sync(account, resource, Trigger.USER):
        messages.error(request, _("This site does not allow that right now."))
        return _whole_page(request)
    try:
        queue(request_sync(account, resource))
    except InsufficientScope:
        pass  # which the shelf says
    except NotConnected:
        messages.error(request, _("Spotify has to be connected again first."))
        return _whole_page(request)
    return _shelf(request, account, resource) if wants_part(request) else redirect("home")


@require_POST
@connected
def sync_all(request: HttpRequest, account: SpotifyAccount) -> HttpResponse:
    """Ask for a sync of all that the visitor has agreed to and the site allows; say so if nothing comes of it."""
    live = set(SyncRun.objects.filter(account=account).live().values_list("pk", flat=True))
    try:
        asked = request_all(account)
    except NotConnected:
        messages.error(request, _("Spotify has to be connected again first."))
        return redirect("home")
    queue(*asked)
    if not any(run.pk not in live for run in asked):
        messages.info(request, _nothing_new(asked))
    return redirect("home")


def _nothing_new(asked: list[SyncRun]) -> str:
    if not asked:
        return _("There is nothing that may be synced at the moment.")
    if all(run.status == SyncRun.Status.WAITING for run in asked):
        return _("All of it is paused, and goes on by itself at the time that stands beside it.")
    return _("All of it is under way already.")


@require_safe
@connected
def shelf(request: HttpRequest, account: SpotifyAccount, resource: str) -> HttpResponse:
    """Answer how a shelf stands, for who follows a sync; ``?status=`` is that of the account on the page."""
    if request.GET.get("status", account.status) != account.status:
        return _whole_page(
            request
        )  # the grant was lost meanwhile: there is something else to do now
    return _shelf(request, account, resource)


def _shelf(request: HttpRequest, account: SpotifyAccount, resource: str) -> HttpResponse:
    shelf = shelf_of(account, resource)
    response = render(request, "pages/_shelf.html", {"shelf": shelf})
    if not shelf.is_syncing:
        response.headers["HX-Trigger"] = "library-changed"  # other parts of the page show it too
    return response


def _whole_page(request: HttpRequest) -> HttpResponse:
    if not wants_part(request):
        return redirect("home")
    return HttpResponse(headers={"HX-Refresh": "true"})


@require_safe
@connected
def runs(request: HttpRequest, account: SpotifyAccount) -> HttpResponse:
    """Show the history of syncs, newest first."""
    all_runs = newest_first(SyncRun.objects.filter(account=account))
    page = Paginator(all_runs, RUNS_PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "is_live": any(run.is_live for run in page),
        "numbers": page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1),
        "rows": [Past(run) for run in page],
    }
    return render(request, "pages/runs.html", context)

"""What came into a library and what left it, and a large loss, of which somebody has to say whether it is one."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe
from django_spotify_sync.conf import conf
from django_spotify_sync.exceptions import LossSettled
from django_spotify_sync.models import LargeLoss, LostRow, SpotifyAccount, SyncRun
from django_spotify_sync.models.changes import ChangeKind
from django_spotify_sync.models.losses import Decision
from django_spotify_sync.rest.keyset import by_number, page_of, unpacked
from django_spotify_sync.sync import decide_loss

from pages import journal, words
from pages.visitors import connected

LINES_PER_PAGE = 50
LOST_PER_PAGE = 100
_ORDER = by_number("position")


@require_safe
@connected
def changes(request: HttpRequest, account: SpotifyAccount) -> HttpResponse:
    """Show the journal by days, all of it or what was asked for."""
    context = {
        "journal": journal.journal(request, account, LINES_PER_PAGE),
        "shelves": {one: words.SHELVES[one] for one in settings.SPOTIFY_SYNC_RESOURCES},
        "kinds": ChangeKind.choices,
    }
    return render(request, "pages/changes.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@connected
def loss(request: HttpRequest, account: SpotifyAccount, run: int) -> HttpResponse:
    """Show what a run did not believe to be gone; or take what the visitor says of it."""
    met = get_object_or_404(SyncRun, account=account, pk=run)
    found = LargeLoss.objects.of_run(met)
    if found is None:
        raise Http404("This run has met no large loss.")
    if request.method == "POST":
        return _decided(request, found)
    try:
        cursor = unpacked(request.GET.get("cursor", ""), "position", _ORDER)
    except ValueError:
        cursor = None
    rows = LostRow.objects.filter(loss=found)
    page = page_of(rows, "position", _ORDER, size=LOST_PER_PAGE, cursor=cursor)
    covers = journal.covers_of_lost(account, found.resource, page.rows)
    context = {
        "loss": found,
        "page": page,
        "lost": list(zip(page.rows, covers, strict=True)),
        "goes_by_itself": conf.LARGE_LOSS == "second_run",
    }
    return render(request, "pages/loss.html", context)


def _decided(request: HttpRequest, found: LargeLoss) -> HttpResponse:
    decision = request.POST.get("decision")
    if decision not in Decision.values:
        raise Http404("There is no such decision.")
    try:
        decide_loss(found, decision)
    except LossSettled:
        messages.error(request, _("There is nothing left to decide: a later sync has settled it."))
    else:
        said = {
            Decision.KEEP: _("They stay. Later syncs do not ask about them again."),
            Decision.ACCEPT: _("The next sync removes them from this site."),
        }
        messages.success(request, said[Decision(decision)])
    return redirect("loss", found.run_id)

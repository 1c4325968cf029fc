"""The package's own page: how a user's connection to Spotify stands, and what can be done about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.views import redirect_to_login
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotAllowed
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt, csrf_protect

from django_spotify_sync.accounts import REVOKE_URL
from django_spotify_sync.conf import conf
from django_spotify_sync.exceptions import NotConnected
from django_spotify_sync.models import LargeLoss, LostRow, SpotifyAccount, SyncRun, SyncState
from django_spotify_sync.models.accounts import AccountStatus
from django_spotify_sync.models.library import LIBRARY
from django_spotify_sync.models.runs import Resource, RunStatus
from django_spotify_sync.rest.account import AccountView
from django_spotify_sync.rest.pinned import is_for_the_api, own_account, own_url
from django_spotify_sync.views.begin import can_sign_in
from django_spotify_sync.views.pages import page

PAGE = "spotify_sync/home.html"
LAST_RUNS = 10  # that are shown
FIRST_LOST = 5  # of the rows that seem gone, whose names are shown
REFRESH = 5  # seconds after which a page that shows a sync under way is asked for again


@dataclass(frozen=True, slots=True)
class Shelf:
    """One resource of a library; ``run`` is the sync that is under way, ``is_agreed`` whether the consent covers it."""

    name: str
    count: int
    checked_at: datetime | None
    run: SyncRun | None
    is_agreed: bool


@dataclass(frozen=True, slots=True)
class Loss:
    """A large loss, with the first of its rows; ``more`` says how many others there are."""

    asked: LargeLoss
    rows: list[LostRow]
    more: str
    decide_url: str
    export_url: str


@login_not_required  # the page itself sends to sign in, and says before what went wrong
@csrf_exempt  # nothing is posted here
@never_cache
def home(request: HttpRequest) -> HttpResponseBase:
    """GET: the page, for browsers. An API client is answered as by ``account/``."""
    if is_for_the_api(request):
        return AccountView.as_view()(request)
    if request.method not in ("GET", "HEAD"):
        return HttpResponseNotAllowed(["GET", "HEAD", "OPTIONS"])
    return _home(request)


@csrf_protect  # which sets the cookie that the page's forms need, on a site without the middleware too
def _home(request: HttpRequest) -> HttpResponse:
    if not hasattr(request, "user"):  # a site of API clients may have no AuthenticationMiddleware
        request.user = AnonymousUser()
    is_told = "spotify_error" in request.GET
    if not request.user.is_authenticated:
        sign_in = redirect_to_login(own_url(request, "home"))
        return page(request, PAGE, _signed_out(request, sign_in.url)) if is_told else sign_in
    account = _account_of(request)
    values = _signed_in(request, account)
    response = page(request, PAGE, values)
    is_read = is_told or values.get("is_leaving")  # which takes a user longer
    if values["is_syncing"] and not is_read:
        response.headers["Refresh"] = f"{REFRESH}; url={own_url(request, 'home')}"
    return response


def _account_of(request: HttpRequest) -> SpotifyAccount | None:
    """Return the account that the user is linked to, whatever its grant; None if the user has disconnected it."""
    try:
        account = own_account(request)
    except NotConnected:
        return None
    return None if account.status == AccountStatus.DISCONNECTED else account


def _signed_out(request: HttpRequest, sign_in: str) -> dict[str, Any]:
    by_spotify = own_url(request, "login") if can_sign_in(request) else ""
    return {"sign_in": sign_in, "sign_in_by_spotify": by_spotify}


def _signed_in(request: HttpRequest, account: SpotifyAccount | None) -> dict[str, Any]:
    if account is None:
        return {"is_syncing": False}
    shelves = _shelves(account)
    runs = SyncRun.objects.filter(account=account).order_by("-created_at", "-id")
    return {
        "account": account,
        "shelves": shelves,
        "is_syncing": any(_is_under_way(shelf.run) for shelf in shelves),
        # where no scope is known, none is missed
        "missing_scopes": account.missing_scopes if account.scopes else [],
        "losses": _losses(request, account),
        "losses_wait": conf.LARGE_LOSS == "ask",
        "runs": runs[:LAST_RUNS],
        "is_leaving": "disconnect" in request.GET,
        "library_goes": conf.DELETE_LIBRARY_ON_DISCONNECT,
        "disconnect_url": own_url(request, "disconnect"),
        "revoke_url": REVOKE_URL,
    }


def _shelves(account: SpotifyAccount) -> list[Shelf]:
    """Return the resources that the site syncs, by a number of queries that depends on these alone."""
    states = {state.resource: state for state in SyncState.objects.filter(account=account)}
    live = {run.resource: run for run in SyncRun.objects.filter(account=account).live()}
    agreed = account.agreed(conf.RESOURCES)
    return [
        Shelf(
            name=str(Resource(resource).label),
            count=LIBRARY[resource].shown_of(account.pk).count(),
            checked_at=getattr(states.get(resource), "checked_at", None),
            run=live.get(resource),
            is_agreed=resource in agreed,
        )
        for resource in conf.RESOURCES
    ]


def _losses(request: HttpRequest, account: SpotifyAccount) -> list[Loss]:
    """Return what the next run would remove, or what somebody has to decide: one a resource, in two queries."""
    first = Prefetch("rows", LostRow.objects.in_order()[:FIRST_LOST], to_attr="first")
    losses = LargeLoss.objects.filter(account=account, resource__in=conf.RESOURCES).waiting()
    found = losses.order_by("-run_id").prefetch_related(first)
    return [_with_rows(request, loss, loss.first) for loss in found]  # type: ignore[attr-defined]


def _with_rows(request: HttpRequest, loss: LargeLoss, rows: list[LostRow]) -> Loss:
    left = loss.total - len(rows)
    return Loss(
        asked=loss,
        rows=rows,
        more=gettext("and %d more") % left if left else "",
        decide_url=own_url(request, "run-loss", loss.run_id),
        export_url=f"{own_url(request, 'export')}?resource={loss.resource}",
    )


def _is_under_way(run: SyncRun | None) -> bool:
    return run is not None and run.status in (RunStatus.QUEUED, RunStatus.RUNNING)

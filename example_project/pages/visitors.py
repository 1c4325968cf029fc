"""Who is looking, and at which account of Spotify."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache
from django_spotify_sync.models import SpotifyAccount


def account_of(request: HttpRequest) -> SpotifyAccount | None:
    """Return the visitor's account unless it is disconnected; asked of the database once a request."""
    if not hasattr(request, "_spotify_account"):
        account = SpotifyAccount.objects.linked().get_for_user(request.user)
        request._spotify_account = account  # type: ignore[attr-defined]
    return request._spotify_account  # type: ignore[attr-defined]


def connected(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Hand a view the visitor's account; send who has none to where one connects, and who is signed out to sign in."""

    @never_cache
    @wraps(view)
    def with_account(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        account = account_of(request) if request.user.is_authenticated else None
        if account is not None:
            return view(request, account, *args, **kwargs)
        if wants_part(request):  # of a page that was left open: all of it is out of date
            return HttpResponse(headers={"HX-Refresh": "true"})
        if request.user.is_authenticated:
            return redirect("home")
        return redirect_to_login(request.get_full_path())

    return with_account


def wants_part(request: HttpRequest) -> bool:
    """Tell whether htmx asks for the part of a page that changes, rather than somebody for the page."""
    return "HX-Request" in request.headers

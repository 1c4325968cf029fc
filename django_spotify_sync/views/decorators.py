"""What every view that talks to Spotify needs."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponseBase
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from django_spotify_sync.db.transactions import outside_transactions

type View = Callable[..., HttpResponseBase]


def talks_to_spotify(view: View) -> View:
    """Mark a view that calls Spotify: no transaction of the host around it, no cache, no referrer; always some user.

    Who may use it is the view's own matter (a host's LoginRequiredMiddleware would turn away API clients, and browsers
    that lost their session on the way); CSRF is DRF's, which checks it where a session is what lets the caller in.
    """
    view = outside_transactions(view)

    @wraps(view)
    def private(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not hasattr(
            request, "user"
        ):  # a host of API clients may have no AuthenticationMiddleware
            request.user = AnonymousUser()
        response = view(request, *args, **kwargs)
        response.headers.setdefault("Referrer-Policy", "no-referrer")
        return response

    return login_not_required(csrf_exempt(never_cache(private)))

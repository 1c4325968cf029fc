"""What every view that talks to Spotify needs."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from django_spotify_sync.db.transactions import outside_transactions

type View = Callable[..., HttpResponseBase]

#: By which a browser says that nobody has gone there yet: today's header first.
_AHEAD = ("Sec-Purpose", "Purpose", "X-Purpose", "X-Moz")


def talks_to_spotify(view: View) -> View:
    """Mark a view that calls Spotify: no transaction of the host around it, no cache, no referrer, always a user.

    What a browser fetches ahead of time uses nothing up. It is refused, which has the browser ask anew when somebody
    goes there; an answer of another kind would be kept and shown.

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
        ahead = request.method == "GET" and _is_ahead_of_time(request)
        response = HttpResponse(status=403) if ahead else view(request, *args, **kwargs)
        response.headers.setdefault("Referrer-Policy", "no-referrer")
        return response

    return login_not_required(csrf_exempt(never_cache(private)))


def _is_ahead_of_time(request: HttpRequest) -> bool:
    said = " ".join(request.headers.get(name, "") for name in _AHEAD).lower()
    return any(word in said for word in ("prefetch", "prerender", "preview"))

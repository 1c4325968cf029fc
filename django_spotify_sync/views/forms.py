"""The buttons of a page: a browser's form is sent back to the page with a message, all else is answered with JSON.

REST does what is asked either way, so the throttles, errors and permissions of an address are the same for both.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, wraps
from typing import Any

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csrf import csrf_protect
from rest_framework.authentication import SessionAuthentication
from rest_framework.exceptions import NotAuthenticated

from django_spotify_sync.errors import message_for
from django_spotify_sync.models.losses import Decision
from django_spotify_sync.rest.account import DisconnectView
from django_spotify_sync.rest.losses import LossViewSet
from django_spotify_sync.rest.pinned import own_url
from django_spotify_sync.rest.runs import SyncAllView, SyncView
from django_spotify_sync.views.decorators import View
from django_spotify_sync.views.destinations import if_safe, with_error

FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
_UNDER_WAY = _("Your library is being brought up to date.")
_NO_SYNC = _("There is nothing to sync right now.")
_DECIDED = {
    Decision.KEEP: _("Kept: they stay in the library."),
    Decision.ACCEPT: _("Accepted: the next sync removes them."),
}

#: What is said of an act that went well, by what REST answered.
type Said = Callable[[Any], Promise]


def is_form(request: HttpRequest) -> bool:
    """Tell a form that a browser sends: scripts and API clients do not ask for HTML."""
    asks_for_a_page = "text/html" in request.headers.get("Accept", "")
    return request.method == "POST" and request.content_type in FORMS and asks_for_a_page


def with_forms(as_view: Callable[..., View], said: Said) -> View:
    """Return the view of an address that takes forms too, of a REST view's ``as_view``."""
    by_json = as_view()
    # a browser is known by its session, whatever API clients are known by
    by_session = as_view(get_authenticators=lambda: [SessionAuthentication()])

    @csrf_protect
    def by_form(request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        back = if_safe(request, request.POST.get("next", "")) or own_url(request, "home")
        return _sent_back(request, by_session(request, **kwargs), back, said)

    @wraps(by_json)
    def view(request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        if is_form(request):
            return by_form(request, **kwargs)
        return by_json(request, **kwargs)

    return view


def _sent_back(request: HttpRequest, answer: Any, back: str, said: Said) -> HttpResponseRedirect:
    """Say by a message what REST answered. On a site without messages the page shows it: an error by its address."""
    code = answer.data["code"] if answer.status_code >= 400 else ""
    if code == NotAuthenticated.default_code:
        return redirect_to_login(back)
    if not code:
        messages.success(request, str(said(answer.data)), fail_silently=True)
    elif hasattr(request, "_messages"):
        messages.error(request, message_for(code))
    else:
        back = with_error(back, code)
    return HttpResponseRedirect(back)


_LOSS = partial(LossViewSet.as_view, {"get": "list", "post": "create"})

disconnect = with_forms(DisconnectView.as_view, lambda answer: _("Spotify is disconnected."))
loss = with_forms(_LOSS, lambda answer: _DECIDED[answer["decision"]])
sync_all = with_forms(
    SyncAllView.as_view, lambda answer: _UNDER_WAY if answer["runs"] else _NO_SYNC
)
sync = with_forms(SyncView.as_view, lambda answer: _UNDER_WAY)

"""The buttons of a page: a browser's form is sent back to the page with a message, all else is answered with JSON.

REST does what is asked either way, so the throttles, errors and permissions of an address are the same for both.
"""

from __future__ import annotations

from functools import wraps
from typing import Any

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csrf import csrf_protect
from rest_framework.authentication import SessionAuthentication
from rest_framework.exceptions import NotAuthenticated, PermissionDenied

from django_spotify_sync.errors import message_for
from django_spotify_sync.rest.account import DisconnectView
from django_spotify_sync.rest.pinned import PinnedAPIView, own_url
from django_spotify_sync.rest.runs import SyncAllView, SyncView
from django_spotify_sync.views.decorators import View
from django_spotify_sync.views.destinations import if_safe, with_error

FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
_UNDER_WAY = _("Your library is being brought up to date.")


def is_form(request: HttpRequest) -> bool:
    """Tell a form that a browser sends: scripts and API clients do not ask for HTML."""
    asks_for_a_page = "text/html" in request.headers.get("Accept", "")
    return request.method == "POST" and request.content_type in FORMS and asks_for_a_page


def with_forms(api: type[PinnedAPIView], done: Promise) -> View:
    """Return the view of an address that takes forms too; ``done`` is the message of one that went well."""
    by_json = api.as_view()
    # a browser is known by its session, whatever API clients are known by
    by_session = api.as_view(get_authenticators=lambda: [SessionAuthentication()])

    @csrf_protect
    def by_form(request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        back = if_safe(request, request.POST.get("next", "")) or own_url(request, "home")
        return _sent_back(request, by_session(request, **kwargs), back, done)

    @wraps(by_json)
    def view(request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        if is_form(request):
            return by_form(request, **kwargs)
        return by_json(request, **kwargs)

    return view


def _sent_back(request: HttpRequest, answer: Any, back: str, done: Promise) -> HttpResponseRedirect:
    """Say by a message what REST answered. On a site without messages the page shows it: an error by its address."""
    code = answer.data["code"] if answer.status_code >= 400 else ""
    if code == NotAuthenticated.default_code:
        return redirect_to_login(back)
    if not code:
        messages.success(request, str(done), fail_silently=True)
    elif hasattr(request, "_messages"):
        may_not = code == PermissionDenied.default_code  # for which REST framework has the words
        messages.error(request, answer.data["detail"] if may_not else message_for(code))
    else:
        back = with_error(back, code)
    return HttpResponseRedirect(back)


disconnect = with_forms(DisconnectView, _("Spotify is disconnected."))
sync_all = with_forms(SyncAllView, _UNDER_WAY)
sync = with_forms(SyncView, _UNDER_WAY)

"""To Spotify's consent page: ``auth/`` to connect, ``login/`` to sign in.

Plain Django views, since a host whose REST framework renders only JSON still has to redirect
browsers; API clients, known by what they accept, are answered with JSON by the REST views of the same address.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseNotAllowed,
    HttpResponseRedirect,
)
from django.views.decorators.csrf import csrf_protect
from rest_framework.exceptions import NotFound, PermissionDenied
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from django_spotify_sync import accounts
from django_spotify_sync.conf import conf
from django_spotify_sync.exceptions import SpotifySyncError
from django_spotify_sync.rest.pinned import PinnedAPIView, is_for_the_api
from django_spotify_sync.rest.throttles import OAuthThrottle
from django_spotify_sync.views.cookie import browser_to_begin, session_hash, with_cookie
from django_spotify_sync.views.decorators import talks_to_spotify
from django_spotify_sync.views.destinations import (
    asks_too_often,
    failed,
    redirect_uri,
    safe_next,
    sent_back,
)
from django_spotify_sync.views.pages import page

#: What begins for a user, or for nobody, and returns the address of the consent page.
type Begin = Callable[[HttpRequest, Any], str]

#: What is shown before anybody is sent to Spotify without having asked for it here. A site's own takes its place.
PAGE = "spotify_sync/begin.html"


@talks_to_spotify
def auth(request: HttpRequest) -> HttpResponseBase:
    """GET auth/: send the user to Spotify's consent page; signed out, to the login page first.

    Whom another site sends here is only shown a link: to connect is the user's own wish.
    """
    if is_for_the_api(request):
        return AuthAPI.as_view()(request)
    if request.method != "GET":
        return HttpResponseNotAllowed(["GET", "OPTIONS"])
    if request.headers.get("Sec-Fetch-Site") == "cross-site":
        return _page(request, "connect")
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    if first := conf.BEFORE_CONNECT(request):
        return HttpResponseRedirect(first)
    return _sent_to_spotify(request, begin_connect)


@talks_to_spotify
def login(request: HttpRequest) -> HttpResponseBase:
    """GET login/: a page with a button. POST: send whoever it is to Spotify's consent page, to sign in.

    A GET begins nothing: any site could have a browser make it, and so sign it in to the account of whoever is signed
    in at Spotify. Nothing is here without LOGIN_ENABLED.
    """
    if is_for_the_api(request):
        return LoginAPI.as_view()(request)
    if not can_sign_in(request):
        raise Http404
    return _login(request)


@csrf_protect
def _login(request: HttpRequest) -> HttpResponseBase:
    if request.method == "GET":
        return _page(request, "login")
    if request.method != "POST":
        return HttpResponseNotAllowed(["GET", "POST", "OPTIONS"])
    return _sent_to_spotify(request, begin_login)


def _page(request: HttpRequest, purpose: str) -> HttpResponse:
    return page(request, PAGE, {"purpose": purpose, "here": request.get_full_path()})


def can_sign_in(request: HttpRequest) -> bool:
    """Tell whether the site wants users to sign in with Spotify, and keeps sessions to sign them in to."""
    return conf.LOGIN_ENABLED and hasattr(request, "session")


def _sent_to_spotify(request: HttpRequest, begin: Begin) -> HttpResponseBase:
    if asks_too_often(request, OAuthThrottle()):
        return sent_back(request, OAuthThrottle.code)
    try:
        return with_cookie(request, HttpResponseRedirect(begin(request, request.user)))
    except SpotifySyncError as error:
        return failed(request, error)


def begin_connect(request: HttpRequest, user: Any) -> str:
    """Begin to connect ``user``; leave the browser's cookie value on the request."""
    return accounts.begin_connect(user, session=session_hash(request, user), **_kept(request))


def begin_login(request: HttpRequest, user: Any) -> str:
    """Begin to sign in whoever it is, who may be ``user`` already; leave the browser's cookie value on the request."""
    present = user if user and user.is_authenticated else None
    return accounts.begin_login(present, **_kept(request))


def _kept(request: HttpRequest) -> dict[str, str]:
    return {
        "redirect_uri": redirect_uri(request),
        "next_url": safe_next(request),
        "browser": browser_to_begin(request),
    }


class AuthAPI(PinnedAPIView):
    """Begin to connect: the answer is the address of Spotify's consent page. A browser is sent there."""

    http_method_names = ["get", "options"]  # a HEAD begins nothing
    throttle_classes = (OAuthThrottle,)
    begin: Begin = staticmethod(begin_connect)

    def get(self, request: Request) -> Response:
        self.ensure_may_begin(request)
        address = self.begin(request._request, request.user)
        return with_cookie(request._request, Response({"authorize_url": address}))

    def ensure_may_begin(self, request: Request) -> None:
        """:raises PermissionDenied: if the site first wants to see a browser elsewhere."""
        if conf.BEFORE_CONNECT(request._request):
            raise PermissionDenied


class LoginAPI(AuthAPI):
    """Begin to sign in: the answer is the address of Spotify's consent page. A browser is sent there by a POST."""

    http_method_names = ["get", "post", "options"]
    permission_classes = (AllowAny,)
    begin: Begin = staticmethod(begin_login)

    def post(self, request: Request) -> Response:
        # A GET does as well: what asks for JSON is no browser on its way, and is not signed in by the answer.
        return self.get(request)

    def ensure_may_begin(self, request: Request) -> None:
        """:raises NotFound: if nobody signs in here."""
        if not can_sign_in(request._request):
            raise NotFound

    def options(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        if not can_sign_in(request._request):
            raise NotFound
        return super().options(request, *args, **kwargs)

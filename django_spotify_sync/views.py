"""The OAuth doors. Plain Django views, since a host whose REST framework renders only JSON still has to redirect
browsers; API clients, known by what they accept, are answered with JSON by the REST views of the same address.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.db import connections, transaction
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseNotAllowed,
    HttpResponseRedirect,
    QueryDict,
)
from django.shortcuts import resolve_url
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from django_spotify_sync import accounts, oauth_state
from django_spotify_sync.conf import conf
from django_spotify_sync.exceptions import ConnectError, InvalidRedirectURI, SpotifySyncError
from django_spotify_sync.rest import (
    OAuthThrottle,
    PinnedAPIView,
    Throttle,
    code_of,
    status_of,
    wants_json,
)
from django_spotify_sync.secret import Secret
from django_spotify_sync.serializers import SpotifyAccountSerializer

logger = logging.getLogger(__name__)

BROWSER_COOKIE = "spotify_sync_browser"
_LOOPBACK = ("127.0.0.1", "::1")


type View = Callable[..., HttpResponseBase]


def talks_to_spotify(view: View) -> View:
    """Mark a view that calls Spotify: no transaction of the host around it, no cache, no referrer.

    Who may use it is the view's own matter (a host's LoginRequiredMiddleware would turn away API clients, and browsers
    that lost their session on the way); CSRF is DRF's, which checks it where a session is what lets the caller in.
    """
    for alias in connections:
        view = transaction.non_atomic_requests(using=alias)(view)

    @wraps(view)
    def private(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = view(request, *args, **kwargs)
        response.headers.setdefault("Referrer-Policy", "no-referrer")
        return response

    return login_not_required(csrf_exempt(never_cache(private)))


# auth/


@talks_to_spotify
def auth(request: HttpRequest) -> HttpResponseBase:
    """GET auth/: send the user to Spotify's consent page; signed out, to the login page first."""
    if wants_json(request):
        return _AuthAPI.as_view()(request)
    if request.method != "GET":
        return HttpResponseNotAllowed(["GET"])
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    if not OAuthThrottle().allow_request(request, None):
        return _sent_back(Throttle.code)
    try:
        return _with_cookie(request, HttpResponseRedirect(_begin(request, request.user)))
    except SpotifySyncError as error:
        return _failed(error)


class _AuthAPI(PinnedAPIView):
    http_method_names = ["get"]  # a HEAD begins nothing
    throttle_classes = (OAuthThrottle,)

    def get(self, request: Request) -> Response:
        return _with_cookie(
            request._request, Response({"authorize_url": _begin(request._request, request.user)})
        )


def _begin(request: HttpRequest, user: Any) -> str:
    """Return the address of the consent page, and leave the browser's cookie value on the request."""
    return accounts.begin_connect(
        user,
        redirect_uri=_redirect_uri(request),
        next_url=_safe_next(request),
        browser=_browser(request),
    )


def _redirect_uri(request: HttpRequest) -> str:
    """Return the redirect URI to use.

    :raises InvalidRedirectURI: if a named one is not allowed, or a browser opened on this host could not come back.
    """
    own = conf.REDIRECT_URI or request.build_absolute_uri(reverse("spotify_sync:callback"))
    uri = request.GET.get("redirect_uri") or own
    if uri != own and uri not in conf.REDIRECT_URIS:
        raise InvalidRedirectURI("This redirect URI is not in SPOTIFY_SYNC_REDIRECT_URIS.")
    parts = urlsplit(uri)
    if parts.hostname == "localhost" or (
        parts.scheme == "http" and parts.hostname not in _LOOPBACK
    ):
        raise InvalidRedirectURI(
            f"Spotify refuses {uri}: it takes https, or http on 127.0.0.1 and [::1]. "
            "Open the site under such an address, or set SPOTIFY_SYNC_REDIRECT_URI."
        )
    here = urlsplit(f"//{request.get_host()}").hostname
    if uri == own and not wants_json(request) and parts.hostname != here:
        raise InvalidRedirectURI(
            f"You opened {here}, and Spotify would send you back to {parts.hostname}, where nobody knows you: "
            f"open the site on {parts.hostname}."
        )
    return uri


def _safe_next(request: HttpRequest) -> str:
    wanted = request.GET.get("next", "")
    safe = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if safe else ""


# callback/


@dataclass(frozen=True, slots=True)
class _Brought:
    """What the callback brings."""

    state: str
    code: Secret
    error: str


@talks_to_spotify
def callback(request: HttpRequest) -> HttpResponseBase:
    """GET callback/: where Spotify sends the user back. POST: where API clients bring ``code`` and ``state``."""
    if request.method == "POST" or wants_json(request):
        return _CallbackAPI.as_view()(request)
    if request.method != "GET":
        return HttpResponseNotAllowed(["GET", "POST"])
    try:
        _, attempt = _finish(
            _from_query(request), request.user, request.COOKIES.get(_cookie_name(request))
        )
    except SpotifySyncError as error:
        return _failed(error)
    return HttpResponseRedirect(attempt.next_url or resolve_url(conf.CONNECTED_URL))


class _CallbackSerializer(serializers.Serializer[Any]):
    state = serializers.CharField(allow_blank=True, default="")
    code = serializers.CharField(allow_blank=True, default="")
    error = serializers.CharField(allow_blank=True, default="")


class _CallbackAPI(PinnedAPIView):
    http_method_names = ["get", "post"]  # a HEAD finishes nothing
    throttle_classes = (OAuthThrottle,)

    def get_permissions(self) -> Any:
        # A GET may come from a browser that lost its session on the way; its cookie tells whose it is.
        return [AllowAny()] if self.request.method == "GET" else super().get_permissions()

    def get(self, request: Request) -> Response:
        cookie = request.COOKIES.get(_cookie_name(request._request))
        account, _ = _finish(_from_query(request._request), request.user, cookie)
        return Response(SpotifyAccountSerializer(account).data)

    def post(self, request: Request) -> Response:
        account, _ = _finish(_from_body(request), request.user, None)
        return Response(SpotifyAccountSerializer(account).data)


def _finish(brought: _Brought, user: Any, browser: str | None) -> Any:
    return accounts.finish_connect(
        state=brought.state,
        code=brought.code,
        error=brought.error,
        user_id=str(user.pk) if user and user.is_authenticated else None,
        browser=browser,
    )


def _from_query(request: HttpRequest) -> _Brought:
    """Take what the query brings out of the request, so that no report of a later error can show the code."""
    state, code, error = (request.GET.get(name, "") for name in ("state", "code", "error"))
    query = request.META.get("QUERY_STRING", "")
    for name, value in request.META.items():
        if query and isinstance(value, str) and query in value:
            request.META[name] = value.replace(query, "")
    request.GET = QueryDict()
    return _Brought(state, Secret(code), error)


def _from_body(request: Request) -> _Brought:
    """The same for a body.

    :raises ValidationError: if it holds something else than text.
    """
    body = _CallbackSerializer(data=request.data)
    body.is_valid(raise_exception=True)
    request._request.POST = QueryDict()
    values = body.validated_data
    return _Brought(values["state"], Secret(values["code"]), values["error"])


# The browser


def _cookie_name(request: HttpRequest) -> str:
    """Over https a name that no other host, subdomains among them, can set (RFC 6265bis, 4.1.3.2)."""
    return f"__Host-{BROWSER_COOKIE}" if request.is_secure() else BROWSER_COOKIE


def _browser(request: HttpRequest) -> str:
    """Return the random value that tells this browser from others, new if it has none."""
    name = _cookie_name(request)
    if not request.COOKIES.get(name):
        request.COOKIES[name] = oauth_state.new_browser()
    return request.COOKIES[name]


def _with_cookie[Answer: HttpResponse](request: HttpRequest, response: Answer) -> Answer:
    """Let the browser keep its value for as long as an attempt may take. Lax: it has to come back from Spotify."""
    response.set_cookie(
        _cookie_name(request),
        _browser(request),
        max_age=conf.STATE_TTL,
        httponly=True,
        secure=request.is_secure(),
        samesite="Lax",
    )
    return response


def _failed(error: SpotifySyncError) -> HttpResponseRedirect:
    if status_of(error) == 500:
        raise error
    level = logging.INFO if isinstance(error, ConnectError) else logging.WARNING
    logger.log(level, "Spotify was not connected (%s): %s", error.code, error)
    return _sent_back(code_of(error))


def _sent_back(code: str) -> HttpResponseRedirect:
    url = urlsplit(resolve_url(conf.FAILED_URL))
    query = "&".join(filter(None, [url.query, urlencode({"spotify_error": code})]))
    return HttpResponseRedirect(urlunsplit(url._replace(query=query)))

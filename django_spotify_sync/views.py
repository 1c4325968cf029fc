"""The OAuth doors. Plain Django views, since a host whose REST framework renders only JSON still has to redirect
browsers; API clients, known by what they accept, are answered with JSON by the REST views of the same address.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.contrib.auth.views import redirect_to_login
from django.db import router, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import resolve_url
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from django_spotify_sync import accounts, oauth_state
from django_spotify_sync.conf import conf
from django_spotify_sync.exceptions import InvalidRedirectURI, SpotifySyncError
from django_spotify_sync.models import SpotifyAccount
from django_spotify_sync.rest import OAuthThrottle, PinnedAPIView, status_of, wants_json
from django_spotify_sync.serializers import SpotifyAccountSerializer

BROWSER_COOKIE = "spotify_sync_browser"
_LOOPBACK = ("127.0.0.1", "::1")


type View = Callable[..., HttpResponseBase]


def talks_to_spotify(view: View) -> View:
    """Mark a view that calls Spotify: no transaction of the host around it, no cache, no referrer, CSRF left to DRF."""
    view = transaction.non_atomic_requests(using=router.db_for_write(SpotifyAccount))(view)

    @wraps(view)
    def private(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = view(request, *args, **kwargs)
        response.headers.setdefault("Referrer-Policy", "no-referrer")
        return response

    return csrf_exempt(never_cache(private))


# auth/


@talks_to_spotify
@require_http_methods(["GET"])
def auth(request: HttpRequest) -> HttpResponseBase:
    """GET auth/: send the user to Spotify's consent page; signed out, to the login page first."""
    if wants_json(request):
        return _AuthAPI.as_view()(request)
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    try:
        return _with_cookie(request, HttpResponseRedirect(_begin(request, request.user)))
    except SpotifySyncError as error:
        return _failed(error)


class _AuthAPI(PinnedAPIView):
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
    wanted = request.GET.get("redirect_uri")
    if wanted and wanted in conf.REDIRECT_URIS:
        return wanted
    uri = conf.REDIRECT_URI or request.build_absolute_uri(reverse("spotify_sync:callback"))
    if wanted and wanted != uri:
        raise InvalidRedirectURI("This redirect URI is not in SPOTIFY_SYNC_REDIRECT_URIS.")
    parts = urlsplit(uri)
    if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
        raise InvalidRedirectURI(
            f"Spotify refuses {uri}: it takes https, or http on 127.0.0.1 and [::1]. "
            "Open the site under such an address, or set SPOTIFY_SYNC_REDIRECT_URI."
        )
    here = urlsplit(f"//{request.get_host()}").hostname
    if not wants_json(request) and parts.hostname != here:
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


@talks_to_spotify
@require_http_methods(["GET", "POST"])
def callback(request: HttpRequest) -> HttpResponseBase:
    """GET callback/: where Spotify sends the user back. POST: where API clients bring ``code`` and ``state``."""
    if request.method == "POST" or wants_json(request):
        return _CallbackAPI.as_view()(request)
    try:
        _, attempt = accounts.finish_connect(
            state=request.GET.get("state", ""),
            code=request.GET.get("code", ""),
            error=request.GET.get("error", ""),
            user_id=str(request.user.pk) if request.user.is_authenticated else None,
            browser=request.COOKIES.get(BROWSER_COOKIE),
        )
    except SpotifySyncError as error:
        return _failed(error)
    return HttpResponseRedirect(attempt.next_url or resolve_url(conf.CONNECTED_URL))


class _CallbackSerializer(serializers.Serializer[Any]):
    state = serializers.CharField(allow_blank=True, default="")
    code = serializers.CharField(allow_blank=True, default="")
    error = serializers.CharField(allow_blank=True, default="")


class _CallbackAPI(PinnedAPIView):
    throttle_classes = (OAuthThrottle,)

    def get_permissions(self) -> Any:
        # A GET may come from a browser that lost its session on the way; its cookie tells whose it is.
        return [AllowAny()] if self.request.method == "GET" else super().get_permissions()

    def get(self, request: Request) -> Response:
        return self._finish(
            request, request.query_params, browser=request.COOKIES.get(BROWSER_COOKIE)
        )

    def post(self, request: Request) -> Response:
        return self._finish(request, request.data, browser=None)

    def _finish(self, request: Request, data: Any, *, browser: str | None) -> Response:
        brought = _CallbackSerializer(data=data)
        brought.is_valid(raise_exception=True)
        account, _ = accounts.finish_connect(
            **brought.validated_data,
            user_id=str(request.user.pk) if request.user.is_authenticated else None,
            browser=browser,
        )
        return Response(SpotifyAccountSerializer(account).data)


# The browser


def _browser(request: HttpRequest) -> str:
    """Return the random value that tells this browser from others, new if it has none."""
    if BROWSER_COOKIE not in request.COOKIES:
        request.COOKIES[BROWSER_COOKIE] = oauth_state.new_browser()
    return request.COOKIES[BROWSER_COOKIE]


def _with_cookie[Answer: HttpResponse](request: HttpRequest, response: Answer) -> Answer:
    """Let the browser keep its value for as long as an attempt may take. Lax: it has to come back from Spotify."""
    response.set_cookie(
        BROWSER_COOKIE,
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
    url = resolve_url(conf.FAILED_URL)
    return HttpResponseRedirect(
        f"{url}{'&' if '?' in url else '?'}{urlencode({'spotify_error': error.code})}"
    )

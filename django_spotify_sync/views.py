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

from django.contrib.auth import authenticate, get_user
from django.contrib.auth import login as start_session
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.db import connections, transaction
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseNotAllowed,
    HttpResponseRedirect,
    QueryDict,
)
from django.shortcuts import resolve_url
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from django_spotify_sync import accounts, oauth_state
from django_spotify_sync.conf import conf
from django_spotify_sync.exceptions import (
    ConnectError,
    InvalidRedirectURI,
    NoUser,
    SignedInAsOther,
    SpotifySyncError,
)
from django_spotify_sync.models import SpotifyAccount
from django_spotify_sync.rest import (
    OAuthThrottle,
    PinnedAPIView,
    Throttle,
    code_of,
    own_url,
    status_of,
    wants_json,
)
from django_spotify_sync.secret import Secret
from django_spotify_sync.serializers import SpotifyAccountSerializer

logger = logging.getLogger(__name__)

#: Django leaves the values of names with "key" out of its reports.
BROWSER_COOKIE = "spotify_sync_browser_key"
_LOOPBACK = ("127.0.0.1", "::1")


type View = Callable[..., HttpResponseBase]
type Begin = Callable[..., str]


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


# auth/ and login/


@talks_to_spotify
def auth(request: HttpRequest) -> HttpResponseBase:
    """GET auth/: send the user to Spotify's consent page; signed out, to the login page first."""
    if wants_json(request):
        return _AuthAPI.as_view()(request)
    if request.method == "GET" and not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    return _sent_to_spotify(request, accounts.begin_connect)


@talks_to_spotify
def login(request: HttpRequest) -> HttpResponseBase:
    """GET login/: send whoever it is to Spotify's consent page, to sign in. Nothing is here without LOGIN_ENABLED."""
    if wants_json(request):
        return _LoginAPI.as_view()(request)
    if not conf.LOGIN_ENABLED:
        raise Http404
    return _sent_to_spotify(request, accounts.begin_login)


def _sent_to_spotify(request: HttpRequest, begin: Begin) -> HttpResponseBase:
    if request.method != "GET":
        return HttpResponseNotAllowed(["GET"])
    if not OAuthThrottle().allow_request(request, None):
        return _sent_back(Throttle.code)
    try:
        return _with_cookie(request, HttpResponseRedirect(_begin(request, request.user, begin)))
    except SpotifySyncError as error:
        return _failed(error)


class _AuthAPI(PinnedAPIView):
    """Begin to connect: the answer is the address of Spotify's consent page. A browser is sent there."""

    http_method_names = ["get"]  # a HEAD begins nothing
    throttle_classes = (OAuthThrottle,)
    begin: Begin = staticmethod(accounts.begin_connect)

    def get(self, request: Request) -> Response:
        address = _begin(request._request, request.user, self.begin)
        return _with_cookie(request._request, Response({"authorize_url": address}))


class _LoginAPI(_AuthAPI):
    """Begin to sign in: the answer is the address of Spotify's consent page. A browser is sent there."""

    permission_classes = (AllowAny,)
    begin: Begin = staticmethod(accounts.begin_login)

    def get(self, request: Request) -> Response:
        if not conf.LOGIN_ENABLED:
            raise NotFound
        return super().get(request)


def _begin(request: HttpRequest, user: Any, begin: Begin) -> str:
    """Return the address of the consent page, and leave the browser's cookie value on the request."""
    return begin(
        user if user and user.is_authenticated else None,
        redirect_uri=_redirect_uri(request),
        next_url=_safe_next(request),
        browser=oauth_state.browser_hash(_browser(request)),
    )


def _redirect_uri(request: HttpRequest) -> str:
    """Return the redirect URI to use.

    :raises InvalidRedirectURI: if a named one is not allowed, or a browser opened on this host could not come back.
    """
    own = conf.REDIRECT_URI or request.build_absolute_uri(own_url(request, "callback"))
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
        proof = _prove(_from_query(request), request, request.user)
        _take(proof, request, request.user)
    except SpotifySyncError as error:
        return _failed(error)
    return HttpResponseRedirect(proof.attempt.next_url or resolve_url(conf.CONNECTED_URL))


class _CallbackSerializer(serializers.Serializer[Any]):
    state = serializers.CharField(allow_blank=True, default="")
    code = serializers.CharField(allow_blank=True, default="")
    error = serializers.CharField(allow_blank=True, default="")


class _CallbackAPI(PinnedAPIView):
    """Finish what was begun, with what Spotify sent: the answer is the account. A browser goes on into the site."""

    http_method_names = ["get", "post"]  # a HEAD finishes nothing
    throttle_classes = (OAuthThrottle,)

    def get_permissions(self) -> Any:
        # A GET may come from a browser that lost its session on the way; its cookie tells whose it is.
        anyone = self.request.method == "GET" or conf.LOGIN_ENABLED
        return [AllowAny()] if anyone else super().get_permissions()

    def get(self, request: Request) -> Response:
        return self._finish(request, _from_query(request._request))

    def post(self, request: Request) -> Response:
        brought = _from_body(request)
        user: Any = request.user
        if not (user and user.is_authenticated) and not accounts.is_login(brought.state):
            self.permission_denied(request)
        return self._finish(request, brought)

    def _finish(self, request: Request, brought: _Brought) -> Response:
        proof = _prove(brought, request._request, request.user)
        account = _take(proof, request._request, request.user)
        return Response(SpotifyAccountSerializer(account).data)


def _prove(brought: _Brought, request: HttpRequest, user: Any) -> accounts.Proof:
    return accounts.finish(
        state=brought.state,
        code=brought.code,
        error=brought.error,
        user_id=str(user.pk) if user and user.is_authenticated else None,
        browser=oauth_state.browser_hash(_browser(request)),
    )


def _take(proof: accounts.Proof, request: HttpRequest, user: Any) -> SpotifyAccount:
    """Connect or sign in, as was begun."""
    if proof.attempt.purpose is accounts.Purpose.LOGIN:
        return _sign_in(proof, request, user)
    return accounts.connect(proof.connecting_user, proof.profile, proof.grant)


def _sign_in(proof: accounts.Proof, request: HttpRequest, user: Any) -> SpotifyAccount:
    """Begin a session for the user whom the proof signs in. Whoever is signed in here is not taken for another.

    :raises NoUser: if there is none, or one who may not.
    :raises SignedInAsOther: if somebody else is signed in, by the session or the request's own credentials.
    """
    found = authenticate(request, proof=proof)
    if found is None:
        raise NoUser
    for present in (user, get_user(request)):
        if present and present.is_authenticated and present.pk != found.pk:
            raise SignedInAsOther
    account = accounts.keep(found, proof.profile, proof.grant, was_linked=proof.was_linked)
    start_session(request, found)
    return account


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


# Where generators of schemas look for an address's REST view, as DRF's own as_view() leaves it.
for _view, _api in ((auth, _AuthAPI), (login, _LoginAPI), (callback, _CallbackAPI)):
    vars(_view).update(cls=_api, initkwargs={})

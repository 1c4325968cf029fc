"""The OAuth doors. Plain Django views, since a host whose REST framework renders only JSON still has to redirect
browsers; API clients, known by what they accept, are answered with JSON by the REST views of the same address.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth import authenticate, get_user
from django.contrib.auth import login as start_session
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.db import connections, transaction
from django.http import (
    Http404,
    HttpRequest,
    HttpResponseBase,
    HttpResponseNotAllowed,
    HttpResponseRedirect,
    QueryDict,
)
from django.shortcuts import resolve_url
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from django_spotify_sync import accounts
from django_spotify_sync.browsers import (
    Brought,
    browser_hash,
    failed,
    from_query,
    redirect_uri,
    safe_next,
    sent_back,
    with_cookie,
)
from django_spotify_sync.conf import conf
from django_spotify_sync.exceptions import (
    NoUser,
    SignedInAsOther,
    SpotifySyncError,
)
from django_spotify_sync.models import SpotifyAccount
from django_spotify_sync.rest import (
    OAuthThrottle,
    PinnedAPIView,
    Throttle,
    wants_json,
)
from django_spotify_sync.secret import Secret
from django_spotify_sync.serializers import SpotifyAccountSerializer

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
        return sent_back(Throttle.code)
    try:
        return with_cookie(request, HttpResponseRedirect(_begin(request, request.user, begin)))
    except SpotifySyncError as error:
        return failed(error)


class _AuthAPI(PinnedAPIView):
    """Begin to connect: the answer is the address of Spotify's consent page. A browser is sent there."""

    http_method_names = ["get"]  # a HEAD begins nothing
    throttle_classes = (OAuthThrottle,)
    begin: Begin = staticmethod(accounts.begin_connect)

    def get(self, request: Request) -> Response:
        address = _begin(request._request, request.user, self.begin)
        return with_cookie(request._request, Response({"authorize_url": address}))


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
        redirect_uri=redirect_uri(request),
        next_url=safe_next(request),
        browser=browser_hash(request),
    )


# callback/


@talks_to_spotify
def callback(request: HttpRequest) -> HttpResponseBase:
    """GET callback/: where Spotify sends the user back. POST: where API clients bring ``code`` and ``state``."""
    if request.method == "POST" or wants_json(request):
        return _CallbackAPI.as_view()(request)
    if request.method != "GET":
        return HttpResponseNotAllowed(["GET", "POST"])
    try:
        proof = _prove(from_query(request), request, request.user)
        _take(proof, request, request.user)
    except SpotifySyncError as error:
        return failed(error)
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
        return self._finish(request, from_query(request._request))

    def post(self, request: Request) -> Response:
        brought = _from_body(request)
        user: Any = request.user
        if not (user and user.is_authenticated) and not accounts.is_login(brought.state):
            self.permission_denied(request)
        return self._finish(request, brought)

    def _finish(self, request: Request, brought: Brought) -> Response:
        proof = _prove(brought, request._request, request.user)
        account = _take(proof, request._request, request.user)
        return Response(SpotifyAccountSerializer(account).data)


def _prove(brought: Brought, request: HttpRequest, user: Any) -> accounts.Proof:
    return accounts.finish(
        state=brought.state,
        code=brought.code,
        error=brought.error,
        user_id=str(user.pk) if user and user.is_authenticated else None,
        browser=browser_hash(request),
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


def _from_body(request: Request) -> Brought:
    """The same for a body.

    :raises ValidationError: if it holds something else than text.
    """
    body = _CallbackSerializer(data=request.data)
    body.is_valid(raise_exception=True)
    request._request.POST = QueryDict()
    values = body.validated_data
    return Brought(values["state"], Secret(values["code"]), values["error"])


# Where generators of schemas look for an address's REST view, as DRF's own as_view() leaves it.
for _view, _api in ((auth, _AuthAPI), (login, _LoginAPI), (callback, _CallbackAPI)):
    vars(_view).update(cls=_api, initkwargs={})

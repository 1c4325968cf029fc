"""Back from Spotify: what the callback brings, and whom it connects or signs in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib.auth import authenticate, get_user
from django.contrib.auth import login as start_session
from django.http import (
    HttpRequest,
    HttpResponseBase,
    HttpResponseNotAllowed,
    HttpResponseRedirect,
    QueryDict,
)
from django.shortcuts import resolve_url
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from django_spotify_sync import accounts
from django_spotify_sync.conf import conf
from django_spotify_sync.exceptions import NoUser, SignedInAsOther, SpotifySyncError
from django_spotify_sync.models import SpotifyAccount
from django_spotify_sync.rest.account import SpotifyAccountSerializer
from django_spotify_sync.rest.pinned import PinnedAPIView, wants_json
from django_spotify_sync.rest.throttles import OAuthThrottle
from django_spotify_sync.secret import Secret
from django_spotify_sync.views.cookie import browser_hash
from django_spotify_sync.views.decorators import talks_to_spotify
from django_spotify_sync.views.destinations import failed

# What the callback brings


@dataclass(frozen=True, slots=True)
class Brought:
    """What the callback brings."""

    state: str
    code: Secret
    error: str


def from_query(request: HttpRequest) -> Brought:
    """Take what the query brings out of the request, so that no report of a later error can show the code."""
    state, code, error = (request.GET.get(name, "") for name in ("state", "code", "error"))
    query = request.META.get("QUERY_STRING", "")
    for name, value in request.META.items():
        # as it stands, or behind an address; a query of one letter is part of many a header by chance
        if query and value == query:
            request.META[name] = ""
        elif query and isinstance(value, str):
            request.META[name] = value.replace(f"?{query}", "?")
    request.GET = QueryDict()
    return Brought(state, Secret(code), error)


# callback/


@talks_to_spotify
def callback(request: HttpRequest) -> HttpResponseBase:
    """GET callback/: where Spotify sends the user back. POST: where API clients bring ``code`` and ``state``."""
    if request.method == "POST" or wants_json(request):
        return CallbackAPI.as_view()(request)
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


class CallbackAPI(PinnedAPIView):
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

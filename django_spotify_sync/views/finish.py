"""Back from Spotify: what the callback brings, and whom it connects or signs in."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.contrib.auth import authenticate, get_user
from django.contrib.auth import login as start_session
from django.contrib.auth.views import redirect_to_login
from django.http import (
    HttpRequest,
    HttpResponseBase,
    HttpResponseNotAllowed,
    HttpResponseRedirect,
    QueryDict,
)
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from django_spotify_sync import accounts
from django_spotify_sync.conf import Conf, conf
from django_spotify_sync.exceptions import (
    CacheUnavailable,
    NoUser,
    SignedInAsOther,
    SpotifySyncError,
    StateReplayed,
)
from django_spotify_sync.models import SpotifyAccount
from django_spotify_sync.rest.account import SpotifyAccountSerializer
from django_spotify_sync.rest.pinned import PinnedAPIView, is_for_the_api
from django_spotify_sync.rest.throttles import CallbackThrottle
from django_spotify_sync.secret import Secret, hushed
from django_spotify_sync.views.cookie import browser_hash, session_hash, without_cookie
from django_spotify_sync.views.decorators import talks_to_spotify
from django_spotify_sync.views.destinations import asks_too_often, failed, place, sent_back

# What the callback brings

#: What a query, or a code, stands behind: in an address, and in one within another's query, as the page of a sign-in
#: that came between has it, and so the next request's Referer.
_BEFORE = ("?", "code%3D")
_WORD = 8  # letters; so short no code is, and a method or a scheme may be


@dataclass(frozen=True, slots=True)
class Brought:
    """What the callback brings."""

    state: str
    code: Secret
    error: str


def from_query(request: HttpRequest) -> Brought:
    """Take what the query brings out of the request, so that no report of a later error can show the code."""
    state, code, error = (request.GET.get(name, "") for name in ("state", "code", "error"))
    for text in filter(None, (request.META.get("QUERY_STRING"), code)):
        _forget(request, text)
    request.GET = QueryDict()
    return Brought(state, Secret(code), error)


def _forget(request: HttpRequest, text: str) -> None:
    """Leave a query, or a code, in nothing that the request keeps; nor in what an ASGI server handed over."""
    request.META.update({name: _without(text, value) for name, value in request.META.items()})
    scope: dict[str, Any] = getattr(request, "scope", {})
    for name, value in scope.items():
        scope[name] = _without(text, value)
    scope["headers"] = [(name, _without(text, value)) for name, value in scope.get("headers", ())]


def _without(text: str, value: Any) -> Any:
    """Return a value without a text that stands in it behind one of ``_BEFORE``, or is all of it and no mere word.

    Anywhere else a short one is part of many a header by chance.
    """
    if isinstance(value, bytes):
        return _without(text, value.decode("latin-1")).encode("latin-1")
    if not isinstance(value, str):
        return value
    if value == text and len(text) > _WORD:
        return ""
    for before in _BEFORE:
        value = value.replace(before + text, before)
    return value


# callback/


@talks_to_spotify
def callback(request: HttpRequest) -> HttpResponseBase:
    """GET callback/: where Spotify sends the user back. POST: where API clients bring ``code`` and ``state``."""
    if request.method == "POST" or is_for_the_api(request):
        return CallbackAPI.as_view()(request)
    if request.method != "GET":
        return HttpResponseNotAllowed(["GET", "POST", "OPTIONS"])
    brought = from_query(request)
    if asks_too_often(request, CallbackThrottle()):
        return sent_back(request, CallbackThrottle.code)
    try:
        if not request.user.is_authenticated and _awaits_user(brought, request):
            return _sign_in_first(brought, request)
        attempt = _finish_or_find(brought, request)
    except SpotifySyncError as error:
        return _without_cookie_if_ended(brought, request, failed(request, error))
    answer = HttpResponseRedirect(attempt.next_url or place(request, Conf.CONNECTED_URL))
    goes_on_here = urlsplit(answer.url).path == request.path  # signed in, to finish another attempt
    return answer if goes_on_here else without_cookie(request, answer)


def _awaits_user(brought: Brought, request: HttpRequest) -> bool:
    return accounts.awaits_user(brought.state, browser_hash(request))


@hushed
def _sign_in_first(brought: Brought, request: HttpRequest) -> HttpResponseRedirect:
    """Send a browser that lost its session on the way to sign in, and back here with what it has brought."""
    values = {"state": brought.state, "code": brought.code.reveal(), "error": brought.error}
    query = urlencode({name: value for name, value in values.items() if value})
    return redirect_to_login(f"{request.path}?{query}")


def _without_cookie_if_ended(
    brought: Brought, request: HttpRequest, response: HttpResponseRedirect
) -> HttpResponseRedirect:
    """Drop the cookie of a browser whose attempt has failed for good, not because it was sent here with another's."""
    with suppress(CacheUnavailable):
        if accounts.ended_in(brought.state, browser_hash(request)):
            return without_cookie(request, response)
    return response


class _CallbackSerializer(serializers.Serializer[Any]):
    state = serializers.CharField(allow_blank=True, default="")
    code = serializers.CharField(allow_blank=True, default="")
    error = serializers.CharField(allow_blank=True, default="")


class CallbackAPI(PinnedAPIView):
    """Finish what was begun, with what Spotify sent: the answer is the account. A browser goes on into the site."""

    http_method_names = ["get", "post", "options"]  # a HEAD finishes nothing
    throttle_classes = (CallbackThrottle,)

    def get_permissions(self) -> Any:
        # A GET may come from a browser that lost its session on the way, or signs in; its cookie tells which began.
        anyone = self.request.method == "GET" or conf.LOGIN_ENABLED
        return [AllowAny()] if anyone else super().get_permissions()

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """A crash before the code is taken out of the request shows it no more than a later one."""
        try:
            super().initial(request, *args, **kwargs)
        except BaseException:
            from_query(request._request)
            _forget_body(request)
            raise

    def get(self, request: Request) -> Response:
        brought = from_query(request._request)
        if _id_of(request.user) is None and _awaits_user(brought, request._request):
            self.permission_denied(request)
        return self._finish(request, brought)

    def post(self, request: Request) -> Response:
        brought = _from_body(request)
        user: Any = request.user
        if not (user and user.is_authenticated) and not accounts.is_login(brought.state):
            self.permission_denied(request)
        return self._finish(request, brought)

    def _finish(self, request: Request, brought: Brought) -> Response:
        _, account = _finish(brought, request._request, request.user)
        return without_cookie(request._request, Response(SpotifyAccountSerializer(account).data))


def _finish_or_find(brought: Brought, request: HttpRequest) -> accounts.Attempt:
    """Finish what was begun, or find it finished: browsers on phones ask twice, and people reload."""
    try:
        return _finish(brought, request, request.user)[0]
    except StateReplayed:
        attempt = accounts.ended_well(
            brought.state,
            user_id=_id_of(request.user),
            browser=browser_hash(request),
            session=session_hash(request, request.user),
        )
        if attempt is None:
            raise
        return attempt


def _finish(
    brought: Brought, request: HttpRequest, user: Any
) -> tuple[accounts.Attempt, SpotifyAccount]:
    proof = accounts.finish(
        state=brought.state,
        code=brought.code,
        error=brought.error,
        user_id=_id_of(user),
        browser=browser_hash(request),
        session=session_hash(request, user),
    )
    user_id = None
    try:
        account = _take(proof, request, user)
        user_id = str(account.user_id)
    finally:
        # a user who signs in has another session by now than before
        session = session_hash(request, request.user)
        accounts.note_end(brought.state, proof.attempt, user_id, session)
    return proof.attempt, account


def _id_of(user: Any) -> str | None:
    return str(user.pk) if user and user.is_authenticated else None


def _take(proof: accounts.Proof, request: HttpRequest, user: Any) -> SpotifyAccount:
    """Connect or sign in, as was begun."""
    if proof.attempt.purpose is accounts.Purpose.LOGIN:
        return _sign_in(proof, request, user)
    return accounts.connect(proof.connecting_user, proof.profile, proof.grant)


def _sign_in(proof: accounts.Proof, request: HttpRequest, user: Any) -> SpotifyAccount:
    """Begin a session for the user whom the proof signs in. Whoever is signed in here is not taken for another.

    :raises NoUser: if there is none, or one who may not, or no session to begin.
    :raises SignedInAsOther: if somebody else is signed in, by the session or the request's own credentials.
    """
    found = authenticate(request, proof=proof)
    if found is None or not hasattr(request, "session"):
        raise NoUser
    for present in (user, get_user(request)):
        if present and present.is_authenticated and present.pk != found.pk:
            raise SignedInAsOther
    account = accounts.keep(found, proof.profile, proof.grant, was_linked=proof.was_linked)
    start_session(request, found)
    return account


@hushed
def _from_body(request: Request) -> Brought:
    """The same for a body.

    :raises ValidationError: if it holds something else than text.
    """
    try:
        body = _CallbackSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        values = body.validated_data
        return Brought(values["state"], Secret(values["code"]), values["error"])
    finally:
        _forget_body(request)


def _forget_body(request: Request) -> None:
    """Leave nothing of a body that a report could show: its bytes, and what Django and REST framework made of them."""
    django_request: Any = request._request
    django_request._body = b""
    django_request.POST = QueryDict()
    rest_request: Any = request
    rest_request._data = rest_request._full_data = QueryDict()
    rest_request._stream = None

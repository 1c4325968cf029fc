"""What all our REST views share, pinned: a host's REST_FRAMEWORK changes who is signed in, and nothing else.

An error is ``{"code", "detail"}`` whatever raised it.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from typing import Any

from django.core.cache import caches
from django.db import connections, router, transaction
from django.http import Http404, HttpRequest
from django.urls import reverse
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext
from rest_framework.exceptions import NotFound, Throttled, ValidationError
from rest_framework.fields import BooleanField
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.parsers import FormParser, JSONParser, MultiPartParser
from rest_framework.permissions import IsAuthenticated
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import UserRateThrottle
from rest_framework.views import APIView, exception_handler

from django_spotify_sync.conf import conf
from django_spotify_sync.exceptions import (
    CacheUnavailable,
    ConnectError,
    LinkedElsewhere,
    NotAllowlisted,
    NotConnected,
    NoUser,
    Paced,
    RateLimited,
    SignedInAsOther,
    SpotifyError,
    SpotifySyncError,
    SpotifyUnavailable,
    TokensRateLimited,
    UnknownResource,
)
from django_spotify_sync.models import SpotifyAccount

logger = logging.getLogger(__name__)

#: Which status an error is answered with; the first class that fits counts.
STATUSES: tuple[tuple[type[SpotifySyncError], int], ...] = (
    (LinkedElsewhere, 409),
    (SignedInAsOther, 409),
    (NotAllowlisted, 403),
    (NoUser, 403),
    (ConnectError, 400),
    (NotConnected, 409),
    (RateLimited, 429),
    (SpotifyError, 502),
    (CacheUnavailable, 503),
    (UnknownResource, 404),
)


def wants_json(request: HttpRequest) -> bool:
    """Tell an API client from a browser: it asks for application/json, or brings credentials of its own, and does not
    ask for text/html, as browsers do wherever they go.
    """
    accept = request.headers.get("Accept", "")
    asks = "application/json" in accept or "Authorization" in request.headers
    return asks and "text/html" not in accept


def status_of(error: SpotifySyncError) -> int:
    """Return the HTTP status that stands for ``error``; 500 for what no client can mend."""
    return next((status for kind, status in STATUSES if isinstance(error, kind)), 500)


def code_of(error: SpotifySyncError) -> str:
    """Return the code that the public contract has for ``error``: why Spotify failed, or who held back, is for the log
    and the detail.
    """
    if isinstance(error, Paced | TokensRateLimited):
        return RateLimited.code
    return SpotifyUnavailable.code if status_of(error) == 502 else error.code


def error_response(error: SpotifySyncError) -> Response:
    """Answer one of our errors."""
    headers = (
        {"Retry-After": str(math.ceil(error.retry_after))}
        if isinstance(error, RateLimited)
        else None
    )
    return Response(
        {"code": code_of(error), "detail": gettext(str(error))},
        status=status_of(error),
        headers=headers,
    )


def handle_exception(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler, with our errors and our shape."""
    if isinstance(error, SpotifySyncError) and status_of(error) != 500:
        return error_response(error)
    if isinstance(error, Http404):
        error = NotFound()  # Django's own words name our classes
    response = exception_handler(error, context)
    if response is None:
        return None
    code = getattr(getattr(error, "detail", None), "code", None) or {
        404: "not_found",
        403: "permission_denied",
    }.get(response.status_code, "invalid")
    detail = (
        response.data.get("detail")
        if isinstance(response.data, dict) and "detail" in response.data
        else response.data
    )
    response.data = {"code": code, "detail": detail}
    return response


def own_account(request: Request) -> SpotifyAccount:
    """Return the asking user's account, whatever its status.

    :raises NotConnected: if there never was one.
    """
    # where it is written: on a replica that is behind, who has just connected would not be found
    accounts = SpotifyAccount.objects.using(router.db_for_write(SpotifyAccount))
    account = accounts.get_for_user(request.user)
    if account is None:
        raise NotConnected
    return account


def own_url(request: HttpRequest | Request, name: str, *args: object) -> str:
    """Return the path of one of our pages, in the namespace that the request came in by: a site may mount the app in
    one of its own, in another, or twice.
    """
    match = request.resolver_match
    namespace = match.namespace if match else "spotify_sync"
    return reverse(f"{namespace}:{name}", args=args)


class Throttle(UserRateThrottle):
    """A rate of SPOTIFY_SYNC_THROTTLE_RATES for one user. With the cache away everybody may go."""

    scope = "sync"
    code = Throttled.default_code
    duration: int | None

    def __init__(self) -> None:
        self.cache = caches[conf.CACHE]
        super().__init__()

    def get_rate(self) -> str | None:
        return conf.THROTTLE_RATES.get(self.scope)

    def get_cache_key(self, request: Request, view: APIView) -> str | None:
        key = super().get_cache_key(request, view)
        return f"spotify_sync:{key}" if key else None

    def wait(self) -> float | None:
        # DRF knows no time to name when a rate was lowered: the whole period is always long enough.
        return super().wait() or self.duration

    def allow_request(self, request: Request | HttpRequest, view: APIView | None) -> bool:
        try:
            return super().allow_request(request, view)  # type: ignore[arg-type]
        except Exception:  # each cache backend has errors of its own
            logger.warning("throttle %s: the cache is away, nobody is held back", self.scope)
            return True


class OAuthThrottle(Throttle):
    scope = "oauth"


class SyncThrottle(Throttle):
    scope = "sync"


class FullSyncThrottle(Throttle):
    """Counts only the requests that ask for a full pass."""

    scope = "full_sync"

    def allow_request(self, request: Any, view: APIView | None) -> bool:
        return not self._is_full(request) or super().allow_request(request, view)

    @staticmethod
    def _is_full(request: Any) -> bool:
        """Tell it as the endpoint will: of the many ways to say True it knows them all."""
        full = request.data.get("full") if isinstance(request.data, dict) else None
        try:
            return BooleanField().run_validation(full) is True
        except ValidationError:
            return False


class AlwaysJSON(DefaultContentNegotiation):
    """JSON is what we speak: nobody is turned away for asking for something else, by header or by ``?format=``."""

    def select_renderer(
        self, request: Request, renderers: Any, format_suffix: str | None = None
    ) -> tuple[Any, str]:
        return renderers[0], renderers[0].media_type


def outside_transactions[View: Callable[..., Any]](view: View) -> View:
    """Mark a view that talks to Spotify, or lets go of an account: no transaction of the host around it
    (ATOMIC_REQUESTS), which would be open for as long as that takes, and would forget, rolled back by an error answer,
    what has to be remembered.
    """
    for alias in connections:
        view = transaction.non_atomic_requests(using=alias)(view)
    return view


class PinnedAPIView(APIView):
    """The base of all our REST views: takes authentication from the host and pins the rest."""

    permission_classes: Any = (IsAuthenticated,)
    renderer_classes = (JSONRenderer,)
    parser_classes = (JSONParser, FormParser, MultiPartParser)
    throttle_classes: Any = ()
    content_negotiation_class = AlwaysJSON
    versioning_class = None
    metadata_class = None

    def get_exception_handler(self) -> Any:
        return handle_exception

    def finalize_response(self, *args: Any, **kwargs: Any) -> Response:
        """What is a user's own, and changes by the second, is in no cache: neither the host's nor a browser's."""
        response = super().finalize_response(*args, **kwargs)
        add_never_cache_headers(response)
        return response

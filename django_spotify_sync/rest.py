"""What all our REST views share, pinned: a host's REST_FRAMEWORK changes who is signed in, and nothing else.

An error is ``{"code", "detail"}`` whatever raised it.
"""

from __future__ import annotations

import logging
import math
from typing import Any

from django.core.cache import caches
from django.http import HttpRequest
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.pagination import CursorPagination
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
    RateLimited,
    SpotifyError,
    SpotifySyncError,
    UnknownResource,
)

logger = logging.getLogger(__name__)

PAGE_SIZE = 50

#: Which status an error is answered with; the first class that fits counts.
STATUSES: tuple[tuple[type[SpotifySyncError], int], ...] = (
    (LinkedElsewhere, 409),
    (NotAllowlisted, 403),
    (ConnectError, 400),
    (NotConnected, 409),
    (RateLimited, 429),
    (SpotifyError, 502),
    (CacheUnavailable, 503),
    (UnknownResource, 404),
)


def wants_json(request: HttpRequest) -> bool:
    """Tell an API client from a browser: it asks for application/json and not for text/html."""
    accept = request.headers.get("Accept", "")
    return "application/json" in accept and "text/html" not in accept


def status_of(error: SpotifySyncError) -> int:
    """Return the HTTP status that stands for ``error``; 500 for what no client can mend."""
    return next((status for kind, status in STATUSES if isinstance(error, kind)), 500)


def error_response(error: SpotifySyncError) -> Response:
    """Answer one of our errors."""
    headers = (
        {"Retry-After": str(math.ceil(error.retry_after))}
        if isinstance(error, RateLimited)
        else None
    )
    return Response(
        {"code": error.code, "detail": str(error)}, status=status_of(error), headers=headers
    )


def handle_exception(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler, with our errors and our shape."""
    if isinstance(error, SpotifySyncError) and status_of(error) != 500:
        return error_response(error)
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


class CursorPages(CursorPagination):
    """Pages of 50 by a cursor: equally quick at the end of a long list, and steady while rows come and go."""

    page_size = PAGE_SIZE
    max_page_size = PAGE_SIZE


class Throttle(UserRateThrottle):
    """A rate of SPOTIFY_SYNC_THROTTLE_RATES for one user. With the cache away everybody may go."""

    scope = "sync"

    def __init__(self) -> None:
        self.cache = caches[conf.CACHE]
        super().__init__()

    def get_rate(self) -> str | None:
        return conf.THROTTLE_RATES.get(self.scope)

    def get_cache_key(self, request: Request, view: APIView) -> str | None:
        key = super().get_cache_key(request, view)
        return f"spotify_sync:{key}" if key else None

    def allow_request(self, request: Request, view: APIView) -> bool:
        try:
            return super().allow_request(request, view)
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

    def allow_request(self, request: Request, view: APIView) -> bool:
        is_full = isinstance(request.data, dict) and request.data.get("full")
        return not is_full or super().allow_request(request, view)


class PinnedAPIView(APIView):
    """The base of all our REST views: takes authentication from the host and pins the rest."""

    permission_classes = (IsAuthenticated,)
    renderer_classes = (JSONRenderer,)
    parser_classes = (JSONParser, FormParser, MultiPartParser)
    throttle_classes: Any = ()
    content_negotiation_class = DefaultContentNegotiation
    versioning_class = None
    metadata_class = None

    def get_exception_handler(self) -> Any:
        return handle_exception

"""Errors over REST: ``{"code", "detail"}`` and a status, whatever was raised."""

from __future__ import annotations

import logging
import math
from typing import Any

from django.http import Http404
from django.utils.translation import gettext
from rest_framework.exceptions import NotFound
from rest_framework.response import Response
from rest_framework.views import exception_handler

from django_spotify_sync.errors import message_for
from django_spotify_sync.exceptions import (
    CacheUnavailable,
    ConnectError,
    InsufficientScope,
    LinkedElsewhere,
    LossSettled,
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
    UnknownParameter,
    UnknownResource,
    Words,
)

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
    (InsufficientScope, 409),
    (SpotifyError, 502),
    (CacheUnavailable, 503),
    (LossSettled, 409),
    (UnknownResource, 404),
    (UnknownParameter, 400),
)


#: What a developer or an operator can mend, or wonders about, and does not see in what a client is answered.
TOLD_THE_SITE = (ConnectError, SpotifyError, CacheUnavailable)

#: What names nothing but what the client itself sent, and what there is instead.
TOLD_THE_CLIENT = (UnknownParameter, UnknownResource)


def status_of(error: SpotifySyncError) -> int:
    """Return the HTTP status that stands for ``error``; 500 for what no client can mend."""
    return next((status for kind, status in STATUSES if isinstance(error, kind)), 500)


def code_of(error: SpotifySyncError) -> str:
    """Return the code that the public contract has for ``error``: why Spotify failed, or who held back, is for the
    log.
    """
    if isinstance(error, Paced | TokensRateLimited):
        return RateLimited.code
    return SpotifyUnavailable.code if status_of(error) == 502 else error.code


def words_of(error: SpotifySyncError) -> str:
    """Return what ``error`` says to those who run the site, in the language of the one who asks; what Spotify said
    stays as it was.
    """
    if not error.values:
        return gettext(str(error))
    values = {
        name: gettext(value) if isinstance(value, Words) else value
        for name, value in error.values.items()
    }
    return gettext(error.template) % values


def detail_of(error: SpotifySyncError) -> str:
    """Return what a user is told of ``error``: a sentence for its code, and none of its own words, which name settings
    and keys.
    """
    return words_of(error) if isinstance(error, TOLD_THE_CLIENT) else message_for(error.code)


def error_response(error: SpotifySyncError) -> Response:
    """Answer one of our errors."""
    headers = (
        {"Retry-After": str(math.ceil(error.retry_after))}
        if isinstance(error, RateLimited)
        else None
    )
    return Response(
        {"code": code_of(error), "detail": detail_of(error)},
        status=status_of(error),
        headers=headers,
    )


def handle_exception(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler, with our errors and our shape."""
    if isinstance(error, SpotifySyncError) and status_of(error) != 500:
        if isinstance(error, TOLD_THE_SITE):
            logger.warning("%s answers %s: %s", context["request"].path, error.code, error)
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

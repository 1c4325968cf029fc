"""How often one user may ask."""

from __future__ import annotations

import hashlib
import logging
from typing import Any

from django.http import HttpRequest
from rest_framework.exceptions import Throttled, ValidationError
from rest_framework.fields import BooleanField
from rest_framework.request import Request
from rest_framework.settings import api_settings
from rest_framework.throttling import UserRateThrottle
from rest_framework.views import APIView

from django_spotify_sync.conf import conf
from django_spotify_sync.exceptions import CacheUnavailable
from django_spotify_sync.rest.counting import count

logger = logging.getLogger(__name__)


class Throttle(UserRateThrottle):
    """A rate of SPOTIFY_SYNC_THROTTLE_RATES for one user, or one address. With the cache away everybody may go.

    ``scope`` names the rate; what is ``counted_as`` something else is counted by itself.
    """

    scope = "sync"
    counted_as = ""
    code = Throttled.default_code
    num_requests: int
    duration: int
    _seconds: float | None = None

    def get_rate(self) -> str | None:
        return conf.THROTTLE_RATES.get(self.scope)

    def get_cache_key(self, request: Any, view: APIView | None) -> str:
        """Return the key of the user or address that asks: the two never collide, and none is too long for a cache."""
        user = request.user
        is_user = user is not None and user.is_authenticated
        who = f"user {user.pk}" if is_user else f"address {self.get_ident(request)}"
        digest = hashlib.sha256(who.encode("utf-8", "surrogateescape")).hexdigest()
        return f"throttle:{self.counted_as or self.scope}:{digest}"

    def get_ident(self, request: Any) -> str:
        """Return the address that asks. X-Forwarded-For, which anybody can write, counts if NUM_PROXIES says so.

        REST framework believes it where NUM_PROXIES is not set.
        """
        if api_settings.NUM_PROXIES is None:
            return str(request.META.get("REMOTE_ADDR") or "")
        return str(super().get_ident(request) or "")

    def wait(self) -> float | None:
        return self._seconds

    def allow_request(self, request: Request | HttpRequest, view: APIView | None) -> bool:
        """Count the request, before anything is done for it, and tell whether it may be."""
        key = self.rate and self.get_cache_key(request, view)
        if not key:
            return True
        try:
            self._seconds = count(key, self.num_requests, self.duration)
        except CacheUnavailable:
            logger.warning("throttle %s: the cache is away, nobody is held back", self.scope)
            return True
        return self._seconds is None


class OAuthThrottle(Throttle):
    scope = "oauth"


class CallbackThrottle(OAuthThrottle):
    """Counts callbacks by themselves, so that one attempt to connect does not count twice."""

    counted_as = "callback"


class SyncThrottle(Throttle):
    scope = "sync"


class ListsThrottle(Throttle):
    """Counts what is read, each page of a list."""

    scope = "read"


class ExportThrottle(Throttle):
    """Counts the files that are asked for."""

    scope = "export"


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

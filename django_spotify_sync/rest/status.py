"""How the app stands, for monitors: in JSON, and as metrics in Prometheus' text format."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.http import HttpResponse
from django.utils.crypto import constant_time_compare
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response

from django_spotify_sync.conf import conf
from django_spotify_sync.rest.metrics import metrics_of
from django_spotify_sync.rest.pinned import PinnedAPIView
from django_spotify_sync.secret import hushed
from django_spotify_sync.upkeep import may_read_status, read_status
from django_spotify_sync.upkeep.lamps import read_signs, sentence_of, worst_of

#: What a request is known by that brings STATUS_TOKEN. It stands for no user.
MONITOR = object()


class StatusToken(BaseAuthentication):
    """Knows a monitor by ``Authorization: Bearer`` and STATUS_TOKEN. What it does not know, others may."""

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        return (AnonymousUser(), MONITOR) if _brings_token(request) else None

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


@hushed
def _brings_token(request: Request) -> bool:
    scheme, _, token = get_authorization_header(request).partition(b" ")
    wanted = conf.STATUS_TOKEN.encode()
    return (
        bool(wanted)
        and scheme.lower() == b"bearer"
        and constant_time_compare(token.strip(), wanted)
    )


class MayReadStatus(BasePermission):
    """Lets in a monitor, and staff who may see the app's accounts and runs in the admin."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return request.auth is MONITOR or may_read_status(request.user)


class StatusView(PinnedAPIView):
    permission_classes = (MayReadStatus,)

    def get_authenticators(self) -> list[BaseAuthentication]:
        """Put the token first, where there is one: another class would refuse a bearer that it does not know."""
        known = super().get_authenticators()
        return [StatusToken(), *known] if conf.STATUS_TOKEN else known

    def get(self, request: Request) -> Response:
        """Whether all is well: 200, or 503 and why not."""
        lamps = read_signs().lamps()
        ok = not worst_of(lamps)
        said = {
            "ok": ok,
            "sentence": sentence_of(lamps),
            "lamps": {
                name: {"ok": lamp.ok, "sentence": lamp.sentence} for name, lamp in lamps.items()
            },
        }
        return Response(said, status=200 if ok else 503)


class MetricsView(StatusView):
    def get(self, request: Request) -> HttpResponse:  # type: ignore[override]
        """The same in numbers, and more, in Prometheus' text format."""
        return HttpResponse(
            metrics_of(read_status()), content_type="text/plain; version=0.0.4; charset=utf-8"
        )

"""What all our REST views share, pinned: a host's REST_FRAMEWORK changes who is signed in, and nothing else."""

from __future__ import annotations

from typing import Any

from django.db import router
from django.http import HttpRequest
from django.urls import reverse
from django.utils.cache import add_never_cache_headers
from django.utils.module_loading import import_string
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.exceptions import ParseError
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.parsers import FormParser, JSONParser, MultiPartParser
from rest_framework.permissions import IsAuthenticated
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from django_spotify_sync.conf import conf
from django_spotify_sync.exceptions import NotConnected
from django_spotify_sync.models import SpotifyAccount
from django_spotify_sync.rest.errors import handle_exception


def wants_json(request: HttpRequest) -> bool:
    """Tell an API client from a browser: it asks for application/json, or brings credentials of its own, and does not
    ask for text/html, as browsers do wherever they go.
    """
    accept = request.headers.get("Accept", "")
    asks = "application/json" in accept or "Authorization" in request.headers
    return asks and "text/html" not in accept


def is_for_the_api(request: HttpRequest) -> bool:
    """Tell what the REST view of an address answers that browsers use as well."""
    return wants_json(request) or request.method == "OPTIONS"


def own_account(request: Request | HttpRequest) -> SpotifyAccount:
    """Return the asking user's account, whatever its status.

    :raises NotConnected: if there never was one.
    """
    # where it is written: a replica that is behind would not find a user who has just connected
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


class ShallowJSONParser(JSONParser):
    """JSON, of a depth that can be read: a few kilobytes of brackets are no crash, nor a mail to the admins."""

    def parse(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().parse(*args, **kwargs)
        except RecursionError:
            pass
        raise ParseError  # out here, without a thousand frames


class AlwaysJSON(DefaultContentNegotiation):
    """JSON is what we speak: nobody is turned away for asking for something else, by header or by ``?format=``."""

    def select_renderer(
        self, request: Request, renderers: Any, format_suffix: str | None = None
    ) -> tuple[Any, str]:
        return renderers[0], renderers[0].media_type


class PinnedAPIView(APIView):
    """The base of all our REST views: takes authentication from the host, adds the session, and pins the rest."""

    permission_classes: Any = (IsAuthenticated,)
    renderer_classes = (JSONRenderer,)
    parser_classes = (ShallowJSONParser, FormParser, MultiPartParser)
    throttle_classes: Any = ()
    content_negotiation_class = AlwaysJSON
    versioning_class = None
    metadata_class = None

    def get_authenticators(self) -> list[BaseAuthentication]:
        """Return what AUTHENTICATION_CLASSES names; left out, what the host has, and then the session.

        So the pages and the API clients of one site both work. The session comes last: a host's own class says how
        whoever is not signed in is answered, 401 or 403.
        """
        if conf.AUTHENTICATION_CLASSES is not None:
            return [import_string(path)() for path in conf.AUTHENTICATION_CLASSES]
        kinds: list[type[BaseAuthentication]] = list(self.authentication_classes)
        if not any(issubclass(kind, SessionAuthentication) for kind in kinds):
            kinds.append(SessionAuthentication)
        return [kind() for kind in kinds]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Let everybody ask what an address can do, as often as they like: it is the same for all."""
        if request.method != "OPTIONS":
            super().initial(request, *args, **kwargs)

    def options(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        """Answer with nothing but ``Allow``, which REST framework adds to every answer."""
        return Response(status=204)

    def get_exception_handler(self) -> Any:
        return handle_exception

    def finalize_response(self, *args: Any, **kwargs: Any) -> Response:
        """What is a user's own, and changes by the second, is in no cache: neither the host's nor a browser's."""
        response = super().finalize_response(*args, **kwargs)
        add_never_cache_headers(response)
        return response

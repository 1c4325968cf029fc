"""What drf-spectacular is to know of our endpoints. Imported only by a site that has it installed.

One table says what each method answers; shapes come from the serializers, parameters of lists from pages and filters.
"""

from __future__ import annotations

from inspect import getdoc
from typing import Any

from drf_spectacular.extensions import OpenApiSerializerFieldExtension, OpenApiViewExtension
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import (
    OpenApiParameter,
    OpenApiResponse,
    extend_schema,
    extend_schema_view,
    inline_serializer,
)
from rest_framework import serializers

from django_spotify_sync.conf import conf
from django_spotify_sync.export import DEFAULT, FORMATS
from django_spotify_sync.models.runs import Resource
from django_spotify_sync.rest.account import SpotifyAccountSerializer
from django_spotify_sync.rest.albums import WholeAlbumSerializer
from django_spotify_sync.rest.changes import LibraryChangeSerializer
from django_spotify_sync.rest.fields import UTCField
from django_spotify_sync.rest.filters import MAX_IDS
from django_spotify_sync.rest.library import LibraryViewSet
from django_spotify_sync.rest.losses import DecisionSerializer, LossSerializer, LostRowSerializer
from django_spotify_sync.rest.playlists import PlaylistItemSerializer
from django_spotify_sync.rest.runs import (
    SyncRequestSerializer,
    SyncRunSerializer,
    SyncRunsSerializer,
)

TAG = "spotify"
#: What an export may be.
FILES = list(dict.fromkeys([*(one.content_type for one in FORMATS.values()), "application/zip"]))


class DetailField(serializers.Field[Any, Any, Any, Any]):
    """Words, or lists of words by parameter or field."""


class DetailSchema(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]
    target_class = DetailField

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> dict[str, Any]:
        words = {"type": "array", "items": {"type": "string"}}
        by_name = {"type": "object", "additionalProperties": words}
        return {"oneOf": [{"type": "string"}, by_name]}


def shape(name: str, **fields: Any) -> Any:
    return inline_serializer(name, fields)


Error = shape("SpotifySyncError", code=serializers.CharField(), detail=DetailField())
#: Whoever is signed in by other means than the site knows, is not, or has no right; who never connected an account.
NOBODY = {401: "Not signed in.", 403: "Not signed in, or without the CSRF token."}
MAY_NOT = {403: "Not signed in, or without the CSRF token; or this site does not allow it."}
UNREAD = {400: "The query cannot be read; `unknown_parameter`"}
UNCONNECTED = {409: "`not_connected`"}
UNUSABLE = {409: "`not_connected`, `suspect`, `reauthorization_required`"}
UNSUITED = {409: f"{UNUSABLE[409]}, `insufficient_scope`"}
THROTTLED = {429: "`throttled`"}
BODY = {400: "The body cannot be read.", 415: "The body is of another media type."}
AT_SPOTIFY = {
    429: "`rate_limited`, `quota_exceeded`, `throttled`",
    502: "`spotify_unavailable`",
    503: "`cache_unavailable`",
}
CALLBACK = {
    400: "`state_missing`, `state_expired`, `state_replayed`, `state_other_browser`, `access_denied`, `connect_failed`",
    403: "`not_allowlisted`, `no_user`; not signed in",
    409: "`linked_elsewhere`, `signed_in_as_other`",
    **AT_SPOTIFY,
}
BROWSER = {302: OpenApiResponse(description="To a browser, which does not ask for JSON.")}


def answers(status: Any, body: Any, *refusals: dict[int, str], **more: Any) -> dict[str, Any]:
    """Say what a method answers if all is well, and which errors it may answer."""
    errors = {number: words for refusal in refusals for number, words in refusal.items()}
    wait = header("Retry-After", "Seconds to wait.", int, 429)
    return {
        "tags": [TAG],
        "responses": {
            status: body,
            **{number: OpenApiResponse(Error, words) for number, words in errors.items()},
            **more.pop("browser", {}),
        },
        "parameters": [*more.pop("parameters", []), *([wait] if 429 in errors else [])],
        **more,
    }


def header(name: str, words: str, kind: type, status: int) -> OpenApiParameter:
    return OpenApiParameter(
        name, kind, OpenApiParameter.HEADER, description=words, response=[status]
    )


def query(name: str, words: str, kind: type = str, **more: Any) -> OpenApiParameter:
    return OpenApiParameter(name, kind, description=words, **more)


BEGIN = {
    "browser": BROWSER,
    "parameters": [
        query("next", "Where a browser goes in the end; on this site only."),
        query("redirect_uri", "The configured one, or one of REDIRECT_URIS."),
    ],
}
BEGUN = shape("SpotifyAuthorizeURL", authorize_url=serializers.URLField())
BRINGS = ("state", "code", "error")
QUERY_BROUGHT = [query(name, f"The {name} that Spotify sent.") for name in BRINGS]
BODY_BROUGHT = shape(
    "SpotifyCallback",
    **{name: serializers.CharField(allow_blank=True, default="") for name in BRINGS},
)
LIST = (NOBODY, UNREAD, UNCONNECTED, THROTTLED)
SYNC = (NOBODY, BODY, UNUSABLE, THROTTLED)
NAMED = OpenApiParameter("resource", str, OpenApiParameter.PATH, enum=list(Resource.values))
LOCATION = header("Location", "The run's address.", str, 202)
IDS = query("ids", f"From 1 to {MAX_IDS} Spotify ids, with commas between them.", required=True)
SAVED = {"type": "object", "additionalProperties": {"type": "boolean"}}
SPOTIFY_ID = OpenApiParameter("spotify_id", str, OpenApiParameter.PATH)
RUN_ID = OpenApiParameter("id", int, OpenApiParameter.PATH)
NOT_FOUND = {404: "`not_found`"}
LAMP = shape("SpotifyLamp", ok=serializers.BooleanField(), sentence=serializers.CharField())
STATUS = shape(
    "SpotifyStatus",
    ok=serializers.BooleanField(),
    sentence=serializers.CharField(),
    lamps=serializers.DictField(child=LAMP),
)
MAY_NOT_LOOK = {
    401: "Not signed in, and without the token.",
    403: "Not of the staff, or without the permission to see accounts and runs.",
}
#: By view, by method or action; the list of a library is described by what its view has.
#: `operation_id` where the address alone would give two the same.
OPERATIONS: dict[str, dict[str, dict[str, Any]]] = {
    "AuthAPI": {
        "get": answers(
            200, BEGUN, NOBODY, {400: "`invalid_redirect_uri`"}, THROTTLED, AT_SPOTIFY, **BEGIN
        )
    },
    "LoginAPI": {
        "get": answers(200, BEGUN, NOT_FOUND, {400: "`invalid_redirect_uri`"}, AT_SPOTIFY, **BEGIN),
        "post": answers(
            200,
            BEGUN,
            NOT_FOUND,
            {400: "`invalid_redirect_uri`"},
            AT_SPOTIFY,
            request=None,
            **BEGIN,
        ),
    },
    "CallbackAPI": {
        "get": answers(
            200, SpotifyAccountSerializer, CALLBACK, browser=BROWSER, parameters=QUERY_BROUGHT
        ),
        "post": answers(
            200, SpotifyAccountSerializer, NOBODY, BODY, CALLBACK, request=BODY_BROUGHT
        ),
    },
    "AccountView": {"get": answers(200, SpotifyAccountSerializer, NOBODY, UNCONNECTED)},
    "RefreshView": {
        "post": answers(
            200,
            shape("SpotifyRefreshed", expires_at=UTCField()),
            NOBODY,
            UNUSABLE,
            AT_SPOTIFY,
            request=None,
        )
    },
    "DisconnectView": {
        "post": answers(
            200,
            shape(
                "SpotifyDisconnected",
                removed=serializers.DictField(child=serializers.IntegerField()),
                revoke_at=serializers.URLField(),
            ),
            NOBODY,
            UNCONNECTED,
            request=None,
        )
    },
    "SyncAllView": {
        "post": answers(
            202,
            SyncRunsSerializer,
            *SYNC,
            request=SyncRequestSerializer,
            operation_id="spotify_sync_all",
        )
    },
    "SyncView": {
        "post": answers(
            202,
            SyncRunSerializer,
            *SYNC,
            MAY_NOT,
            UNSUITED,
            {404: "`unknown_resource`"},
            request=SyncRequestSerializer,
            operation_id="spotify_sync",
            parameters=[NAMED, LOCATION],
        )
    },
    "SyncRunViewSet": {
        "list": answers(200, SyncRunSerializer(many=True), *LIST),
        "retrieve": answers(
            200,
            SyncRunSerializer,
            NOBODY,
            UNCONNECTED,
            NOT_FOUND,
            THROTTLED,
            parameters=[RUN_ID],
        ),
    },
    "LibraryChangeViewSet": {"list": answers(200, LibraryChangeSerializer(many=True), *LIST)},
    "LossViewSet": {
        "list": answers(
            200,
            LostRowSerializer(many=True),
            NOBODY,
            UNREAD,
            UNCONNECTED,
            NOT_FOUND,
            THROTTLED,
            parameters=[RUN_ID],
        ),
        "create": answers(
            200,
            LossSerializer,
            NOBODY,
            BODY,
            {409: "`not_connected`, `loss_settled`"},
            NOT_FOUND,
            THROTTLED,
            request=DecisionSerializer,
            parameters=[RUN_ID],
        ),
    },
    "ExportView": {
        "get": answers(
            (200, FILES[0]),
            OpenApiTypes.BINARY,
            NOBODY,
            {400: f"{UNREAD[400]}; no file can be made of it"},
            UNCONNECTED,
            NOT_FOUND,
            THROTTLED,
            browser={(200, kind): OpenApiTypes.BINARY for kind in FILES[1:]},
            parameters=[
                query("as", "The format.", enum=list(FORMATS), default=DEFAULT),
                query("resource", "This resource alone.", enum=list(Resource.values)),
                query("playlist", "This playlist alone, by its Spotify id."),
                query("safe", "Defuse cells that a spreadsheet would run.", bool),
            ],
        )
    },
    "StatusView": {
        "get": answers(
            200,
            STATUS,
            MAY_NOT_LOOK,
            browser={503: OpenApiResponse(STATUS, "Not all is well.")},
        )
    },
    "MetricsView": {"get": answers((200, "text/plain"), OpenApiTypes.STR, MAY_NOT_LOOK)},
    "SavedTrackViewSet": {"contains": answers(200, SAVED, *LIST, parameters=[IDS])},
    "PlaylistItemViewSet": {
        "list": answers(
            200, PlaylistItemSerializer(many=True), *LIST, NOT_FOUND, parameters=[SPOTIFY_ID]
        )
    },
    "SavedAlbumViewSet": {
        "retrieve": answers(
            200,
            WholeAlbumSerializer,
            NOBODY,
            UNCONNECTED,
            NOT_FOUND,
            THROTTLED,
            parameters=[SPOTIFY_ID],
        )
    },
}


class Endpoints(OpenApiViewExtension):  # type: ignore[no-untyped-call]
    """Says of each of our views what the table has."""

    target_class = "django_spotify_sync.rest.pinned.PinnedAPIView"
    match_subclasses = True

    def view_replacement(self) -> Any:
        described = type(self.target.__name__, (self.target,), {"__doc__": getdoc(self.target)})
        operations = OPERATIONS.get(self.target.__name__, {})
        is_there = conf.LOGIN_ENABLED or self.target.__name__ != "LoginAPI"
        if issubclass(self.target, LibraryViewSet):
            listed = answers(200, self.target.serializer_class(many=True), *LIST)
            operations = {"list": listed, **operations}
            is_there = self.target.resource in conf.RESOURCES
        if not is_there:
            operations = {name: {"exclude": True} for name in operations}
        methods = {name: extend_schema(**said) for name, said in operations.items()}
        return extend_schema_view(**methods)(described)

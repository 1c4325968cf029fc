"""A user's library as a file, over REST."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from functools import partial

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.db import close_old_connections
from django.http import StreamingHttpResponse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.fields import BooleanField, CharField
from rest_framework.request import Request

from django_spotify_sync.conf import conf
from django_spotify_sync.export import DEFAULT, FORMATS, begin_export, makes_file, playlist_of
from django_spotify_sync.models.runs import Resource
from django_spotify_sync.rest.cursors import ensure_known
from django_spotify_sync.rest.filters import MAX_TEXT, asked
from django_spotify_sync.rest.pinned import PinnedAPIView, own_account
from django_spotify_sync.rest.throttles import ExportThrottle

PARAMETERS = ("as", "resource", "playlist", "safe")


class ExportView(PinnedAPIView):
    throttle_classes = (ExportThrottle,)

    def get(self, request: Request) -> StreamingHttpResponse:
        """The user's library, or a part of it, as a file that other programs read."""
        account = own_account(request)
        ensure_known(request, PARAMETERS)
        name = _one_of("as", request.query_params.get("as") or DEFAULT, list(FORMATS))
        spotify_id = asked(request, "playlist", CharField(max_length=MAX_TEXT))
        resource = _resource(request, name, is_list=bool(spotify_id))
        safe = bool(asked(request, "safe", BooleanField()))
        playlist = playlist_of(account, spotify_id) if spotify_id else None
        if spotify_id and playlist is None:
            raise NotFound
        file = begin_export(account, name, resource=resource, playlist=playlist, safe=safe)
        return StreamingHttpResponse(
            _awaited(file.parts) if isinstance(request._request, ASGIRequest) else file.parts,
            content_type=file.content_type,
            headers={"Content-Disposition": str(content_disposition_header(True, file.name))},
        )


def _resource(request: Request, name: str, *, is_list: bool) -> str | None:
    """Return the resource that is asked for, None for all of them; of one list it can be no other.

    :raises ValidationError: if the format makes no file of it, or the site does not sync it.
    """
    there = (Resource.PLAYLISTS,) if is_list else FORMATS[name].holds
    resource = request.query_params.get("resource") or (Resource.PLAYLISTS if is_list else "")
    if not resource and makes_file(name, None):
        return None
    return _one_of("resource", resource, [one for one in there if one in conf.RESOURCES])


def _one_of(parameter: str, value: str, known: Sequence[str]) -> str:
    """:raises ValidationError: if ``value`` is none of what is ``known``."""
    if value not in known:
        words = _("There is: %(known)s.") % {"known": ", ".join(known)}
        raise ValidationError({parameter: [words]})
    return value


async def _awaited(parts: Iterator[bytes]) -> AsyncIterator[bytes]:
    """Give the parts to an ASGI server, each made in the thread whose connection to the database the request has.

    Django would have all of them in memory before the first is sent.
    """
    following = sync_to_async(partial(next, parts, None))
    try:
        while (part := await following()) is not None:
            yield part
    except Exception:
        # Django ends no request whose answer breaks off, and so would leave that thread's connection open
        await sync_to_async(close_old_connections)()
        raise

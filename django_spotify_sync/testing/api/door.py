"""The door of the Web API: who may call, and which endpoint answers.

Gates stand in the order a call meets them: rate limit, token, the owner's Premium, the allow-list,
quota; scopes are the endpoint's own. Texts are those of spotify-web-api.md, sections 1 to 4.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

from django_spotify_sync.testing.api import (
    endpoints,
    library_endpoints,
    playlist_endpoints,
)
from django_spotify_sync.testing.api.calls import ApiError, Call, Room
from django_spotify_sync.testing.api.pages import dump
from django_spotify_sync.testing.api.shapes import Shapes
from django_spotify_sync.testing.oauth.grants import Grant, Grants
from django_spotify_sync.testing.site import Cohort, Site
from django_spotify_sync.testing.wire.faults import Twist
from django_spotify_sync.testing.wire.log import Visit
from django_spotify_sync.testing.wire.server import Answer, Body, Request

NOT_ALLOWLISTED = "User not registered in the Developer Dashboard"
OWNER_NOT_PREMIUM = (
    "Active premium subscription required for the owner of the app. When the subscription status "
    "changes, it can take a few hours before requests are allowed again."
)
# Every address: the first that fits answers. What the new cohort lost is in the sheet, section 2.
ROUTES: list[tuple[re.Pattern[str], Callable[..., Any]]] = [
    (re.compile(pattern), handle)
    for pattern, handle in (
        ("/me", endpoints.me),
        ("/me/tracks", endpoints.saved_tracks),
        ("/me/following", endpoints.following),
        ("/me/playlists", playlist_endpoints.playlists),
        ("/me/albums", library_endpoints.albums),
        ("/me/shows", library_endpoints.shows),
        ("/me/episodes", library_endpoints.episodes),
        ("/me/audiobooks", library_endpoints.audiobooks),
        ("/me/library/contains", library_endpoints.contains),
        ("/albums/([^/]+)/tracks", library_endpoints.album_tracks),
        ("/users/([^/]+)/playlists", playlist_endpoints.playlists),
        ("/users/([^/]+)", endpoints.person),
        ("/playlists/([^/]+)", playlist_endpoints.playlist),
        ("/playlists/([^/]+)/(items|tracks)", playlist_endpoints.playlist_items),
        ("/(tracks|albums|artists)/([^/]+)", endpoints.one),
        ("/(tracks|albums|artists)", endpoints.several),
        ("/(?:shows|episodes|markets|browse/.+|artists/[^/]+/top-tracks)", endpoints.removed),
        ("/me/.+|/search|/(?:shows|episodes|audiobooks|albums|artists)/.+", endpoints.not_modelled),
        ("/audiobooks|/chapters(?:/.+)?|/playlists/[^/]+/.+", endpoints.not_modelled),
        ("/recommendations(?:/.+)?|/audio-(?:features|analysis)(?:/.+)?", endpoints.not_modelled),
    )
]


class Api:
    """Answer for api.spotify.com."""

    def __init__(self, site: Site, grants: Grants) -> None:
        """Answer from the libraries of *site*."""
        self._site = site
        self._grants = grants
        self._made: tuple[tuple[Cohort, str], Room] | None = None

    def room(self) -> Room:
        """Return the shapes of the site's cohort, and the caches; new ones where that, or the address, has changed."""
        cohort, url = self._site.cohort, self._site.url
        made = self._made  # read once: another thread may make another
        if made is None or made[0] != (cohort, url):
            self._made = made = (cohort, url), Room(self._site, Shapes(cohort, url))
        return made[1]

    def answer(self, request: Request, twist: Twist, visit: Visit) -> Answer:
        """Let the call through the gates and answer it."""
        try:
            self._pace()
            grant = self._authenticate(request)
            visit.user_id = grant.user.id
            if not self._site.owner_premium:
                return _bare(403, OWNER_NOT_PREMIUM)
            allowed = self._site.allowlist
            if allowed is not None and grant.user.id not in allowed:
                return _bare(403, NOT_ALLOWLISTED)
            path = request.path.removeprefix("/v1")
            self._quota(path)
            return self._route(path, Call(request, grant.user, grant.scopes, twist))
        except ApiError as error:
            return error.answer()

    def _route(self, path: str, call: Call) -> Answer:
        if call.request.method != "GET":
            endpoints.not_modelled(self.room(), call)
        for pattern, handle in ROUTES:
            if found := pattern.fullmatch(path):
                made = handle(self.room(), call, *map(unquote, found.groups()))
                body = made if isinstance(made, Body) else Body(dump(made).encode())
                return Answer(body=body, headers={"Cache-Control": "private, max-age=0"})
        raise ApiError(404, "Service not found")

    def _pace(self) -> None:
        limit = self._site.rate_limit
        wait = limit.wait(self._site.clock()) if limit is not None else None
        if wait is not None:
            raise ApiError(429, "API rate limit exceeded", Retry_After=str(wait))

    def _quota(self, path: str) -> None:
        quota = self._site.quota
        # Buckets are unpublished; one per kind of address is what was measured.
        family = re.sub(r"/[0-9A-Za-z]{22}(?=/|$)", "/*", path)
        wait = quota.wait(family, self._site.clock()) if quota is not None else None
        if wait is not None:
            raise ApiError(429, "Quota exceeded", "QUOTA_EXCEEDED", Retry_After=str(wait))

    def _authenticate(self, request: Request) -> Grant:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise ApiError(401, "No token provided")
        found = self._grants.access(token)
        if isinstance(found, str):
            header = f'Bearer realm="spotify", error="invalid_token", error_description="{found}"'
            raise ApiError(401, found, WWW_Authenticate=header)
        return found


def _bare(status: int, text: str) -> Answer:
    return Answer(status, Body(text.encode()), "text/plain; charset=utf-8")

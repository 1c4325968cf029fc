"""What a page may load, and where its forms may lead: this site, Spotify's pictures, Spotify's consent page."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django_spotify_sync.conf import conf

type View = Callable[[HttpRequest], HttpResponse]

#: Where Spotify keeps covers and profile pictures (i.scdn.co, mosaic.scdn.co, image-cdn-*.spotifycdn.com).
SPOTIFY_PICTURES = "https://*.scdn.co https://*.spotifycdn.com"


def content_security_policy(get_response: View) -> View:
    """Middleware: say it with each page, read anew, since the demo moves its FakeSpotify about."""

    def with_policy(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if not (
            settings.DEBUG and response.status_code >= 400
        ):  # Django's debug pages style themselves
            response.headers.setdefault("Content-Security-Policy", policy())
        return response

    return with_policy


def policy() -> str:
    """Return the policy: no inline script or style, no other host but Spotify's."""
    pictures = _origin(conf.API_URL) if settings.SPOTIFY_IS_FAKE else SPOTIFY_PICTURES
    return "; ".join(
        [
            "default-src 'self'",
            f"img-src 'self' data: {pictures}",
            # A browser holds redirects after a form against this too: signing in may lead on to Spotify.
            f"form-action 'self' {_origin(conf.ACCOUNTS_URL)}",
            "base-uri 'none'",
            "frame-ancestors 'none'",
            "object-src 'none'",
        ]
    )


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"

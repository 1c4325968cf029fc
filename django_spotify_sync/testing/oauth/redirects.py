"""Redirect URIs: which ones Spotify permits, and sending the browser back to one.

The rules are those of spotify-web-api.md, section 1 (in force for all apps since November 2025).
"""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from django_spotify_sync.testing.wire.server import Answer


def redirect_uri_allowed(uri: str, registered: set[str] | None) -> bool:
    """Apply Spotify's rules for redirect URIs, then the app's own list where there is one.

    https, or http on a literal loopback address, or a custom scheme; never ``localhost``. The
    match is exact, but a loopback URI registered without a port goes with any port.
    """
    try:
        parts = urlsplit(uri)
        port = parts.port
    except ValueError:
        return False
    loopback = parts.hostname in {"127.0.0.1", "::1"}
    if not parts.scheme or parts.fragment or parts.hostname == "localhost":
        return False
    if parts.scheme in {"http", "https"} and not parts.hostname:
        return False
    if parts.scheme == "http" and not loopback:
        return False
    if registered is None or uri in registered:
        return True
    if not (loopback and port):
        return False
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition(":")[0])) in registered


def send_back(redirect_uri: str, asked: dict[str, str], **outcome: str) -> Answer:
    """Send the browser back with *outcome*, and the state if one was sent."""
    if "state" in asked:
        outcome["state"] = asked["state"]
    parts = urlsplit(redirect_uri)
    query = urlencode([*parse_qsl(parts.query, keep_blank_values=True), *outcome.items()])
    location = urlunsplit(parts._replace(query=query))
    return Answer(302, content_type="text/html; charset=utf-8", headers={"Location": location})

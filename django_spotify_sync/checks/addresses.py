"""Checks of addresses: where Spotify sends users back to, and where it is asked."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address
from urllib.parse import urlsplit

from django.core.checks import CheckMessage, Error

from django_spotify_sync.checks.problems import problem
from django_spotify_sync.conf import Conf, conf
from django_spotify_sync.spotify.oauth import redirect_uri_problem


def redirect_uris() -> Iterator[CheckMessage]:
    """Redirect URIs (Spotify Web API): https; http only on 127.0.0.1 and [::1]; `localhost` never; no fragment."""
    for name, uris in (
        (Conf.REDIRECT_URI.name, [conf.REDIRECT_URI] if conf.REDIRECT_URI else []),
        (Conf.REDIRECT_URIS.name, conf.REDIRECT_URIS),
    ):
        if problem(name, Conf.all()[name]):
            continue  # told above
        for uri in uris:
            may_have_own_scheme = name == Conf.REDIRECT_URIS.name
            wrong = redirect_uri_problem(str(uri), may_have_own_scheme=may_have_own_scheme)
            if wrong:
                yield Error(
                    f"Spotify refuses the redirect URI {uri} of {name}: it {wrong}.",
                    hint="Use https, or http://127.0.0.1:… and [::1] on your own machine.",
                    id="spotify_sync.E006",
                )


def spotify_in_the_clear() -> Iterator[CheckMessage]:
    """Tokens, codes and the client's secret go to these addresses. FakeSpotify is on this machine."""
    for name, url in (
        (Conf.API_URL.name, conf.API_URL),
        (Conf.ACCOUNTS_URL.name, conf.ACCOUNTS_URL),
    ):
        if problem(name, Conf.all()[name]):
            continue  # told above
        parts = urlsplit(url)
        if parts.scheme == "http" and not _is_loopback(parts.hostname or ""):
            yield Error(
                f"{name} begins with http:// and leads to another machine: tokens would be sent unencrypted.",
                hint="Use https. http is only for 127.0.0.1, [::1] and localhost, where FakeSpotify is.",
                id="spotify_sync.E016",
            )


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):  # which is this machine (RFC 6761, 6.3)
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False

"""Where a browser is sent, which is never to another site."""

from __future__ import annotations

import logging
from urllib.parse import urlencode, urlsplit, urlunsplit

from django.http import HttpRequest, HttpResponseRedirect
from django.shortcuts import resolve_url
from django.utils.http import url_has_allowed_host_and_scheme

from django_spotify_sync.conf import Conf, Setting, conf
from django_spotify_sync.exceptions import InvalidRedirectURI, SpotifySyncError
from django_spotify_sync.rest.errors import code_of, status_of
from django_spotify_sync.rest.pinned import own_url, wants_json
from django_spotify_sync.rest.throttles import Throttle
from django_spotify_sync.spotify import oauth
from django_spotify_sync.views.cookie import is_secure

logger = logging.getLogger(__name__)


def redirect_uri(request: HttpRequest) -> str:
    """Return the redirect URI to use.

    :raises InvalidRedirectURI: if a named one is not allowed, or a browser opened on this host could not come back.
    """
    own = conf.REDIRECT_URI or request.build_absolute_uri(own_url(request, "callback"))
    uri = request.GET.get("redirect_uri") or own
    if uri != own and uri not in conf.REDIRECT_URIS:
        raise InvalidRedirectURI("This redirect URI is not in SPOTIFY_SYNC_REDIRECT_URIS.")
    if problem := oauth.redirect_uri_problem(uri, may_have_own_scheme=uri != own):
        raise InvalidRedirectURI(
            f"Spotify refuses the redirect URI {uri}: it {problem}. Open the site under https, or under "
            "http://127.0.0.1:… or [::1] on your own machine, or set SPOTIFY_SYNC_REDIRECT_URI."
        )
    parts = urlsplit(uri)
    here = urlsplit(f"//{request.get_host()}").hostname
    if uri == own and not wants_json(request) and parts.hostname != here:
        raise InvalidRedirectURI(
            f"You opened {here}, and Spotify would send you back to {parts.hostname}, where nobody knows you: "
            f"open the site on {parts.hostname}."
        )
    return uri


def safe_next(request: HttpRequest) -> str:
    """Return where the browser wants to go in the end; empty if it names no place of this site."""
    return if_safe(request, request.GET.get("next", ""))


def if_safe(request: HttpRequest, wanted: str) -> str:
    """Return the address that is wanted; empty if it leads to another site, or from https to http."""
    safe = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=is_secure(request)
    )
    return wanted if safe else ""


def asks_too_often(request: HttpRequest, throttle: Throttle) -> bool:
    """Tell whether a browser goes to Spotify, or comes back, more often than it may; log it for the developer."""
    if throttle.allow_request(request, None):
        return False
    logger.warning(
        "%s was asked too often: see SPOTIFY_SYNC_THROTTLE_RATES (%s).",
        request.path,
        throttle.scope,
    )
    return True


def place(request: HttpRequest, setting: Setting[str]) -> str:
    """Return where a setting sends browsers; by default to our own page, beside the one that was asked for."""
    return resolve_url(setting.read()) if setting.is_set else own_url(request, "home")


def failed(request: HttpRequest, error: SpotifySyncError) -> HttpResponseRedirect:
    """Log why nothing was connected, where a developer sees it, and send the browser to where the site tells of it.

    :raises SpotifySyncError: the very error, if it is one that no user can mend.
    """
    if status_of(error) == 500:
        raise error
    logger.warning("Spotify was not connected (%s): %s", error.code, error)
    return sent_back(request, code_of(error))


def sent_back(request: HttpRequest, code: str) -> HttpResponseRedirect:
    """Send the browser to FAILED_URL, with the error's code."""
    return HttpResponseRedirect(with_error(place(request, Conf.FAILED_URL), code))


def with_error(address: str, code: str) -> str:
    """Return an address with an error's code in its query, which pages tell in words."""
    url = urlsplit(address)
    query = "&".join(filter(None, [url.query, urlencode({"spotify_error": code})]))
    return urlunsplit(url._replace(query=query))

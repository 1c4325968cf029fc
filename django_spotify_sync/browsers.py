"""A browser on its way to Spotify and back: the cookie that tells it from others, what its callback brings, and where
it goes, which is never to another site.
"""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit, urlunsplit

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import resolve_url
from django.utils.http import url_has_allowed_host_and_scheme

from django_spotify_sync import oauth_state
from django_spotify_sync.conf import conf
from django_spotify_sync.exceptions import ConnectError, InvalidRedirectURI, SpotifySyncError
from django_spotify_sync.rest import code_of, own_url, status_of, wants_json
from django_spotify_sync.secret import Secret
from django_spotify_sync.spotify import oauth

logger = logging.getLogger(__name__)

#: Django leaves the values of names with "key" out of its reports.
BROWSER_COOKIE = "spotify_sync_browser_key"


# Its cookie


def browser_hash(request: HttpRequest) -> str:
    """Return what stands for this browser's value."""
    return oauth_state.browser_hash(_browser(request))


def _is_secure(request: HttpRequest) -> bool:
    """Tell whether the browser came by https, be it to a proxy that did not say so."""
    return request.is_secure() or conf.REDIRECT_URI.startswith("https:")


def _cookie_name(request: HttpRequest) -> str:
    """Over https a name that no other host, subdomains among them, can set (RFC 6265bis, 4.1.3.2)."""
    return f"__Host-{BROWSER_COOKIE}" if _is_secure(request) else BROWSER_COOKIE


def _browser(request: HttpRequest) -> str:
    """Return the random value that tells this browser from others, new if it has none of ours."""
    name = _cookie_name(request)
    if not re.fullmatch(r"[\w-]{20,100}", request.COOKIES.get(name, ""), re.ASCII):
        request.COOKIES[name] = oauth_state.new_browser()
    return request.COOKIES[name]


def with_cookie[Answer: HttpResponse](request: HttpRequest, response: Answer) -> Answer:
    """Let the browser keep its value for as long as an attempt may take. Lax: it has to come back from Spotify."""
    response.set_cookie(
        _cookie_name(request),
        _browser(request),
        max_age=conf.STATE_TTL,
        httponly=True,
        secure=_is_secure(request),
        samesite="Lax",
    )
    return response


# What its callback brings


@dataclass(frozen=True, slots=True)
class Brought:
    """What the callback brings."""

    state: str
    code: Secret
    error: str


def from_query(request: HttpRequest) -> Brought:
    """Take what the query brings out of the request, so that no report of a later error can show the code."""
    state, code, error = (request.GET.get(name, "") for name in ("state", "code", "error"))
    query = request.META.get("QUERY_STRING", "")
    for name, value in request.META.items():
        # as it stands, or behind an address; a query of one letter is part of many a header by chance
        if query and value == query:
            request.META[name] = ""
        elif query and isinstance(value, str):
            request.META[name] = value.replace(f"?{query}", "?")
    request.GET = QueryDict()
    return Brought(state, Secret(code), error)


# Where it goes


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
    wanted = request.GET.get("next", "")
    safe = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=_is_secure(request)
    )
    return wanted if safe else ""


def failed(error: SpotifySyncError) -> HttpResponseRedirect:
    """Log why nothing was connected, and send the browser to where the site tells of it.

    :raises SpotifySyncError: the very error, if it is one that no user can mend.
    """
    if status_of(error) == 500:
        raise error
    level = logging.INFO if isinstance(error, ConnectError) else logging.WARNING
    logger.log(level, "Spotify was not connected (%s): %s", error.code, error)
    return sent_back(code_of(error))


def sent_back(code: str) -> HttpResponseRedirect:
    """Send the browser to FAILED_URL, with the error's code."""
    url = urlsplit(resolve_url(conf.FAILED_URL))
    query = "&".join(filter(None, [url.query, urlencode({"spotify_error": code})]))
    return HttpResponseRedirect(urlunsplit(url._replace(query=query)))

"""The cookie that tells a browser from others, for as long as an attempt takes."""

from __future__ import annotations

import hashlib
import re
import secrets

from django.http import HttpRequest, HttpResponse

from django_spotify_sync.conf import conf

#: Django leaves the values of names with "key" out of its reports.
BROWSER_COOKIE = "spotify_sync_browser_key"


def browser_hash(request: HttpRequest) -> str:
    """Return what stands for this browser's value wherever that might be seen: with a state, for one."""
    return hashlib.sha256(f"browser:{_browser(request)}".encode()).hexdigest()


def is_secure(request: HttpRequest) -> bool:
    """Tell whether the browser came by https, be it to a proxy that did not say so."""
    return request.is_secure() or conf.REDIRECT_URI.startswith("https:")


def _cookie_name(request: HttpRequest) -> str:
    """Over https a name that no other host, subdomains among them, can set (RFC 6265bis, 4.1.3.2)."""
    return f"__Host-{BROWSER_COOKIE}" if is_secure(request) else BROWSER_COOKIE


def _browser(request: HttpRequest) -> str:
    """Return the random value that tells this browser from others, new if it has none of ours."""
    name = _cookie_name(request)
    if not re.fullmatch(r"[\w-]{20,100}", request.COOKIES.get(name, ""), re.ASCII):
        request.COOKIES[name] = new_browser()
    return request.COOKIES[name]


def with_cookie[Answer: HttpResponse](request: HttpRequest, response: Answer) -> Answer:
    """Let the browser keep its value for as long as an attempt may take. Lax: it has to come back from Spotify."""
    response.set_cookie(
        _cookie_name(request),
        _browser(request),
        max_age=conf.STATE_TTL,
        httponly=True,
        secure=is_secure(request),
        samesite="Lax",
    )
    return response


def new_browser() -> str:
    """Return a random value for the cookie."""
    return secrets.token_urlsafe(32)

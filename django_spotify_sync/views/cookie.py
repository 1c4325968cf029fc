"""How a browser that comes back is recognised: by its cookie, for as long as an attempt takes, and by its session."""

from __future__ import annotations

import hashlib
import logging
import re
import secrets
from typing import Any

from django.contrib.auth import SESSION_KEY
from django.http import HttpRequest, HttpResponse

from django_spotify_sync import accounts
from django_spotify_sync.conf import conf
from django_spotify_sync.exceptions import CacheUnavailable

logger = logging.getLogger(__name__)

#: Django leaves the values of names with "key" out of its reports.
BROWSER_COOKIE = "spotify_sync_browser_key"


def browser_hash(request: HttpRequest) -> str:
    """Return what stands for this browser's value wherever that might be seen: with a state, for one."""
    return hashlib.sha256(f"browser:{_browser(request)}".encode()).hexdigest()


def browser_to_begin(request: HttpRequest) -> str:
    """Return the same for an attempt that begins: somebody who signed out here since has a new value.

    :raises CacheUnavailable: if the cache says that it is away.
    """
    if accounts.has_left(browser_hash(request)):
        request.COOKIES[_cookie_name(request)] = new_browser()
    return browser_hash(request)


def session_hash(request: HttpRequest, user: Any) -> str:
    """Return what stands for the session that signs ``user`` in; empty if other credentials do, or nobody is."""
    session = getattr(request, "session", None)
    if not session or not user or session.get(SESSION_KEY) != str(user.pk):
        return ""
    return hashlib.sha256(f"session:{session.session_key}".encode()).hexdigest()


def leave(request: HttpRequest) -> None:
    """Let nothing be finished that was begun in this browser: its user signs out.

    The answer to that is not ours, so the cookie itself stays; it counts for nothing any more.
    """
    if _cookie_name(request) not in request.COOKIES:
        return
    try:
        accounts.leave(browser_hash(request))
    except CacheUnavailable:  # which keeps nobody from signing out; to connect still takes the user
        logger.warning("the cache is away: what was begun in a browser that signed out stays good")


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


def without_cookie[Answer: HttpResponse](request: HttpRequest, response: Answer) -> Answer:
    """Have the browser drop its value: what it was for has ended."""
    response.delete_cookie(_cookie_name(request), samesite="Lax")
    return response


def new_browser() -> str:
    """Return a random value for the cookie."""
    return secrets.token_urlsafe(32)

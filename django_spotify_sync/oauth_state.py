"""The one-time state of an attempt to connect, kept in the shared cache: any instance can answer the callback.

A state is bound to a user, or to a browser by its binding cookie. It remembers what was begun, so that the callback
need not trust its query. It is used once: the cache's ``delete`` says yes to exactly one caller.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import Any

from django_spotify_sync import shared_cache
from django_spotify_sync.conf import conf
from django_spotify_sync.exceptions import (
    StateExpired,
    StateMissing,
    StateOtherBrowser,
    StateReplayed,
)
from django_spotify_sync.secret import Secret


@dataclass(frozen=True, slots=True)
class Attempt:
    """What was begun. ``user_id`` is the primary key as text; ``browser`` the hash of the binding cookie."""

    user_id: str
    browser: str
    redirect_uri: str
    next_url: str
    verifier: Secret | None


def begin(attempt: Attempt) -> str:
    """Remember an attempt for STATE_TTL; return its state.

    :raises CacheUnavailable: if it cannot be remembered.
    """
    state = secrets.token_urlsafe(32)
    shared_cache.add(
        f"state:{_hash(state)}",
        {
            "user_id": attempt.user_id,
            "browser": attempt.browser,
            "redirect_uri": attempt.redirect_uri,
            "next_url": attempt.next_url,
            "verifier": attempt.verifier.reveal() if attempt.verifier else None,
        },
        conf.STATE_TTL,
    )
    return state


def finish(state: str, *, user_id: str | None, browser: str | None) -> Attempt:
    """Return what was begun under ``state``, once, to the user or the browser that began it.

    Somebody signed in as another user is refused even in the same browser; nobody signed in has to have the cookie.

    :raises StateMissing, StateExpired, StateReplayed, StateOtherBrowser: each for what its name says.
    :raises CacheUnavailable: if the cache does not answer.
    """
    if not state:
        raise StateMissing
    key, used = f"state:{_hash(state)}", f"used:{_hash(state)}"
    stored = shared_cache.get(key)
    if stored is None:
        raise StateReplayed if shared_cache.get(used) else StateExpired
    attempt = _attempt(stored)
    same_browser = browser is not None and hmac.compare_digest(
        browser_hash(browser), attempt.browser
    )
    if not (user_id == attempt.user_id if user_id is not None else same_browser):
        raise StateOtherBrowser  # and stays good for the one who began it
    shared_cache.add(used, 1, conf.STATE_TTL)
    if not shared_cache.delete(key):
        raise StateReplayed
    return attempt


def new_browser() -> str:
    """Return a random value for the cookie that tells one browser from another."""
    return secrets.token_urlsafe(32)


def browser_hash(browser: str) -> str:
    return _hash("browser:" + browser)


def _attempt(stored: dict[str, Any]) -> Attempt:
    verifier = stored.pop("verifier")
    return Attempt(**stored, verifier=Secret(verifier) if verifier else None)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()

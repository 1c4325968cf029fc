"""The one-time state of an attempt to connect or to sign in, kept in the shared cache: any instance can answer.

A state to connect is bound to a user and to the session that began it, or its browser; one to sign in to a browser,
by its binding cookie. It remembers what was begun, so that the callback need not trust its query. It is used once: the
cache's ``delete`` says yes to exactly one caller. How it ended is kept for as long again, since browsers ask twice, and
people reload.

What may be finished dies with what began it. Signing out ends the session, and lets the browser's cookie count for
nothing from then on; a new password is another ``auth_hash``. A session that was lost on the way is no sign-out: who
signs in anew, in the same browser, may go on.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import time
from dataclasses import asdict, dataclass, replace
from enum import StrEnum

from django_spotify_sync import shared_cache
from django_spotify_sync.conf import conf
from django_spotify_sync.exceptions import (
    CacheUnavailable,
    StateExpired,
    StateMissing,
    StateOtherBrowser,
    StateReplayed,
)
from django_spotify_sync.secret import Secret

PATIENCE = 13.0  # seconds in which a callback that came twice waits for the first one's end: see PAGE_PATIENCE
_LOOK_AGAIN = 0.1


class Purpose(StrEnum):
    CONNECT = "connect"
    LOGIN = "login"


class End(StrEnum):
    """How an attempt stands that came back."""

    UNDER_WAY = "under way"
    WELL = "well"
    BADLY = "badly"


@dataclass(frozen=True, slots=True)
class Attempt:
    """What was begun. ``user_id`` is the primary key as text, empty for who signs in.

    ``browser`` is the hash of the binding cookie; ``session`` that of the session's key, empty where none signed the
    user in; ``auth_hash`` that of what changes with the user's password, empty where nothing is known of it.
    """

    user_id: str
    browser: str
    redirect_uri: str
    next_url: str
    verifier: Secret | None
    # What an older version of the package has remembered was always to connect.
    purpose: Purpose = Purpose.CONNECT
    session: str = ""
    auth_hash: str = ""


def begin(attempt: Attempt) -> str:
    """Remember an attempt for STATE_TTL; return its state.

    :raises CacheUnavailable: if it cannot be remembered.
    """
    state = secrets.token_urlsafe(32)
    shared_cache.add(f"state:{_hash(state)}", _packed(attempt), conf.STATE_TTL)
    return state


def finish(state: str, *, user_id: str | None, browser: str | None, session: str = "") -> Attempt:
    """Return what was begun under ``state``, once, to the user or the browser that began it.

    ``browser`` is the hash of the binding cookie, ``session`` that of the session's key. To connect takes the user who
    began, in the session that began or in the same browser. To sign in takes the same browser: who is signed in proves
    nothing about who began.

    :raises StateMissing, StateExpired, StateReplayed, StateOtherBrowser: each for what its name says.
    :raises CacheUnavailable: if the cache does not answer.
    """
    if not state:
        raise StateMissing
    key, used = f"state:{_hash(state)}", f"used:{_hash(state)}"
    attempt = _unpacked(shared_cache.get(key))
    if attempt is None:
        raise StateReplayed if shared_cache.get(used) else StateExpired
    if not _may_finish(attempt, user_id, browser, session):
        raise StateOtherBrowser  # and stays good for the one who began it
    shared_cache.add(used, _noted(attempt, End.UNDER_WAY), conf.STATE_TTL)
    if not shared_cache.delete(key):
        raise StateReplayed
    return attempt


def _may_finish(attempt: Attempt, user_id: str | None, browser: str | None, session: str) -> bool:
    in_browser = _is_in(attempt, browser)
    if attempt.purpose is Purpose.LOGIN:
        return in_browser
    in_session = not attempt.session or hmac.compare_digest(session, attempt.session)
    return user_id == attempt.user_id and (in_session or in_browser)


def _is_in(attempt: Attempt, browser: str | None) -> bool:
    """Tell whether this is the browser that began, in which nobody has signed out since."""
    same = browser is not None and hmac.compare_digest(browser, attempt.browser)
    return same and browser is not None and not has_left(browser)


def awaits_user(state: str, browser: str) -> bool:
    """Tell whether ``state`` is good, was begun in this browser, and takes a user who is signed in. It stays good.

    Not without PKCE: the code that is carried to the sign-in page and back would be good for whoever reads it there.

    :raises CacheUnavailable: if the cache does not answer.
    """
    attempt = _unpacked(shared_cache.get(f"state:{_hash(state)}")) if state else None
    if attempt is None or attempt.purpose is not Purpose.CONNECT or attempt.verifier is None:
        return False
    return _is_in(attempt, browser)


def leave(browser: str) -> None:
    """Note that somebody signed out in this browser: what was begun there can be finished no more.

    :raises CacheUnavailable: if the cache says that it is away.
    """
    shared_cache.put(f"left:{browser}", 1, conf.STATE_TTL)


def has_left(browser: str) -> bool:
    """Tell whether somebody signed out in this browser since it got its cookie.

    :raises CacheUnavailable: if the cache says that it is away.
    """
    return shared_cache.peek(f"left:{browser}") is not None


def note_end(state: str, attempt: Attempt, user_id: str | None, session: str = "") -> None:
    """Remember for STATE_TTL how what came back ended: whom it connected or signed in, None if it failed.

    ``session`` is the one in which that user is signed in by now.
    """
    end = End.BADLY if user_id is None else End.WELL
    try:
        attempt = replace(attempt, user_id=user_id or "", session=session, verifier=None)
        shared_cache.put(f"used:{_hash(state)}", _noted(attempt, end), conf.STATE_TTL)
    except CacheUnavailable:
        pass  # and what is done stays done


def ended_in(state: str, browser: str) -> bool:
    """Tell whether ``state`` was used for what this browser began, however that ended.

    :raises CacheUnavailable: if the cache does not answer.
    """
    _, attempt = _read_note(shared_cache.get(f"used:{_hash(state)}"))
    return attempt is not None and hmac.compare_digest(browser, attempt.browser)


def ended_well(
    state: str, *, user_id: str | None, browser: str, session: str = ""
) -> Attempt | None:
    """Return the attempt that ``state`` was used for, to the browser that began it, if it ended well; else None.

    The browser is known by its cookie or, since that goes with the end, by the session that is there from then on. One
    that is under way is waited for. Who is signed in as somebody else is told nothing; nor is, after signing in,
    who is signed in no longer.

    :raises CacheUnavailable: if the cache does not answer.
    """
    deadline = time.monotonic() + PATIENCE
    waited = False
    while True:
        end, attempt = _read_note(shared_cache.get(f"used:{_hash(state)}"))
        if attempt is None or not (
            hmac.compare_digest(browser, attempt.browser)
            or (session and hmac.compare_digest(session, attempt.session))
        ):
            return None
        if end is not End.UNDER_WAY or time.monotonic() > deadline:
            break
        waited = True
        time.sleep(_LOOK_AGAIN)
    may_be_nobody = waited or attempt.purpose is Purpose.CONNECT
    is_theirs = user_id == attempt.user_id or (user_id is None and may_be_nobody)
    return attempt if end is End.WELL and is_theirs else None


def is_login(state: str) -> bool:
    """Tell whether ``state`` is good and was begun to sign in. It stays good.

    :raises CacheUnavailable: if the cache does not answer.
    """
    attempt = _unpacked(shared_cache.get(f"state:{_hash(state)}")) if state else None
    return attempt is not None and attempt.purpose is Purpose.LOGIN


def _packed(attempt: Attempt) -> Secret:
    """Return what the cache keeps: text, whatever the cache's serializer, and with the verifier in it a secret."""
    verifier = attempt.verifier and attempt.verifier.reveal()
    return Secret(json.dumps({**asdict(replace(attempt, verifier=None)), "verifier": verifier}))


def _unpacked(stored: object) -> Attempt | None:
    """Return the attempt; None if there is none, or one that another version of the package has put there."""
    try:
        values = json.loads(str(stored))
        verifier = values.pop("verifier")
        purpose = Purpose(values.pop("purpose", Purpose.CONNECT))
        return Attempt(**values, verifier=verifier and Secret(verifier), purpose=purpose)
    except (ValueError, TypeError, KeyError, AttributeError):
        return None


def _noted(attempt: Attempt, end: End) -> str:
    return json.dumps([end, _packed(replace(attempt, verifier=None)).reveal()])


def _read_note(stored: object) -> tuple[End, Attempt | None]:
    try:
        end, packed = json.loads(str(stored))
        return End(end), _unpacked(packed)
    except (ValueError, TypeError):
        return End.BADLY, None


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()

from __future__ import annotations

from dataclasses import replace
from functools import partial
from hashlib import sha256
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.cache import caches
from django_redis import get_redis_connection

from django_spotify_sync import shared_cache
from django_spotify_sync.accounts import states
from django_spotify_sync.accounts.states import Attempt, Purpose
from django_spotify_sync.conf import conf
from django_spotify_sync.exceptions import (
    CacheUnavailable,
    StateExpired,
    StateMissing,
    StateOtherBrowser,
    StateReplayed,
)
from django_spotify_sync.secret import Secret
from tests.kit.concurrency import at_once, in_processes

HERS = sha256(b"browser:hers").hexdigest()
ATTEMPT = Attempt(
    user_id="7",
    browser=HERS,
    redirect_uri="https://site.example/callback/",
    next_url="/library/?ü=1",
    verifier=Secret("v" * 43),
)
CACHES_TO_SERVE = {
    "Django's own Redis": {"BACKEND": "django.core.cache.backends.redis.RedisCache"},
    "per process": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
    "JSON in Redis": {
        "BACKEND": "django_redis.cache.RedisCache",
        "OPTIONS": {"SERIALIZER": "django_redis.serializers.json.JSONSerializer"},
    },
}


def test_an_attempt_comes_back_as_it_was_begun() -> None:
    state = states.begin(ATTEMPT)

    assert states.finish(state, user_id="7", browser=None) == ATTEMPT


def test_an_attempt_without_pkce_comes_back_without() -> None:
    plain = Attempt(
        "7", sha256(b"browser:hers").hexdigest(), "https://site.example/callback/", "", None
    )

    assert states.finish(states.begin(plain), user_id="7", browser=None) == plain


@pytest.mark.parametrize("backend", CACHES_TO_SERVE.values(), ids=CACHES_TO_SERVE.keys())
def test_other_caches_serve_as_well(settings: Any, backend: dict[str, Any]) -> None:
    settings.CACHES = {"default": {**settings.CACHES["default"], **backend}}
    state = states.begin(ATTEMPT)

    with pytest.raises(StateOtherBrowser):
        states.finish(state, user_id="8", browser=HERS)
    assert states.finish(state, user_id="7", browser=None) == ATTEMPT
    with pytest.raises(StateReplayed):
        states.finish(state, user_id="7", browser=None)
    with pytest.raises(StateExpired):
        states.finish("unknown", user_id="7", browser=None)


@pytest.mark.django_db
def test_the_database_cache_serves_as_well(settings: Any, django_db_blocker: Any) -> None:
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.db.DatabaseCache",
            "LOCATION": "cache_for_a_test",
        }
    }
    from django.core.management import call_command  # noqa: PLC0415

    call_command("createcachetable", verbosity=0)

    test_an_attempt_comes_back_as_it_was_begun()


def test_no_state() -> None:
    with pytest.raises(StateMissing):
        states.finish("", user_id="7", browser=HERS)


@pytest.mark.parametrize(
    ("user_id", "browser", "may"),
    [
        ("7", HERS, True),
        ("7", sha256(b"another").hexdigest(), True),
        ("7", None, True),
        (None, HERS, False),
        (None, sha256(b"another").hexdigest(), False),
        (None, "", False),
        (None, None, False),
        ("8", HERS, False),
        ("8", None, False),
        ("", sha256(b"another").hexdigest(), False),
    ],
)
def test_who_may_finish(user_id: str | None, browser: str | None, may: bool) -> None:
    state = states.begin(ATTEMPT)

    if may:
        assert states.finish(state, user_id=user_id, browser=browser) == ATTEMPT
        return
    with pytest.raises(StateOtherBrowser):
        states.finish(state, user_id=user_id, browser=browser)
    assert states.finish(state, user_id="7", browser=None) == ATTEMPT


SESSION = sha256(b"session:hers").hexdigest()
OTHER = sha256(b"another").hexdigest()


@pytest.mark.parametrize(
    ("user_id", "browser", "session", "left", "may"),
    [
        ("7", HERS, SESSION, False, True),
        ("7", None, SESSION, False, True),
        ("7", OTHER, SESSION, False, True),
        ("7", HERS, OTHER, False, True),  # lost on the way, and signed in again
        ("7", HERS, "", False, True),
        ("7", HERS, OTHER, True, False),  # signed out, and signed in again
        ("7", HERS, "", True, False),
        ("7", OTHER, OTHER, False, False),
        ("7", None, "", False, False),
        (None, HERS, SESSION, False, False),
        (None, HERS, "", False, False),
        ("8", HERS, SESSION, False, False),
    ],
)
def test_what_was_begun_in_a_session_dies_with_it(
    user_id: str | None, browser: str | None, session: str, left: bool, may: bool
) -> None:
    hers = replace(ATTEMPT, session=SESSION)
    state = states.begin(hers)
    if left:
        states.leave(HERS)

    if may:
        assert states.finish(state, user_id=user_id, browser=browser, session=session) == hers
        return
    with pytest.raises(StateOtherBrowser):
        states.finish(state, user_id=user_id, browser=browser, session=session)


def test_who_may_sign_in_and_then_go_on() -> None:
    connect, login = states.begin(ATTEMPT), states.begin(LOGIN)

    asked = [states.awaits_user(state, HERS) for state in (connect, login, "unknown", "")]

    assert asked == [True, False, False, False]
    assert not states.awaits_user(connect, OTHER)
    states.leave(HERS)
    assert not states.awaits_user(connect, HERS)


def test_a_state_that_was_used_is_told_from_one_that_never_was() -> None:
    state = states.begin(ATTEMPT)
    states.finish(state, user_id="7", browser=None)

    with pytest.raises(StateReplayed):
        states.finish(state, user_id="7", browser=None)
    with pytest.raises(StateExpired):
        states.finish(state + "x", user_id="7", browser=None)


@pytest.mark.parametrize("stored", ["{", "[]", '"x"', "{}", '{"verifier": 1}', 7, {"user_id": "7"}])
def test_a_state_that_another_version_left_is_no_crash(stored: object) -> None:
    state = states.begin(ATTEMPT)
    [key] = get_redis_connection().scan_iter(django_settings.REDIS_PREFIX + "*spotify_sync:state:*")
    short = key.decode().rpartition("spotify_sync:")[2]
    caches[conf.CACHE].set(f"spotify_sync:{short}", stored)

    with pytest.raises(StateExpired):
        states.finish(state, user_id="7", browser=None)


def test_eight_threads_have_one_winner() -> None:
    state = states.begin(ATTEMPT)

    results = at_once(*[partial(states.finish, state, user_id="7", browser=None)] * 8)

    assert results.count(ATTEMPT) == 1
    assert sum(isinstance(result, StateReplayed) for result in results) == 7


@pytest.mark.django_db(transaction=True)
def test_processes_have_one_winner_of_a_state_begun_in_another() -> None:
    state = states.begin(ATTEMPT)
    code = f"""
from django_spotify_sync.accounts import states
from django_spotify_sync.exceptions import StateReplayed
try:
    print(states.finish({state!r}, user_id="7", browser=None).verifier.reveal())
except StateReplayed:
    print("replayed")
"""

    printed = in_processes(3, code)

    assert sorted(printed) == ["replayed", "replayed", "v" * 43]


def test_neither_state_nor_browser_stands_in_the_cache() -> None:
    state = states.begin(ATTEMPT)
    redis = get_redis_connection()

    [key] = redis.scan_iter(django_settings.REDIS_PREFIX + "*spotify_sync:*")

    assert state.encode() not in key + redis.get(key)
    assert b"hers" not in redis.get(key)


def test_states_cannot_be_guessed() -> None:
    begun = {states.begin(ATTEMPT) for _ in range(20)}

    assert len(begun) == 20
    assert all(len(state) >= 43 for state in begun)


def test_the_cache_goes_away_in_the_middle(monkeypatch: pytest.MonkeyPatch) -> None:
    state = states.begin(ATTEMPT)
    with monkeypatch.context() as patch:
        patch.setattr(type(caches[conf.CACHE]), "delete", lambda *args, **kwargs: None)
        with pytest.raises(CacheUnavailable):
            states.finish(state, user_id="7", browser=None)

    assert states.finish(state, user_id="7", browser=None) == ATTEMPT
    assert shared_cache.get("nothing") is None


LOGIN = replace(ATTEMPT, user_id="", purpose=Purpose.LOGIN)


@pytest.mark.parametrize("user_id", [None, "", "7", "8"])
@pytest.mark.parametrize(
    ("browser", "may"),
    [(HERS, True), (sha256(b"another").hexdigest(), False), ("", False), (None, False)],
)
def test_who_may_finish_signing_in(user_id: str | None, browser: str | None, may: bool) -> None:
    """The cookie alone tells; who is signed in, be it nobody, does not."""
    state = states.begin(LOGIN)

    if not may:
        with pytest.raises(StateOtherBrowser):
            states.finish(state, user_id=user_id, browser=browser)
        user_id, browser = None, HERS
    assert states.finish(state, user_id=user_id, browser=browser) == LOGIN


def test_what_was_begun_is_asked_without_using_it_up() -> None:
    connect, login = states.begin(ATTEMPT), states.begin(LOGIN)

    asked = [states.is_login(state) for state in (connect, login, "unknown", "")]

    assert asked == [False, True, False, False]
    assert states.finish(login, user_id=None, browser=HERS) == LOGIN
    assert not states.is_login(login)

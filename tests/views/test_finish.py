"""The way back from Spotify: what is brought, who may bring it, and what comes of it."""

from __future__ import annotations

import logging
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import connection
from django.test import Client, RequestFactory
from django_redis import get_redis_connection

from django_spotify_sync.accounts import states, tokens
from django_spotify_sync.models import SpotifyAccount
from django_spotify_sync.signals import account_connected
from django_spotify_sync.spotify import client as spotify_client
from django_spotify_sync.testing import FakeSpotify
from django_spotify_sync.views.cookie import BROWSER_COOKIE
from django_spotify_sync.views.finish import from_query
from tests.kit.browsing import (
    HOST,
    JSON,
    SIGN_IN_FIRST,
    begin,
    begun,
    both_doors,
    browser_of,
    by_browser,
    by_post,
    connect_by_browser,
    consent,
    query_of,
)
from tests.kit.concurrency import at_once, wait_until
from tests.kit.connecting import connect, nothing_is_stored

pytestmark = pytest.mark.django_db


commits = pytest.mark.django_db(transaction=True)


# The whole way


def test_a_browser_connects(ada: Client, user: Any, spotify: FakeSpotify) -> None:
    response = connect_by_browser(ada)

    assert (response.status_code, response["Location"]) == (302, "/spotify/")
    account = user.spotify_account
    assert account.status == "connected"
    assert (account.spotify_id, account.spotify_account_id) == (
        spotify.user.id,
        spotify.user.account_id,
    )
    assert account.token.unseal().access.reveal().startswith("FAKE_ACCESS_")
    assert account.token.unseal().refresh.reveal().startswith("FAKE_REFRESH_")


def test_spotify_is_asked_who_it_is_before_anything_is_stored(
    ada: Client, spotify: FakeSpotify
) -> None:
    spotify.faults.add("/me", status=400)

    assert by_browser(ada, begun(ada)) == (302, "spotify_unavailable")

    asked = [line.path for line in spotify.requests]
    assert asked == ["/authorize", "/api/token", "/v1/me"]
    assert nothing_is_stored()


def test_an_api_client_connects_by_its_token_alone(
    by_name: None, user: Any, spotify: FakeSpotify
) -> None:
    ada = {**JSON, "Authorization": "Name ada"}

    begun_at = Client(HTTP_HOST=HOST).get("/spotify/auth/", headers=ada)
    brought = consent(begun_at.json()["authorize_url"])
    client = Client(HTTP_HOST=HOST, enforce_csrf_checks=True)  # no cookie of the first answer
    response = client.post("/spotify/callback/", brought, "application/json", headers=ada)

    assert response.status_code == 200
    assert response.json()["spotify_id"] == spotify.user.id
    assert response.json()["status"] == "connected"
    assert user.spotify_account.spotify_id == spotify.user.id


def test_an_api_client_connects_by_session(ada: Client, spotify: FakeSpotify) -> None:
    address = ada.get("/spotify/auth/", headers=JSON).json()["authorize_url"]

    assert by_post(ada, consent(address)) == (200, "")


def test_a_public_client_connects_without_a_secret(
    ada: Client, spotify: FakeSpotify, settings: Any
) -> None:
    spotify.client_secret = settings.SPOTIFY_SYNC_CLIENT_SECRET = ""

    assert by_browser(ada, begun(ada)) == (200, "")


@commits
def test_connecting_is_signalled(ada: Client, user: Any) -> None:
    heard = []

    def listen(sender: Any, account: Any, created: bool, **kwargs: Any) -> None:
        heard.append((account.user_id, created))

    account_connected.connect(listen)
    try:
        connect_by_browser(ada)
        connect_by_browser(ada)
    finally:
        account_connected.disconnect(listen)

    assert heard == [(user.pk, True), (user.pk, False)]


# Each way to be wrong


@both_doors
@pytest.mark.parametrize("without", [["state"], ["code"], ["state", "code"]])
def test_half_an_answer(ada: Client, finish: Any, without: list[str]) -> None:
    whole = begun(ada)

    half = {name: value for name, value in whole.items() if name not in without}
    status, code = finish(ada, half)

    assert (status, code) == (302 if finish is by_browser else 400, "state_missing")
    assert nothing_is_stored()
    assert finish(ada, whole) == (200, ""), "half an answer must not use the state up"


@both_doors
def test_unknown_state(ada: Client, finish: Any) -> None:
    status, code = finish(ada, begun(ada) | {"state": "made-up"})

    assert (status, code) == (302 if finish is by_browser else 400, "state_expired")
    assert nothing_is_stored()


@both_doors
def test_state_that_took_too_long(ada: Client, finish: Any, settings: Any) -> None:
    settings.SPOTIFY_SYNC_STATE_TTL = timedelta(seconds=1)
    brought = begun(ada)
    redis = get_redis_connection()
    wait_until(
        lambda: not list(redis.scan_iter(django_settings.REDIS_PREFIX + "*spotify_sync:state:*"))
    )

    status, code = finish(ada, brought)

    assert (status, code) == (302 if finish is by_browser else 400, "state_expired")


def test_state_lives_as_long_as_it_is_set_to(ada: Client, settings: Any) -> None:
    settings.SPOTIFY_SYNC_STATE_TTL = timedelta(minutes=3)
    begin(ada)
    redis = get_redis_connection()

    [key] = redis.scan_iter(django_settings.REDIS_PREFIX + "*spotify_sync:state:*")

    assert 170 < redis.ttl(key) <= 180


@both_doors
def test_replayed_state(ada: Client, user: Any, finish: Any) -> None:
    brought = begun(ada)
    finish(ada, brought)

    status, code = finish(browser_of(user), brought)

    assert (status, code) == (302 if finish is by_browser else 400, "state_replayed")


@both_doors
def test_state_of_another_user_stays_good_for_its_own(
    ada: Client, other_user: Any, finish: Any
) -> None:
    brought = begun(ada)

    status, code = finish(browser_of(other_user), brought)

    assert (status, code) == (302 if finish is by_browser else 400, "state_other_browser")
    assert nothing_is_stored()
    assert finish(ada, brought) == (200, "")


@pytest.mark.parametrize("cookie", [None, "", "another-ada"])
def test_nobody_signed_in_and_not_the_browser(ada: Client, cookie: str | None) -> None:
    brought = begun(ada)
    stranger = browser_of()
    if cookie is not None:
        stranger.cookies[BROWSER_COOKIE] = cookie

    assert by_browser(stranger, brought) == (302, "state_other_browser")
    assert nothing_is_stored()
    assert by_browser(ada, brought) == (200, "")


def test_another_user_signed_in_meanwhile_in_the_same_browser(ada: Client, other_user: Any) -> None:
    brought = begun(ada)
    cookie = ada.cookies[BROWSER_COOKIE].value
    ada.force_login(other_user)
    ada.cookies[BROWSER_COOKIE] = cookie

    assert by_browser(ada, brought) == (302, "state_other_browser")
    assert nothing_is_stored()


def test_a_post_wants_somebody_signed_in_even_from_the_browser_that_began(ada: Client) -> None:
    brought = begun(ada)
    same = browser_of()
    same.cookies[BROWSER_COOKIE] = ada.cookies[BROWSER_COOKIE].value

    assert by_post(same, brought) == (403, "not_authenticated")
    assert nothing_is_stored()


def test_user_who_was_shut_out_meanwhile(ada: Client, user: Any) -> None:
    brought = begun(ada)
    same = browser_of()
    same.cookies[BROWSER_COOKIE] = ada.cookies[BROWSER_COOKIE].value
    user.is_active = False
    user.save()

    assert by_browser(same, brought) == (302, SIGN_IN_FIRST)
    assert by_browser(ada, brought) == (302, SIGN_IN_FIRST)
    assert nothing_is_stored()


def test_user_who_was_shut_out_meanwhile_and_brings_a_token(
    by_name: None, ada: Client, user: Any
) -> None:
    brought = begun(ada)
    user.is_active = False
    user.save()
    headers = {**JSON, "Authorization": "Name ada"}

    answer = ada.post("/spotify/callback/", brought, "application/json", headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (400, "state_expired")
    assert nothing_is_stored()


@both_doors
@commits
def test_user_who_is_deleted_while_spotify_is_asked(
    ada: Client, user: Any, spotify: FakeSpotify, finish: Any
) -> None:
    def leave(_: object) -> None:
        user.delete()
        connection.close()

    spotify.faults.add("/me", before=leave)

    assert finish(ada, begun(ada))[1] == "no_user"
    assert nothing_is_stored()


@both_doors
def test_consent_was_not_given(ada: Client, spotify: FakeSpotify, finish: Any) -> None:
    spotify.consent = "deny"

    status, code = finish(ada, begun(ada))

    assert (status, code) == (302 if finish is by_browser else 400, "access_denied")
    assert spotify.count("/api/token") == 0
    assert nothing_is_stored()


@both_doors
@pytest.mark.parametrize(
    ("error", "wanted"),
    [("server_error", "spotify_unavailable"), ("invalid_scope", "connect_failed")],
)
def test_another_error_than_a_refusal(ada: Client, finish: Any, error: str, wanted: str) -> None:
    state = query_of(begin(ada))["state"]

    status, code = finish(ada, {"state": state, "error": error})

    api_status = 502 if wanted == "spotify_unavailable" else 400
    assert (status, code) == (302 if finish is by_browser else api_status, wanted)


@both_doors
def test_user_not_on_the_allow_list(ada: Client, spotify: FakeSpotify, finish: Any) -> None:
    spotify.allowlist = set()

    status, code = finish(ada, begun(ada))

    assert (status, code) == (302 if finish is by_browser else 403, "not_allowlisted")
    assert nothing_is_stored()


@both_doors
def test_spotify_account_of_another_user(
    ada: Client, other_user: Any, spotify: FakeSpotify, finish: Any
) -> None:
    connect(other_user, spotify)

    status, code = finish(ada, begun(ada))

    assert (status, code) == (302 if finish is by_browser else 409, "linked_elsewhere")
    assert SpotifyAccount.objects.get().user_id == other_user.pk


@both_doors
def test_code_that_spotify_does_not_accept(ada: Client, finish: Any) -> None:
    status, code = finish(ada, begun(ada) | {"code": "FAKE_CODE_made_up"})

    assert (status, code) == (302 if finish is by_browser else 400, "state_expired")
    assert nothing_is_stored()


@both_doors
@pytest.mark.parametrize(
    ("path", "fault"),
    [
        ("/api/token", {"status": 503}),
        ("/api/token", {"reset": True}),
        ("/api/token", {"html": True}),
        ("/api/token", {"status": 400, "reason": "invalid_client"}),
        ("/me", {"status": 503}),
        ("/me", {"cut": "json"}),
    ],
)
def test_spotify_is_away(
    ada: Client,
    spotify: FakeSpotify,
    monkeypatch: pytest.MonkeyPatch,
    finish: Any,
    path: str,
    fault: dict[str, Any],
) -> None:
    monkeypatch.setattr(spotify_client, "BACKOFF", 0)
    spotify.faults.add(path, times=None, **fault)

    status, code = finish(ada, begun(ada))

    assert (status, code) == (302 if finish is by_browser else 502, "spotify_unavailable")
    assert nothing_is_stored()


@both_doors
@pytest.mark.parametrize("path", ["/api/token", "/me"])
def test_spotify_hangs(
    ada: Client, spotify: FakeSpotify, monkeypatch: pytest.MonkeyPatch, finish: Any, path: str
) -> None:
    """A request has 30 seconds, and several attempts; who waits for a page has not."""
    monkeypatch.setattr(tokens, "PAGE_PATIENCE", 0.5)
    spotify.faults.add(path, times=None, delay=20)

    status, code = finish(ada, begun(ada))

    assert (status, code) == (302 if finish is by_browser else 502, "spotify_unavailable")
    assert spotify.count(path if path != "/me" else "/v1/me") <= 1
    assert nothing_is_stored()


def test_a_callback_ends_within_fifteen_seconds() -> None:
    """What Spotify has, and what who comes twice waits for; the rest is for the site itself."""
    assert tokens.PAGE_PATIENCE < states.PATIENCE < 15


def test_spotify_asks_for_patience(ada: Client, spotify: FakeSpotify) -> None:
    spotify.faults.add("/me", status=429, retry_after=7)

    response = ada.post("/spotify/callback/", begun(ada), "application/json", headers=JSON)

    assert (response.status_code, response.json()["code"]) == (429, "rate_limited")
    assert response["Retry-After"] == "7"
    assert nothing_is_stored()


def test_fresh_token_that_is_rejected_for_a_moment(ada: Client, spotify: FakeSpotify) -> None:
    spotify.faults.add("/me", status=401)

    assert by_browser(ada, begun(ada)) == (200, "")


def test_failures_are_logged_for_the_site(
    ada: Client, spotify: FakeSpotify, caplog: pytest.LogCaptureFixture
) -> None:
    spotify.faults.add("/api/token", status=400, reason="invalid_client")

    with caplog.at_level(logging.INFO, logger="django_spotify_sync"):
        by_browser(ada, begun(ada))

    [record] = [record for record in caplog.records if record.name.endswith(".views.destinations")]
    assert record.levelno == logging.WARNING
    assert "invalid_client" in record.getMessage()


@both_doors
def test_cache_goes_away_on_the_way(
    ada: Client, spotify: FakeSpotify, take_the_cache_away: Any, finish: Any
) -> None:
    brought = begun(ada)
    take_the_cache_away()

    status, code = finish(ada, brought)

    assert (status, code) == (302 if finish is by_browser else 503, "cache_unavailable")
    assert spotify.count("/api/token") == 0
    assert nothing_is_stored()


# Too often


def test_who_comes_back_too_often(ada: Client, user: Any, settings: Any) -> None:
    brought = begun(ada)
    settings.SPOTIFY_SYNC_THROTTLE_RATES = {"oauth": "2/min"}
    guesses = [by_browser(ada, {"state": f"guess{n}", "code": "x"}) for n in range(3)]

    assert guesses == [(302, "state_expired")] * 2 + [(302, "throttled")]
    assert by_browser(ada, brought) == (302, "throttled")
    assert by_post(ada, brought) == (429, "throttled")
    settings.SPOTIFY_SYNC_THROTTLE_RATES = {}
    assert by_browser(ada, brought) == (200, ""), "neither state nor code was used up"


def test_who_comes_back_too_often_signed_out(spotify: FakeSpotify, settings: Any) -> None:
    settings.SPOTIFY_SYNC_THROTTLE_RATES = {"oauth": "1/min"}
    guess = {"state": "guess", "code": "x"}

    assert by_browser(browser_of(), guess) == (302, "state_expired")
    assert by_browser(browser_of(), guess) == (302, "throttled")
    assert by_browser(browser_of(REMOTE_ADDR="10.0.0.9"), guess) == (302, "state_expired")


def test_going_and_coming_back_are_counted_each_by_themselves(ada: Client, settings: Any) -> None:
    settings.SPOTIFY_SYNC_THROTTLE_RATES = {"oauth": "1/min"}

    assert by_browser(ada, begun(ada)) == (200, "")


# What the callback brings


@pytest.mark.parametrize("query", ["state=s&code=secret-code", "t"])
def test_the_query_is_taken_out_of_the_request_and_nothing_else(query: str) -> None:
    address = f"http://testserver/spotify/callback/?{query}"
    request = RequestFactory().get("/spotify/callback/", QUERY_STRING=query)
    request.META |= {"HTTP_REFERER": address, "RAW_URI": f"/spotify/callback/?{query}"}

    brought = from_query(request)

    assert brought.code.reveal() == ("secret-code" if "code" in query else "")
    assert request.get_host() == "testserver"
    assert request.META["HTTP_REFERER"] == "http://testserver/spotify/callback/?"
    assert not any("secret-code" in str(value) for value in request.META.values())
    assert not request.GET


@pytest.mark.parametrize(
    ("body", "content_type", "status", "code"),
    [
        ("{", "application/json", 400, "parse_error"),
        ("[]", "application/json", 400, "invalid"),
        ("[" * 100_000, "application/json", 400, "parse_error"),
        ('{"state":' * 100_000, "application/json", 400, "parse_error"),
        ('{"state": ' + "[" * 500 + "]" * 500 + "}", "application/json", 400, "invalid"),
        ('{"state": [], "code": {}}', "application/json", 400, "invalid"),
        ('{"state": null}', "application/json", 400, "invalid"),
        ("<x/>", "application/xml", 415, "unsupported_media_type"),
        ("", "application/json", 400, "state_missing"),
    ],
)
def test_bodies_that_are_none(
    ada: Client, body: str, content_type: str, status: int, code: str
) -> None:
    response = ada.post("/spotify/callback/", body, content_type, headers=JSON)

    assert (response.status_code, response.json()["code"]) == (status, code)
    assert set(response.json()) == {"code", "detail"}


def test_form_post_does_as_well(ada: Client) -> None:
    assert ada.post("/spotify/callback/", begun(ada), headers=JSON).status_code == 200


# Two at once


def same_session(browser: Client) -> Client:
    """Open another tab of this browser."""
    tab = browser_of()
    tab.cookies["sessionid"] = browser.cookies["sessionid"].value
    return tab


@commits
def test_two_callbacks_at_once_make_one_account(ada: Client, user: Any) -> None:
    brought = [begun(ada), begun(ada)]
    tabs = [same_session(ada), same_session(ada)]

    results = at_once(*(partial(by_browser, *pair) for pair in zip(tabs, brought, strict=True)))

    assert results == [(200, ""), (200, "")]
    assert SpotifyAccount.objects.get().token.version == 2


@commits
def test_the_same_callback_at_once_counts_once(ada: Client, spotify: FakeSpotify) -> None:
    brought = begun(ada)
    tabs = [same_session(ada) for _ in range(4)]

    results = at_once(*(partial(by_post, tab, brought) for tab in tabs))

    assert sorted(results, key=str) == [(200, ""), *[(400, "state_replayed")] * 3]
    assert spotify.count("/api/token") == 1


@commits
def test_two_users_with_one_spotify_account_at_once(ada: Client, other_user: Any) -> None:
    other = browser_of(other_user)
    pairs = [(ada, begun(ada)), (other, begun(other))]

    results = at_once(*(partial(by_browser, *pair) for pair in pairs))

    assert sorted(results, key=str) == [(200, ""), (302, "linked_elsewhere")]
    assert SpotifyAccount.objects.count() == 1

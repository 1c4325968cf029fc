"""One shape of errors."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from django_spotify_sync import exceptions
from django_spotify_sync.exceptions import SpotifySyncError, UnknownParameter, UnknownResource
from django_spotify_sync.models import SpotifyAccount, SpotifyToken, SyncRun
from django_spotify_sync.rest.errors import code_of, status_of
from django_spotify_sync.sync import sync
from django_spotify_sync.testing import FakeSpotify
from tests.kit.api import SYNC, run_of
from tests.kit.browsing import JSON, begin, begun, consent
from tests.kit.connecting import connect
from tests.kit.words import FOR_OPERATORS, words_of_operators
from tests.whole.test_contract import errors

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("nothing_is_sent")]


@pytest.mark.parametrize(
    ("name", "status", "code"),
    [
        ("StateMissing", 400, "state_missing"),
        ("StateExpired", 400, "state_expired"),
        ("StateReplayed", 400, "state_replayed"),
        ("StateOtherBrowser", 400, "state_other_browser"),
        ("AccessDenied", 400, "access_denied"),
        ("InvalidRedirectURI", 400, "invalid_redirect_uri"),
        ("NotAllowlisted", 403, "not_allowlisted"),
        ("LinkedElsewhere", 409, "linked_elsewhere"),
        ("NotConnected", 409, "not_connected"),
        ("ReauthorizationRequired", 409, "reauthorization_required"),
        ("GrantInDoubt", 409, "suspect"),
        ("InsufficientScope", 409, "insufficient_scope"),
        ("RateLimited", 429, "rate_limited"),
        ("QuotaExceeded", 429, "quota_exceeded"),
        ("SpotifyUnavailable", 502, "spotify_unavailable"),
        ("ClientRejected", 502, "spotify_unavailable"),
        ("RefreshUnderWay", 502, "spotify_unavailable"),
        ("AppForbidden", 502, "spotify_unavailable"),
        ("AccessTokenRejected", 502, "spotify_unavailable"),
        ("CacheUnavailable", 503, "cache_unavailable"),
        ("UnknownResource", 404, "unknown_resource"),
        ("UnknownParameter", 400, "unknown_parameter"),
        ("NoSealingKey", 500, "no_sealing_key"),
        ("SealBroken", 500, "seal_broken"),
    ],
)
def test_each_error_has_its_status_and_code(name: str, status: int, code: str) -> None:
    kind: type[SpotifySyncError] = getattr(exceptions, name)
    is_timed = status == 429 or name == "GrantInDoubt"
    error = kind(retry_after=1) if is_timed else kind()  # type: ignore[call-arg]

    assert (status_of(error), code_of(error)) == (status, code)


@pytest.mark.parametrize(
    ("method", "url", "body", "content_type", "status", "code"),
    [
        ("post", SYNC, '{"full": 7}', "application/json", 400, "invalid"),
        ("post", SYNC, "{", "application/json", 400, "parse_error"),
        ("post", SYNC, "<x/>", "text/xml", 415, "unsupported_media_type"),
        ("post", "/spotify/sync/podcasts/", "", "application/json", 404, "unknown_resource"),
        ("get", SYNC, "", "application/json", 405, "method_not_allowed"),
        ("get", "/spotify/tracks/?page=2", "", "application/json", 400, "unknown_parameter"),
        ("get", "/spotify/syncs/999999/", "", "application/json", 404, "not_found"),
        ("get", "/spotify/tracks/?cursor=x", "", "application/json", 400, "invalid"),
        ("get", "/spotify/tracks/?ordering=x", "", "application/json", 400, "invalid"),
        ("get", "/spotify/tracks/contains/", "", "application/json", 400, "invalid"),
        ("get", "/spotify/playlists/x/items/", "", "application/json", 404, "not_found"),
        ("get", "/spotify/albums/x/", "", "application/json", 404, "not_found"),
        ("get", "/spotify/albums/?ordering=x", "", "application/json", 400, "invalid"),
        ("get", "/spotify/shows/?page=2", "", "application/json", 400, "unknown_parameter"),
        ("get", "/spotify/episodes/", "", "application/json", 404, "not_found"),
        ("get", "/spotify/audiobooks/", "", "application/json", 404, "not_found"),
        ("put", "/spotify/episodes/", "", "application/json", 405, "method_not_allowed"),
        ("put", "/spotify/tracks/", "", "application/json", 405, "method_not_allowed"),
        ("delete", "/spotify/account/", "", "application/json", 405, "method_not_allowed"),
    ],
)
def test_errors_have_one_shape(
    ada: Client,
    account: SpotifyAccount,
    method: str,
    url: str,
    body: str,
    content_type: str,
    status: int,
    code: str,
) -> None:
    response = ada.generic(method.upper(), url, body, content_type)

    assert response.status_code == status
    assert response["Content-Type"] == "application/json"
    answer = response.json()
    assert set(answer) == {"code", "detail"}
    assert answer["code"] == code
    assert answer["detail"]


def test_validation_errors_say_where(ada: Client, account: SpotifyAccount) -> None:
    response = ada.post(SYNC, {"full": "perhaps"}, "application/json")

    assert response.json() == {"code": "invalid", "detail": {"full": ["Must be a valid boolean."]}}


def test_a_crash_of_ours_is_no_answer(
    ada: Client, account: SpotifyAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(request: Any) -> None:
        raise exceptions.SealBroken

    monkeypatch.setattr("django_spotify_sync.rest.account.own_account", crash)

    with pytest.raises(exceptions.SealBroken):
        ada.get("/spotify/account/")


# What users are told, and what is for operators


def made(kind: type[SpotifySyncError], words: str) -> SpotifySyncError:
    """Return an error with these words, whatever its class asks for besides."""
    error = kind.__new__(kind)
    SpotifySyncError.__init__(error, words)
    error.__dict__.update({"retry_after": 1.0, "reason": "drift", "status": None})
    return error


ANSWERED = [
    kind
    for kind in errors()
    if status_of(made(kind, "")) != 500 and kind not in (UnknownParameter, UnknownResource)
]


@pytest.mark.parametrize("kind", ANSWERED, ids=lambda kind: kind.__name__)
def test_no_answer_says_the_words_of_operators(
    ada: Client,
    account: SpotifyAccount,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    kind: type[SpotifySyncError],
) -> None:
    def refuse(request: Any) -> None:
        raise made(kind, FOR_OPERATORS)

    monkeypatch.setattr("django_spotify_sync.rest.account.own_account", refuse)

    response = ada.get("/spotify/account/")

    assert response.status_code == status_of(made(kind, ""))
    detail = response.json()["detail"]
    assert words_of_operators(detail) == []
    assert detail
    # which have no words but their own
    is_logged = not issubclass(kind, (exceptions.NotConnected, exceptions.LossSettled))
    assert (FOR_OPERATORS in caplog.text) is is_logged


@pytest.mark.parametrize("kind", errors(), ids=lambda kind: kind.__name__)
def test_no_run_says_the_words_of_operators(
    ada: Client, account: SpotifyAccount, kind: type[SpotifySyncError]
) -> None:
    run = run_of(account, status="failed", error_code=kind.code, error_detail=FOR_OPERATORS)

    [listed] = ada.get("/spotify/syncs/").json()["results"]
    shown = [
        ada.get(f"/spotify/syncs/{run.pk}/").json(),
        listed,
        ada.get("/spotify/account/").json()["resources"]["tracks"]["run"],
    ]

    for one in shown:
        assert one["error"]["code"] == kind.code
        assert words_of_operators(one["error"]["detail"]) == []
        assert one["error"]["detail"]


def test_a_run_without_its_key_names_the_key_to_operators_alone(
    ada: Client, user: Any, spotify: FakeSpotify, settings: Any
) -> None:
    account = connect(user, spotify)
    [key_id] = SpotifyToken.objects.by_key()
    settings.SPOTIFY_SYNC_FERNET_KEYS = ["A" * 20 + "bcdefghijklmnopqrstuvwx="]

    run = sync(account, "tracks")

    error = ada.get(f"/spotify/syncs/{run.pk}/").json()["error"]
    assert error["code"] == "unknown_sealing_key"
    assert words_of_operators(error["detail"]) == []
    assert key_id in SyncRun.objects.get(pk=run.pk).error_detail


def test_a_wrong_secret_is_told_operators_alone(
    ada: Client,
    user: Any,
    spotify: FakeSpotify,
    settings: Any,
    caplog: pytest.LogCaptureFixture,
) -> None:
    connect(user, spotify)
    settings.SPOTIFY_SYNC_CLIENT_SECRET = "another"

    response = ada.post("/spotify/refresh/")

    assert (response.status_code, response.json()["code"]) == (502, "spotify_unavailable")
    assert words_of_operators(response.json()["detail"]) == []
    assert "SPOTIFY_SYNC_CLIENT_SECRET" in caplog.text


def test_refusals_on_the_way_to_spotify_and_back(
    ada: Client, spotify: FakeSpotify, caplog: pytest.LogCaptureFixture
) -> None:
    on_no_list = ada.get(
        "/spotify/auth/", {"redirect_uri": "https://evil.example/"}, headers=JSON
    ).json()
    brought = consent(begin(ada)) | {"code": "", "error": "invalid_scope"}
    refused = ada.post("/spotify/callback/", brought, "application/json", headers=JSON).json()
    spotify.faults.add("/me", status=500, body="upstream /srv/me", times=None)
    failing = ada.post("/spotify/callback/", begun(ada), "application/json", headers=JSON).json()

    said = [on_no_list, refused, failing]
    assert [one["code"] for one in said] == [
        "invalid_redirect_uri",
        "connect_failed",
        "spotify_unavailable",
    ]
    assert [words_of_operators(one["detail"]) for one in said] == [[], [], []]
    for words in ("SPOTIFY_SYNC_REDIRECT_URIS", "invalid_scope", "upstream /srv/me"):
        assert words in caplog.text

"""One shape of errors."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from django_spotify_sync import exceptions
from django_spotify_sync.exceptions import SpotifySyncError
from django_spotify_sync.models import SpotifyAccount
from django_spotify_sync.rest.errors import code_of, status_of
from tests.kit.api import SYNC

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

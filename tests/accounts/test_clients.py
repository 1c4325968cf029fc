"""The client of an account: whoever calls Spotify has a good token."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from django_spotify_sync import accounts
from django_spotify_sync.exceptions import (
    AccessTokenRejected,
    GrantInDoubt,
    NotConnected,
    ReauthorizationRequired,
    SpotifyUnavailable,
)
from django_spotify_sync.models import SpotifyAccount, SpotifyToken
from django_spotify_sync.testing import FakeSpotify
from tests.kit.connecting import TOKENS, ask, let_expire
from tests.kit.crowds import status_of

pytestmark = pytest.mark.django_db

PAGE = Path(__file__).parents[2] / "docs/reference/python.md"


def test_a_good_token_is_used_as_it_is(account: SpotifyAccount, spotify: FakeSpotify) -> None:
    assert ask(account) == spotify.user.id
    assert spotify.count(TOKENS) == 0


@pytest.mark.parametrize(("seconds", "refreshes"), [(-100, 1), (0, 1), (55, 1), (70, 0)])
def test_a_token_is_refreshed_a_minute_before_its_end(
    account: SpotifyAccount, spotify: FakeSpotify, seconds: int, refreshes: int
) -> None:
    let_expire(account, seconds)

    assert ask(account) == spotify.user.id

    assert spotify.count(TOKENS) == refreshes
    assert spotify.count("/me") == 1
    token = SpotifyToken.objects.get()
    assert token.version == 1 + refreshes
    assert token.is_expiring is False


def test_a_token_that_ends_while_the_client_lives(
    account: SpotifyAccount, spotify: FakeSpotify, monkeypatch: pytest.MonkeyPatch
) -> None:
    with accounts.client_for(account) as client:
        client.get("/me")
        later = timezone.now() + timedelta(minutes=59, seconds=30)
        monkeypatch.setattr(timezone, "now", lambda: later)
        client.get("/me")
        client.get("/me")

    assert spotify.count(TOKENS) == 1


def test_a_rejected_token_is_refreshed_once(account: SpotifyAccount, spotify: FakeSpotify) -> None:
    spotify.expire_access_tokens()

    assert ask(account) == spotify.user.id

    asked = [(line.path, line.status) for line in spotify.requests]
    assert asked == [("/v1/me", 401), ("/api/token", 200), ("/v1/me", 200)]


def test_a_token_that_stays_rejected_is_no_loop(
    account: SpotifyAccount, spotify: FakeSpotify
) -> None:
    spotify.faults.add("/me", status=401, times=None)

    with pytest.raises(AccessTokenRejected):
        ask(account)

    assert spotify.count(TOKENS) == 1
    assert status_of(account) == "connected"


def test_what_another_worker_refreshed_meanwhile_is_taken(
    account: SpotifyAccount, spotify: FakeSpotify
) -> None:
    let_expire(account)
    with accounts.client_for(account) as mine, accounts.client_for(account) as theirs:
        theirs.get("/me")
        mine.get("/me")

    assert spotify.count(TOKENS) == 1


@pytest.mark.parametrize(
    ("status", "error"),
    [
        ("disconnected", NotConnected),
        ("suspect", GrantInDoubt),
        ("reauthorization_required", ReauthorizationRequired),
    ],
)
def test_no_client_without_a_grant(
    account: SpotifyAccount, spotify: FakeSpotify, status: str, error: Any
) -> None:
    judge_at = timezone.now() + timedelta(minutes=1)
    SpotifyAccount.objects.update(status=status, judge_at=judge_at)

    with pytest.raises(error):
        accounts.client_for(account)

    assert spotify.count() == 0


def test_no_client_without_a_token(account: SpotifyAccount) -> None:
    SpotifyToken.objects.all().delete()

    with pytest.raises(NotConnected):
        accounts.client_for(account)


def test_what_the_reference_shows_is_answered_by_fake_spotify(
    account: SpotifyAccount, spotify: FakeSpotify
) -> None:
    section = PAGE.read_text().partition("### `client_for`")[2].partition("\n### ")[0]
    [code] = re.findall(r"^```python\n(.*?)^```", section, re.S | re.M)
    names: dict[str, Any] = {}
    exec(code, names)

    profile, latest = names["profile_and_latest"](account)

    assert profile["id"] == spotify.user.id
    assert [entry["track"]["id"] for entry in latest] == spotify.user.track_ids()[:10]


def test_what_fake_spotify_has_not_is_asked_once(
    account: SpotifyAccount, spotify: FakeSpotify
) -> None:
    with (
        accounts.client_for(account) as client,
        pytest.raises(SpotifyUnavailable, match="does not model /v1/me/top/tracks") as caught,
    ):
        client.get("/me/top/tracks", limit=10)

    assert caught.value.status == 501
    assert [line.path for line in spotify.requests] == ["/v1/me/top/tracks"]

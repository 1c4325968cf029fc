"""What Spotify, or whatever stands before it, says when it refuses: it may repeat any token, not just the one sent.

One that was renewed meanwhile, one of another user, one in a gateway's page: nobody here knows them, so what looks like
a token is shown nowhere.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from typing import Any

import pytest
from django.test import Client

from django_spotify_sync import accounts
from django_spotify_sync.exceptions import SpotifySyncError
from django_spotify_sync.models import SpotifyAccount, SyncRun, Track
from django_spotify_sync.sync import sync
from django_spotify_sync.testing import FakeSpotify
from tests.kit.browsing import JSON, begun
from tests.kit.canary import Evidence
from tests.kit.connecting import connect, let_pauses_end
from tests.kit.wire import Wire

pytestmark = pytest.mark.django_db(transaction=True)

#: Tokens that this site never had, as long as the shortest that there are, and by what they are recognised.
TOKENS = {
    "of base64url": "BQC4NARY_url-" + "x9" * 60,
    "of 32 characters": "BQC4NARY_short-" + "y" * 17,
    "of base64": "BQC4NARY/std+" + "z8" * 60 + "==",
    "a JWT": "eyJhbGciOiJIUzI1NiJ9.BQC4NARYjwt." + "w7" * 30,
}
CANARY = "BQC4NARY"


def faults() -> list[dict[str, Any]]:
    """Return what an answer may bring tokens in."""
    token, *_ = TOKENS.values()
    said = " ".join(
        f"The token {one} is no good, so ask for token={one}&more" for one in TOKENS.values()
    )
    return [
        *({"status": status, "message": said} for status in (401, 403, 404, 503)),
        *({"status": 400, "message": f"Only {one}"} for one in TOKENS.values()),
        {"status": 429, "retry_after": 1, "message": said, "reason": token},
        {"status": 400, "message": "a" * 10 + " " + "b " * 90 + token},  # cut in the midst of it
        {"status": 400, "body": f'{{"error": "{token}", "error_description": "{said}"}}'.encode()},
        {"status": 403, "body": said},
        {"status": 502, "body": " " * 1990 + token},
        {"status": 500, "body": f'"{token}"'.encode()},
        {"status": 400, "body": "\\u0042".join(f'{{"error": "{token}"}}'.split("B")).encode()},
    ]


@pytest.mark.timeout(180)  # every fault at every door
def test_what_looks_like_a_token_in_an_answer_is_shown_nowhere(
    fake: FakeSpotify,
    ada: Client,
    user: Any,
    settings: Any,
    caplog: pytest.LogCaptureFixture,
) -> None:
    settings.SPOTIFY_SYNC_THROTTLE_RATES = {}
    caplog.set_level(logging.DEBUG)
    evidence = Evidence()
    account = connect(user, fake)

    def ask() -> None:
        with accounts.client_for(account) as client:
            client.get("/me")

    for fault in faults():
        for path in ("/me", "/me/tracks", "/api/token"):
            let_pauses_end()
            fake.expire_access_tokens()
            brought = begun(ada) if path != "/me/tracks" else None
            scripted = fake.faults.add(path, times=None, **fault)
            if path == "/me/tracks":
                run = sync(account, "tracks", full=True)
                evidence.answer(ada.get(f"/spotify/syncs/{run.pk}/"))
                SyncRun.objects.live().update(finished_at=account.authorized_at)
            else:
                evidence.error(ask)
                with suppress(SpotifySyncError):
                    evidence.answer(ada.post("/spotify/refresh/"))
                evidence.answer(
                    ada.post("/spotify/callback/", brought, "application/json", headers=JSON)
                )
            fake.faults.remove(scripted)
            SpotifyAccount.objects.update(status="connected")
    evidence.logs(caplog.records)
    evidence.database()

    evidence.check(another=CANARY)
    assert any("Spotify answered 403" in what for _, what in evidence.seen), "it is told of all"


def test_names_of_music_stay_as_they_are(fake: FakeSpotify, user: Any) -> None:
    account = connect(user, fake)
    for index, name in enumerate(TOKENS.values()):
        fake.user.rename_track(index, name)

    run = sync(account, "tracks", full=True)

    assert run.status == "succeeded"
    assert Track.objects.filter(name__in=TOKENS.values()).count() == len(TOKENS)


def test_what_comes_among_the_headers_and_is_none_is_shown_nowhere(
    user: Any, settings: Any, fake: FakeSpotify, caplog: pytest.LogCaptureFixture
) -> None:
    """urllib3 warns of headers that it cannot read, and repeats them."""
    caplog.set_level(logging.DEBUG)
    account = connect(user, fake)
    evidence = Evidence()
    answer = f"HTTP/1.1 400 No\r\nNo header {TOKENS['of base64url']}\r\nX: y\r\n\r\n{{}}".encode()

    with Wire(answer) as wire:
        settings.SPOTIFY_SYNC_API_URL = settings.SPOTIFY_SYNC_ACCOUNTS_URL = wire.url
        with accounts.client_for(account) as client:
            evidence.error(lambda: client.get("/me"))
        evidence.error(lambda: accounts.refresh(account))

    evidence.logs(caplog.records)
    assert "Failed to parse headers" in caplog.text, "urllib3 warns of it"
    evidence.check(another=CANARY)

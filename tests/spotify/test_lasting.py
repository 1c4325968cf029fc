"""What a server cannot do now it cannot do in a second: it is asked once."""

from __future__ import annotations

from typing import Any

import pytest

from django_spotify_sync.exceptions import SpotifyUnavailable
from django_spotify_sync.secret import Secret
from django_spotify_sync.spotify import oauth
from django_spotify_sync.spotify.client import ATTEMPTS, Get
from tests.kit.wire import Wire, reply
from tests.spotify.conftest import TOKEN


@pytest.mark.parametrize(("status", "sent"), [(501, 1), (505, 1), (500, ATTEMPTS), (503, ATTEMPTS)])
def test_the_web_api_is_asked_once(make_client: Any, status: int, sent: int) -> None:
    body = {"error": {"status": status, "message": "FakeSpotify does not model /v1/search"}}
    with Wire(reply(body, status)) as wire:
        client = make_client(wire)

        with pytest.raises(SpotifyUnavailable) as caught:
            client.get("/search")

    assert client.requests == sent
    assert caught.value.status == status
    assert "does not model /v1/search" in str(caught.value)


def test_one_thing_of_many_that_is_not_there_is_an_answer(make_client: Any) -> None:
    with Wire(reply("", 501)) as wire:
        client = make_client(wire)
        get = Get("/one", lambda answer: "", failed=lambda error: f"failed: {error.status}")

        assert client.send(get, Secret(TOKEN)) == "failed: 501"


@pytest.mark.parametrize(("status", "sent"), [(501, 1), (505, 1), (503, 3)])
def test_a_refresh_is_sent_once(monkeypatch: pytest.MonkeyPatch, status: int, sent: int) -> None:
    monkeypatch.setattr(oauth, "BACKOFF", (0.0, 0.0))
    with Wire(reply({"error": "server_error"}, status)) as wire:
        app = oauth.App("id", Secret("secret"), wire.url, 10.0)

        with pytest.raises(SpotifyUnavailable):
            oauth.refresh(app, Secret("token"))

        assert len(wire.requests) == sent

"""A client of one's own, as the reference shows it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from django_spotify_sync.accounts import client_for
from django_spotify_sync.exceptions import SpotifyUnavailable
from django_spotify_sync.testing import FakeSpotify
from tests.kit.connecting import connect

pytestmark = pytest.mark.django_db

PAGE = Path(__file__).parents[2] / "docs/reference/python.md"


def test_what_the_reference_shows_is_answered_by_fake_spotify(
    user: Any, spotify: FakeSpotify
) -> None:
    section = PAGE.read_text().partition("### `client_for`")[2].partition("\n### ")[0]
    [code] = re.findall(r"^```python\n(.*?)^```", section, re.S | re.M)
    names: dict[str, Any] = {}
    exec(code, names)

    profile, latest = names["profile_and_latest"](connect(user, spotify))

    assert profile["id"] == spotify.user.id
    assert [entry["track"]["id"] for entry in latest] == spotify.user.track_ids()[:10]


def test_what_fake_spotify_has_not_is_asked_once(user: Any, spotify: FakeSpotify) -> None:
    account = connect(user, spotify)
    spotify.clear_log()

    with (
        client_for(account) as client,
        pytest.raises(SpotifyUnavailable, match="does not model /v1/me/top/tracks") as caught,
    ):
        client.get("/me/top/tracks", limit=10)

    assert caught.value.status == 501
    assert [line.path for line in spotify.requests] == ["/v1/me/top/tracks"]

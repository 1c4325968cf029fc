"""What FakeSpotify answers and what it has not, as its page lists it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import requests

from django_spotify_sync.testing import FakeSpotify
from django_spotify_sync.testing.api.door import ROUTES
from tests.testing.conftest import Get

PAGE = (Path(__file__).parents[2] / "docs/reference/fake-spotify.md").read_text()


def listed(heading: str) -> list[str]:
    """Return the addresses of a section's table."""
    section = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("|")]
    return re.findall(r"`(/[^`]+)`", "\n".join(rows))


ANSWERED, LACKING = listed("What it answers"), listed("What it does not have")


@pytest.fixture
def old(fake: FakeSpotify) -> FakeSpotify:
    """Give the fake to an app of the cohort that has lost nothing."""
    fake.cohort = "legacy"
    return fake


def filled(fake: FakeSpotify, address: str) -> str:
    """Put in what there is."""
    track = fake.catalogue.by_id[fake.user.track_ids()[0]]
    return address.format(
        user=fake.user.id,
        playlist=fake.user.playlists[0].id,
        track=track.id,
        album=track.album.id,
        artist=track.artists[0].id,
        **dict.fromkeys(("show", "episode", "audiobook", "chapter", "category"), "any"),
    )


@pytest.mark.parametrize("address", ANSWERED)
def test_what_is_listed_is_answered(old: FakeSpotify, get: Get, address: str) -> None:
    path, _, query = filled(old, address).partition("?")

    answer = get(path, **dict([query.split("=")] if query else []))

    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("address", LACKING)
def test_what_is_lacking_says_so(old: FakeSpotify, get: Get, address: str) -> None:
    path = filled(old, address)

    answer = get(path)

    assert answer.status_code == 501
    assert answer.json()["error"]["message"] == f"FakeSpotify does not model /v1{path}"


@pytest.mark.parametrize("method", ["PUT", "POST", "DELETE"])
@pytest.mark.parametrize(
    "address", ["/me/tracks", "/me/player/play", "/playlists/any/followers", "/me/library"]
)
def test_changes_are_lacking(
    fake: FakeSpotify, session: requests.Session, method: str, address: str
) -> None:
    headers = {"Authorization": f"Bearer {fake.grant()['access_token']}"}

    answer = session.request(method, fake.api_url + address, headers=headers, timeout=10)

    assert answer.status_code == 501


@pytest.mark.parametrize("pattern", [pattern for pattern, _ in ROUTES], ids=lambda one: one.pattern)
def test_each_route_is_listed(pattern: re.Pattern[str]) -> None:
    paths = [address.partition("?")[0] for address in ANSWERED + LACKING]

    assert [path for path in paths if pattern.fullmatch(path)], "Its page lists all that there is."


def test_nothing_is_listed_twice() -> None:
    assert len(ANSWERED + LACKING) == len({*ANSWERED, *LACKING}) > 40

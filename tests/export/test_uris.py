"""A plain list of URIs."""

from __future__ import annotations

from typing import Any

import pytest

from django_spotify_sync.export import uris
from django_spotify_sync.export.entries import Entry
from django_spotify_sync.models import SpotifyAccount
from tests.kit.exports import exported


@pytest.mark.django_db
def test_saved_tracks_and_a_playlist(filled: SpotifyAccount, golden: Any) -> None:
    assert exported(filled, "uris", resource="tracks") == golden("uris-liked.txt")
    assert exported(filled, "uris", playlist="L1") == golden("uris-mix.txt")
    assert exported(filled, "uris", playlist="L2") == b""


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("resource", "wanted"),
    [
        ("following", ["spotify:artist:A1", "spotify:artist:A2"]),
        ("albums", ["spotify:album:B1", "spotify:album:B0"]),
        ("shows", ["spotify:show:S1"]),
        ("episodes", ["spotify:episode:E1"]),
        ("audiobooks", ["spotify:show:K1"]),
    ],
)
def test_what_is_no_music(filled: SpotifyAccount, resource: str, wanted: list[str]) -> None:
    assert exported(filled, "uris", resource=resource).decode().splitlines() == wanted


def test_a_line_is_one() -> None:
    assert list(uris.write([Entry(uri="spotify:local:a\u2028b\nc:::")], safe=False)) == [
        "spotify:local:a b c:::\n"
    ]

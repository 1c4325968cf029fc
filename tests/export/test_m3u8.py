"""M3U8, as players read it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_spotify_sync.export import m3u8
from django_spotify_sync.export.entries import Credit, Entry
from django_spotify_sync.models import SpotifyAccount
from tests.kit.exports import exported


def read(file: str) -> list[tuple[int, str, str]]:
    """Read as players do: line by line, what begins with # is about the location that follows."""
    first, *lines = file.splitlines()
    assert first == "#EXTM3U"
    found, about = [], None
    for line in lines:
        if line.startswith("#"):
            about = re.fullmatch(r"#EXTINF:(-?\d+),(.*)", line)
            assert about
        elif line.strip():
            found.append((int(about[1]), about[2], line))
            about = None
    return found


@pytest.mark.django_db
def test_saved_tracks_and_a_playlist(filled: SpotifyAccount, golden: Any) -> None:
    assert exported(filled, "m3u8", resource="tracks") == golden("m3u8-liked.m3u8")
    assert exported(filled, "m3u8", playlist="L1") == golden("m3u8-mix.m3u8")
    assert exported(filled, "m3u8", playlist="L2") == b"#EXTM3U\n"


@pytest.mark.django_db
def test_saved_episodes(filled: SpotifyAccount) -> None:
    file = exported(filled, "m3u8", resource="episodes").decode()

    assert read(file) == [(90, "Radio - First", "spotify:episode:E1")]


def test_a_length_that_is_not_known() -> None:
    entry = Entry(uri="spotify:track:T", name="Song")

    assert read("".join(m3u8.write([entry], safe=False))) == [(-1, "Song", "spotify:track:T")]


NAMES = st.text(st.characters(exclude_categories=["Cs"]))


@given(name=NAMES, artists=st.lists(NAMES, max_size=3), ms=st.none() | st.integers(0, 10**9))
def test_nasty_names_are_a_line_each(name: str, artists: list[str], ms: int | None) -> None:
    credited = tuple(Credit(name=one) for one in artists)
    entry = Entry(uri="spotify:track:T", name=name, artists=credited, duration_ms=ms)

    rows = read("".join(m3u8.write([entry, entry], safe=False)))

    assert [location for _, _, location in rows] == ["spotify:track:T"] * 2

"""What a seeded library looks like."""

from __future__ import annotations

from collections import Counter

import pytest

from django_spotify_sync.testing import FakeSpotify


@pytest.fixture(scope="module")
def fake() -> FakeSpotify:
    return FakeSpotify(tracks=5_000, seed=7)


def test_ids_look_like_spotifys(fake: FakeSpotify) -> None:
    for track_id in fake.user.track_ids():
        assert track_id is not None
        assert len(track_id) == 22
        assert track_id.isalnum()
        assert track_id.isascii()


def test_there_is_about_one_album_per_two_tracks(fake: FakeSpotify) -> None:
    assert 2_000 <= len({e.track.album.id for e in fake.user.saved if e.track}) <= 3_000


def test_many_tracks_have_several_artists(fake: FakeSpotify) -> None:
    several = sum(len(e.track.artists) > 1 for e in fake.user.saved if e.track)

    assert 1_000 <= several <= 3_000


def test_the_odd_tenth_is_there(fake: FakeSpotify) -> None:
    tracks = [entry.track for entry in fake.user.saved if entry.track]

    assert {t.album.release_date_precision for t in tracks} == {"day", "month", "year"}
    assert {len(t.album.release_date) for t in tracks} == {4, 7, 10}
    assert {t.explicit for t in tracks} == {True, False}
    assert any(t.restriction for t in tracks)
    assert any(artist.native_name for t in tracks for artist in t.artists)
    assert all(len(t.isrc) == 12 for t in tracks)
    assert all(t.track_number <= t.album.total_tracks for t in tracks)
    assert all(20_000 <= t.duration_ms < 1_000_000 for t in tracks)


@pytest.mark.parametrize(
    ("ties", "least", "most"), [(0.0, 0, 0), (0.15, 0.08, 0.25), (0.66, 0.5, 0.8)]
)
def test_ties_are_as_many_as_asked_for(ties: float, least: float, most: float) -> None:
    entries = FakeSpotify(tracks=5_000, seed=7, ties=ties).user.entries()

    seconds = Counter(added_at for _, added_at in entries)
    tied = sum(count for count in seconds.values() if count > 1) / len(entries)

    assert least <= tied <= most
    assert max(seconds.values()) <= 119


def test_likes_go_on_for_ever(fake: FakeSpotify) -> None:
    small = FakeSpotify(tracks=3)
    small.user.like(40)
    small.user.unlike(slice(None))

    again = small.user.like(40)

    assert len({entry.id for entry in again}) == 40


def test_a_null_entry_has_nothing_to_change() -> None:
    small = FakeSpotify(tracks=3)
    small.user.null(0)

    with pytest.raises(ValueError, match="restore"):
        small.user.rename_track(0, "x")


def test_an_entry_that_is_not_there_is_an_error() -> None:
    small = FakeSpotify(tracks=3)

    for which in (3, "x" * 22):
        with pytest.raises(LookupError):
            small.user.unlike(which)
    assert len(small.user.saved) == 3

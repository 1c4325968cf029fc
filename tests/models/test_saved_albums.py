"""Saved albums with their artists and tracks, and how many of these are saved."""

from __future__ import annotations

from typing import Any

import pytest

from django_spotify_sync.models import SavedAlbum, SpotifyAccount
from tests.kit.libraries import account_of, save
from tests.kit.shelves import album_of, save_album

pytestmark = pytest.mark.django_db


@pytest.fixture
def account(user: Any) -> SpotifyAccount:
    return account_of(user)


@pytest.mark.parametrize("rows", [1, 7])
def test_albums_and_their_artists_cost_two_queries(
    user: Any, account: SpotifyAccount, rows: int, django_assert_num_queries: Any
) -> None:
    for _ in range(rows):
        save_album(account, album_of("Blue"))

    with django_assert_num_queries(2):
        said = [
            f"{row.album}: " + ", ".join(str(link.artist) for link in row.album.album_artists.all())
            for row in SavedAlbum.objects.for_user(user).with_albums()
            if row.album
        ]

    assert said == ["Blue: Band 2, Band 1"] * rows


def test_saved_tracks_are_counted_by_account_in_one_query(
    account: SpotifyAccount, other_user: Any, django_assert_num_queries: Any
) -> None:
    other = account_of(other_user)
    shared, mine = album_of(tracks=3), album_of(tracks=2)
    rows = [save_album(account, shared), save_album(account, mine), save_album(other, shared)]
    first, second, _ = (link.track for link in shared.album_tracks.order_by("position"))
    for owner, track in ((account, first), (account, second), (other, second)):
        save(owner, track=track)
    save(account)
    unknown = SavedAlbum.objects.create(account=account, spotify_id="never known")

    with django_assert_num_queries(1):
        counted = SavedAlbum.objects.counted([*rows, unknown])

    assert [row.saved_tracks for row in counted] == [2, 0, 1, 0]
    assert counted == [*rows, unknown]


@pytest.mark.parametrize("tracks", [1, 9])
def test_the_tracks_of_an_album_cost_two_queries(
    account: SpotifyAccount, other_user: Any, tracks: int, django_assert_num_queries: Any
) -> None:
    album = album_of(tracks=tracks)
    saved = save_album(account, album)
    first, *_, last = [link.track for link in album.album_tracks.order_by("position")] * 2
    save(account, track=first)
    save(account_of(other_user), track=last)

    with django_assert_num_queries(2):
        said = [
            (link.track.name, len(link.track.track_artists.all()), link.is_saved)  # type: ignore[attr-defined]
            for link in saved.tracks()
        ]

    assert said == [(f"T{number}", 2, number == 0) for number in range(tracks)]

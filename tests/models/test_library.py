"""What a host asks of a library: whose it is, in which order, what may be seen of it, and its address at Spotify."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.test.utils import CaptureQueriesContext

from django_spotify_sync.models import (
    AccountPlaylist,
    Album,
    Artist,
    FollowedArtist,
    Playlist,
    PlaylistItem,
    SavedTrack,
    SpotifyAccount,
    Track,
)
from tests.kit.libraries import EPOCH, account_of, put, save

pytestmark = pytest.mark.django_db

ALL = [SavedTrack, Playlist, AccountPlaylist, PlaylistItem, FollowedArtist]


@pytest.fixture
def account(user: Any) -> SpotifyAccount:
    return account_of(user)


def have(account: SpotifyAccount, name: str, position: int, **values: Any) -> Playlist:
    """Put a playlist of one item into the account's library."""
    playlist, is_new = Playlist.objects.get_or_create(spotify_id=name, name=name)
    AccountPlaylist.objects.create(
        account=account, playlist=playlist, position=position, **{"can_read_items": True} | values
    )
    if is_new:
        PlaylistItem.objects.create(playlist=playlist, position=0, kind="local", title=name)
    return playlist


def test_a_user_has_the_account_and_the_account_its_rows(user: Any, account: Any) -> None:
    saved = save(account)

    assert user.spotify_account == account
    assert list(account.saved_tracks.recent()) == [saved]
    assert not account.account_playlists.in_order()
    assert not account.followed_artists.in_order()
    assert not account.sync_runs.live()


def test_everybody_has_their_own_rows_and_nobody_has_none(
    user: Any, other_user: Any, account: Any
) -> None:
    other = account_of(other_user)
    for owner, name in ((account, "mine"), (other, "theirs")):
        track = save(owner).track
        have(owner, name, 0)
        artist = track.artists.order_by("pk")[0]
        FollowedArtist.objects.create(account=owner, artist=artist, position=0)
    Playlist.objects.create(spotify_id="nobody's")

    for model in (SavedTrack, AccountPlaylist, FollowedArtist):
        [row] = model.objects.for_user(user)
        assert row.account == account
        assert not model.objects.for_user(AnonymousUser())
    assert [one.name for one in Playlist.objects.for_user(user)] == ["mine"]
    assert not Playlist.objects.for_user(AnonymousUser())
    assert not Playlist.objects.readable_by(AnonymousUser())
    assert not PlaylistItem.objects.readable_by(AnonymousUser())


def test_saved_tracks_come_latest_first_or_as_spotify_lists_them(user: Any, account: Any) -> None:
    first, second = save(account), save(account)
    old = save(account, EPOCH - timedelta(days=1))
    mine = SavedTrack.objects.for_user(user)

    assert list(mine.recent()) == [second, first, old]
    assert list(mine.in_order()) == [old, second, first]


def test_saved_tracks_by_an_artist(account: Any) -> None:
    wanted, other = save(account), save(account)
    artist = wanted.track.artists.order_by("pk")[0]

    assert list(account.saved_tracks.by_artist(artist)) == [wanted]
    assert list(account.saved_tracks.by_artist(artist.spotify_id)) == [wanted]
    assert other not in account.saved_tracks.by_artist(artist)


def test_playlists_come_in_the_order_of_each_user(user: Any, other_user: Any, account: Any) -> None:
    other = account_of(other_user)
    for position, name in enumerate("abc"):
        have(account, name, position)
        have(other, name, 2 - position)

    assert [one.name for one in Playlist.objects.for_user(user)] == ["a", "b", "c"]
    assert [one.name for one in Playlist.objects.for_user(other_user)] == ["c", "b", "a"]


@pytest.mark.parametrize("can_read", [False, None])
def test_what_another_users_token_fetched_is_not_for_all(
    user: Any, other_user: Any, account: Any, can_read: bool | None
) -> None:
    have(account, "shared", 0)
    have(account_of(other_user), "shared", 0, can_read_items=can_read)

    assert [one.title for one in PlaylistItem.objects.readable_by(user)] == ["shared"]
    assert [one.name for one in Playlist.objects.readable_by(user)] == ["shared"]
    assert not PlaylistItem.objects.readable_by(other_user)
    assert not Playlist.objects.readable_by(other_user)
    assert [one.name for one in Playlist.objects.for_user(other_user)] == ["shared"]


def test_a_page_of_tracks_costs_three_queries(user: Any, account: Any) -> None:
    playlist = have(account, "list", 0)
    for position in range(1, 8):
        track = save(account).track
        PlaylistItem.objects.create(playlist=playlist, position=position, kind="track", track=track)
    saved = SavedTrack.objects.for_user(user).recent().with_tracks()
    items = PlaylistItem.objects.readable_by(user).filter(track__isnull=False).with_tracks()

    for rows in (saved, items.in_order()):
        with CaptureQueriesContext(connection) as queries:
            said = [
                f"{row.track} {row.track.album} "
                + ", ".join(str(link.artist) for link in row.track.track_artists.all())
                for row in rows
            ]
        assert len(queries) <= 3
        assert len(said) == 7
        assert all(line.endswith(" Album Artist 2, Artist 1") for line in said)


# Words and addresses


def test_what_is_at_hand_is_called_by_its_name_and_costs_no_query(account: Any) -> None:
    saved = save(account)
    playlist = have(account, "Morning", 0)
    item = PlaylistItem.objects.create(
        playlist=playlist, position=1, kind="track", track=saved.track, uri="spotify:track:x"
    )
    link = AccountPlaylist.objects.get()
    artist = saved.track.artists.order_by("pk")[0]
    followed = FollowedArtist.objects.create(account=account, artist=artist, position=0)
    rows = [saved, item, link, followed]
    bare = [type(row).objects.get(pk=row.pk) for row in rows]
    full = [
        type(row)
        .objects.select_related(
            *{"track", "playlist", "artist"} & {f.name for f in row._meta.fields}
        )
        .get(pk=row.pk)
        for row in rows
    ]

    with CaptureQueriesContext(connection) as queries:
        words = [str(row) for row in full]
        assert all(str(row) for row in bare)
    assert not queries.captured_queries
    assert words == [saved.track.name, saved.track.name, "Morning", artist.name]


def test_an_entry_without_anything_has_words_too(account: Any) -> None:
    empty = SavedTrack.objects.create(account=account, rank=1)
    nothing = put(playlist := have(account, "list", 0), kind="unavailable")

    assert str(empty) == f"saved track {empty.pk}"
    assert str(nothing) == f"item {nothing.pk} of playlist {playlist.pk}"
    assert empty.get_absolute_url() == "https://open.spotify.com/collection/tracks"


def test_addresses_lead_to_spotify(account: Any) -> None:
    saved = save(account)
    kept = save(account, spotify_id=None)
    playlist = have(account, "list", 0)

    assert {
        row.get_absolute_url().removeprefix("https://open.spotify.com/")
        for row in (
            account,
            saved,
            kept,
            playlist,
            Artist(spotify_id="a"),
            Album(spotify_id="b"),
            Track(spotify_id="c"),
        )
    } == {
        f"user/{account.spotify_id}",
        f"track/{saved.spotify_id}",
        f"track/{kept.track.spotify_id}",
        "playlist/list",
        "artist/a",
        "album/b",
        "track/c",
    }

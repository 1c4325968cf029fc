"""What an export reads: every row once, in Spotify's order, in chunks of a constant number of queries."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from django_spotify_sync.export import library
from django_spotify_sync.export.library import Library, playlist_of
from django_spotify_sync.models import AccountPlaylist, SavedAlbum, SavedTrack, SpotifyAccount
from django_spotify_sync.models.library import LIBRARY
from tests.kit.exports import exported
from tests.kit.libraries import EPOCH, account_of, follow, own, put, save, track_of
from tests.kit.shelves import save_album, save_audiobook, save_episode, save_show

pytestmark = pytest.mark.django_db

EVERYTHING = tuple(LIBRARY)


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library, "CHUNK", 3)


def of(account: SpotifyAccount, *resources: str, **options: Any) -> Library:
    return Library(account, resources or EVERYTHING, **options)


def test_tracks_are_in_spotify_s_order(account: SpotifyAccount) -> None:
    ranks = [5, 9, 1, 7, 3, 2, 8]
    rows = [save(account, EPOCH) for _ in ranks]
    for row, rank in zip(rows, ranks, strict=True):
        SavedTrack.objects.filter(pk=row.pk).update(rank=rank)

    assert [row.rank for row in of(account).tracks()] == sorted(ranks, reverse=True)


def test_rows_of_one_rank_are_each_there_once(account: SpotifyAccount) -> None:
    pks = {save(account).pk for _ in range(8)}
    SavedTrack.objects.update(rank=4)

    found = [row.pk for row in of(account).tracks()]

    assert found == sorted(pks, reverse=True)


def test_artists_are_in_spotify_s_order(account: SpotifyAccount) -> None:
    for position in (3, 1, 2, 0):
        follow(account, position=position)

    assert [row.position for row in of(account).followed()] == [0, 1, 2, 3]


def test_albums_are_latest_saved_first_and_those_without_a_date_last(
    account: SpotifyAccount,
) -> None:
    days = [2, None, 0, 4, None, 1, 3, None, None]
    for day in days:
        save_album(account, added_at=None if day is None else EPOCH + timedelta(days=day))

    found = list(of(account).albums())

    assert found == list(SavedAlbum.objects.recent())
    assert [row.added_at for row in found[:5]] == [
        EPOCH + timedelta(days=n) for n in (4, 3, 2, 1, 0)
    ]


def test_playlists_and_their_items_are_in_order(account: SpotifyAccount) -> None:
    wanted = []
    for length in (0, 2, 1, 7, 0, 3, 4, 0):
        playlist = own(account)
        for position in sorted(range(length), key=lambda number: number * 5 % 7):
            put(playlist, position=position)
        wanted.append((playlist.pk, list(range(length))))
    moved = AccountPlaylist.objects.first()
    AccountPlaylist.objects.filter(pk=moved.pk).update(position=10**6)
    wanted.append(wanted.pop(0))

    found = [
        (link.playlist_id, [item.position for item in items]) for link, items in of(account).lists()
    ]

    assert found == wanted


def test_nothing_of_others_is_read(account: SpotifyAccount, other_user: Any) -> None:
    other = account_of(other_user, "grace")
    put(own(other), track=save(other).track)
    follow(other)
    save_album(other)
    save_show(other)
    save_episode(other)
    save_audiobook(other)

    read = of(account)

    assert exported(account, "jsonl") == b""
    assert read.total() == 0
    assert [*read.tracks(), *read.followed(), *read.albums(), *read.lists()] == []


def grow(account: SpotifyAccount, times: int) -> None:
    """Put so many chunks of each kind into a library, with one item in each list."""
    for _ in range(3 * times):
        put(own(account))
        save(account)
        follow(account)
        save_album(account)
        save_show(account)
        save_episode(account)
        save_audiobook(account)


def costs(account: SpotifyAccount, name: str, **options: Any) -> int:
    with CaptureQueriesContext(connection) as queries:
        assert exported(account, name, **options)
    return len(queries)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("jsonl", {}),
        ("spotify-backup", {}),
        ("exportify", {"resource": "tracks"}),
        ("exportify-net", {"resource": "playlists"}),
        ("uris", {"resource": "audiobooks"}),
        ("m3u8", {"resource": "episodes"}),
    ],
)
def test_each_chunk_costs_the_same(
    account: SpotifyAccount, name: str, options: dict[str, Any]
) -> None:
    grow(account, 1)
    one = costs(account, name, **options)
    grow(account, 1)
    two = costs(account, name, **options)
    grow(account, 1)

    assert costs(account, name, **options) - two == two - one


def test_each_chunk_of_a_long_list_costs_the_same(account: SpotifyAccount) -> None:
    playlist = own(account)
    counted = []
    for _ in range(4):
        for _ in range(3):
            put(playlist)
        counted.append(costs(account, "exportify", playlist=playlist.spotify_id))

    # row with track and album, artists, artists of albums
    assert counted == [counted[0] + 3 * times for times in range(4)]


def test_a_chunk_costs_few_queries_however_many_rows_it_has(
    account: SpotifyAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(library, "CHUNK", 100)
    grow(account, 1)
    before = costs(account, "jsonl")

    grow(account, 3)

    assert costs(account, "jsonl") == before <= 35


def test_all_rows_are_counted_and_told_of(account: SpotifyAccount) -> None:
    grow(account, 2)
    save(account, track=track_of())
    told: list[int] = []

    exported(account, "jsonl", watch=told.append)

    assert sum(told) == of(account).total()
    assert sum(told) == len(exported(account, "jsonl").splitlines())


def test_rows_that_come_meanwhile_do_no_harm(account: SpotifyAccount) -> None:
    first = [save(account, timezone.now()).pk for _ in range(7)]
    rows = of(account).tracks()

    found = [next(rows).pk]
    save(account)
    SavedTrack.objects.filter(pk=first[0]).delete()
    found += [row.pk for row in rows]

    assert found == sorted(first[1:], reverse=True)


def test_a_playlist_is_found_in_the_user_s_own_library(
    account: SpotifyAccount, other_user: Any
) -> None:
    mine, theirs = own(account), own(account_of(other_user, "grace"))

    assert playlist_of(account, mine.spotify_id).playlist == mine
    assert playlist_of(account, theirs.spotify_id) is None
    assert playlist_of(account, "a\0b") is None


def test_items_are_as_playable_as_the_user_s_own_token_saw_them(
    account: SpotifyAccount, other_user: Any
) -> None:
    playlist = own(account)
    put(playlist)
    other = account_of(other_user, "grace")
    own(other, playlist)

    def playable(whose: SpotifyAccount) -> list[bool | None]:
        return [item.is_playable_here for _, items in of(whose).lists() for item in items]

    assert (playable(account), playable(other)) == ([True], [None])

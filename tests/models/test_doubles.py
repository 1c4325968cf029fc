"""What a library has twice, and what of it is not to be had any more."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser

from django_spotify_sync.models import (
    Artist,
    PlaylistItem,
    SavedAlbum,
    SavedTrack,
    SpotifyAccount,
    TrackArtist,
)
from django_spotify_sync.models.doubles import Double
from tests.kit.libraries import account_of, own, put, save, track_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def account(user: Any) -> SpotifyAccount:
    return account_of(user)


def saved(account: SpotifyAccount, isrc: str = "", **values: Any) -> SavedTrack:
    track = track_of(**values)
    track.isrc = isrc
    track.save()
    return save(account, track=track)


def by(artist: Artist, entry: SavedTrack) -> SavedTrack:
    """Let the entry's track be of this artist alone."""
    assert entry.track
    TrackArtist.objects.filter(track=entry.track).delete()
    TrackArtist.objects.create(track=entry.track, artist=artist, position=0)
    return entry


def test_one_recording_twice_is_a_double_latest_first(account: SpotifyAccount) -> None:
    first, other, second = (saved(account, isrc) for isrc in ("US1", "US2", "US1"))
    saved(account), saved(account)  # of which no recording is known

    assert SavedTrack.objects.doubles(account) == [Double("isrc", (second.pk, first.pk))]
    assert other.pk


def test_the_same_names_and_length_are_one_whatever_the_case(account: SpotifyAccount) -> None:
    artist, another = (Artist.objects.create(spotify_id=one, name="A") for one in ("a", "b"))
    length = {"duration_ms": 180_400}
    one = by(artist, saved(account, "US1", name="Élan", **length))
    two = by(artist, saved(account, "US2", name="elan", duration_ms=179_600))
    by(another, saved(account, name="Élan", **length))
    by(artist, saved(account, name="Élan", duration_ms=181_000))
    by(artist, saved(account, name="Elan vital", **length))

    assert SavedTrack.objects.doubles(account) == [Double("names", (two.pk, one.pk))]


def test_one_recording_of_the_same_names_is_told_once(account: SpotifyAccount) -> None:
    artist = Artist.objects.create(spotify_id="a", name="A")
    one, two = (by(artist, saved(account, "US1", name="Élan")) for _ in range(2))

    assert SavedTrack.objects.doubles(account) == [Double("isrc", (two.pk, one.pk))]

    three = by(artist, saved(account, "US3", name="Élan"))
    assert SavedTrack.objects.doubles(account) == [
        Double("isrc", (two.pk, one.pk)),
        Double("names", (three.pk, two.pk, one.pk)),
    ]


def test_others_libraries_make_no_double(account: SpotifyAccount, other_user: Any) -> None:
    saved(account, "US1")
    saved(account_of(other_user), "US1")

    assert SavedTrack.objects.doubles(account) == []


def test_they_cost_three_queries_however_many_there_are(
    account: SpotifyAccount, django_assert_num_queries: Any
) -> None:
    artist = Artist.objects.create(spotify_id="a", name="A")
    for number in range(12):
        by(artist, saved(account, f"US{number % 3}", name=f"T{number % 4}"))

    with django_assert_num_queries(3):
        assert len(SavedTrack.objects.doubles(account)) == 3 + 4


def test_what_stands_twice_in_one_list_is_a_double_and_not_what_stands_in_two(
    user: Any, account: SpotifyAccount, other_user: Any
) -> None:
    track = track_of()
    one, two = own(account), own(account)
    first, *_, again = (
        put(one, track=each, uri=each.uri, position=at)
        for at, each in enumerate((track, track_of(), track))
    )
    put(two, track=track, uri=track.uri, position=0)
    for at in range(2):  # where nothing stands any more
        put(two, kind="unavailable", uri="", track=None, position=1 + at)
    account_of(other_user)

    assert PlaylistItem.objects.doubles(user) == [Double("list", (first.pk, again.pk))]
    assert PlaylistItem.objects.doubles(other_user) == []
    assert PlaylistItem.objects.doubles(AnonymousUser()) == []


def test_nulls_and_what_cannot_be_played_are_unavailable_and_kept_rows_are_not(
    account: SpotifyAccount,
) -> None:
    null, here, unplayable, kept = (
        save(account, spotify_id=None),
        save(account, is_playable=None),
        save(account, is_playable=False),
        save(account, is_kept=True),
    )

    assert [*SavedTrack.objects.unavailable().order_by("pk")] == [null, unplayable]
    assert [*SavedTrack.objects.kept()] == [kept]
    assert here.pk


def test_so_are_saved_albums(account: SpotifyAccount) -> None:
    for name, is_available, is_kept in (("a", True, False), ("b", False, False), ("c", True, True)):
        SavedAlbum.objects.create(
            account=account, spotify_id=name, is_available=is_available, is_kept=is_kept
        )

    assert [one.spotify_id for one in SavedAlbum.objects.unavailable()] == ["b"]
    assert [one.spotify_id for one in SavedAlbum.objects.kept()] == ["c"]


def test_an_item_is_unavailable_to_those_who_may_read_it(
    user: Any, account: SpotifyAccount, other_user: Any
) -> None:
    other = account_of(other_user)
    shared = own(account)
    own(other, shared)
    null = put(shared, kind="unavailable", uri="", position=0)
    unplayable = put(shared, is_playable=False, position=1)
    put(shared, position=2)
    put(own(other, can_read_items=False), kind="unavailable", uri="", position=0)

    lost = PlaylistItem.objects.order_by("position")
    assert [*lost.unavailable_to(user)] == [null, unplayable]
    assert [*lost.unavailable_to(other_user)] == [null]  # nobody knows what they can play
    assert not lost.unavailable_to(AnonymousUser())

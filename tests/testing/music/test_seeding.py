"""What is invented once for many fakes is nobody else's in any of them."""

from __future__ import annotations

from typing import Any

from django_spotify_sync.testing import FakeSpotify
from django_spotify_sync.testing.music.seeding import SMALL

SAVED = {"albums": 11, "shows": 5, "episodes": 6, "audiobooks": 3}
KIND = {"tracks": 40, "playlists": 8, "artists": 10, "seed": 23, **SAVED}


def all_of(fake: FakeSpotify) -> list[Any]:
    user = fake.user
    return [
        (user.id, user.account_id, user.display_name),
        user.entries(),
        [(saved.track.name, saved.track.album.name) for saved in user.saved],
        user.following.ids(),
        [getattr(user, kind).ids() for kind in SAVED],
        [entry.thing.name for entry in user.albums.entries],
        [(list_.id, list_.name, list_.snapshot_id, list_.uris()) for list_ in user.playlists],
    ]


def test_the_next_fake_has_the_same_whatever_became_of_the_last():
    first = FakeSpotify(**KIND)
    before = all_of(first)
    first.user.rename_track(0, "Renamed")
    first.user.saved[1].track.album.name = "Renamed"
    first.user.like(3)
    first.user.follow(2)
    first.user.albums.save(2)
    first.user.albums.entries[5].thing.name = "Renamed"
    first.user.shows.remove(0)
    first.user.playlists[0].add(2)
    first.user.playlists[3].owner.id = "renamed"
    first.user.change_id("renamed")
    assert all_of(first) != before
    second = FakeSpotify(**KIND)
    assert all_of(second) == before
    assert second.user.playlists[3].owner.id != "renamed"
    assert second.world.lock is not first.world.lock


def test_both_go_on_alike():
    first, second = (FakeSpotify(**KIND, clock=lambda: 1_800_000_000) for _ in range(2))
    for fake in (first, second):
        fake.user.like(5)
        fake.user.follow(5)
        fake.user.albums.save(2)
        fake.user.albums.save(tracks=60)
        fake.user.audiobooks.save(2)
        fake.user.add_playlist(tracks=5)
        fake.user.relink(0)
        fake.add_user("grace", tracks=30, playlists=2, artists=5)
    assert all_of(first) == all_of(second)
    assert first.users[1].entries() == second.users[1].entries()


def test_each_has_its_own_clock():
    early, late = FakeSpotify(**KIND, clock=lambda: 1.0), FakeSpotify(**KIND, clock=lambda: 2.0)
    assert (early.world.now(), late.world.now()) == (1, 2)
    assert FakeSpotify(**KIND).world.now() > 2


def test_what_is_large_is_not_kept():
    small, large = FakeSpotify(tracks=SMALL, seed=23), FakeSpotify(tracks=SMALL + 1, seed=23)
    assert large.catalogue.first_tracks(50)[0].id == small.catalogue.first_tracks(50)[0].id
    assert (len(small.user.saved), len(large.user.saved)) == (SMALL, SMALL + 1)

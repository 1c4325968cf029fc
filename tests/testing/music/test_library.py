"""What a user has saved besides tracks, and the edits of it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from django_spotify_sync.testing import FakeSpotify

KINDS = ("albums", "shows", "episodes", "audiobooks")
NOW = 1_795_000_000  # 18 November 2026


@pytest.fixture
def fake() -> FakeSpotify:
    return FakeSpotify(albums=12, shows=6, episodes=7, audiobooks=5, clock=lambda: NOW)


def dates(fake: FakeSpotify, kind: str) -> list[str]:
    return [entry.added_at for entry in getattr(fake.user, kind).entries]


def test_there_is_none_unless_asked_for():
    fake = FakeSpotify(tracks=10)
    ada = fake.add_user("ada")

    for user in (fake.user, ada):
        assert [getattr(user, kind).ids() for kind in KINDS] == [[], [], [], []]


def test_users_have_as_many_as_asked_for(fake: FakeSpotify):
    ada = fake.add_user("ada", albums=4, shows=3, episodes=2, audiobooks=1)

    assert [len(set(getattr(fake.user, kind).ids())) for kind in KINDS] == [12, 6, 7, 5]
    assert [len(set(getattr(ada, kind).ids())) for kind in KINDS] == [4, 3, 2, 1]


def test_seeded_albums_are_as_odd_as_recorded_ones(fake: FakeSpotify):
    added = dates(fake, "albums")

    assert added[3:] == sorted(added[3:], reverse=True)
    assert added != sorted(added, reverse=True), "What was listened to stands at the head."
    assert added[-1].startswith("1998-")
    assert sum(date.endswith("T22:00:00Z") for date in added) == 4


@pytest.mark.parametrize("kind", KINDS[1:])
def test_the_others_are_seeded_newest_first(fake: FakeSpotify, kind: str):
    added = dates(fake, kind)

    assert added == sorted(set(added), reverse=True)


@pytest.mark.parametrize("kind", KINDS[1:])
def test_what_is_saved_stands_at_the_head(fake: FakeSpotify, kind: str):
    saved = getattr(fake.user, kind)
    before = saved.ids()

    new = saved.save(2)

    assert saved.ids() == [*(thing.id for thing in new), *before]
    assert dates(fake, kind)[:2] == ["2026-11-18T11:06:40Z", "2026-11-18T11:06:39Z"]


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_saved_with_a_date_takes_its_place(fake: FakeSpotify, kind: str):
    saved = getattr(fake.user, kind)
    when = datetime(2003, 5, 6, 7, 8, 9, tzinfo=UTC)

    new = saved.save(2, when)

    entries = [entry for entry in saved.entries if entry.added_at == "2003-05-06T07:08:09Z"]
    assert [entry.thing for entry in entries] == new
    assert all(
        entry.added_at < "2003" for entry in saved.entries[saved.ids().index(new[1].id) + 1 :]
    )


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_removed_can_be_saved_again(fake: FakeSpotify, kind: str):
    saved = getattr(fake.user, kind)
    before = saved.ids()

    gone = saved.remove([1, before[3]])

    assert [thing.id for thing in gone] == [before[1], before[3]]
    assert saved.ids() == [one for one in before if one not in {before[1], before[3]}]
    saved.save(things=gone)
    assert set(saved.ids()) == set(before)


@pytest.mark.parametrize("kind", KINDS)
def test_saving_goes_on_for_ever(fake: FakeSpotify, kind: str):
    saved = getattr(fake.user, kind)

    saved.save(70)

    assert len(set(saved.ids())) == len(saved.entries) > 70


def test_listening_moves_albums_to_the_head_one_by_one(fake: FakeSpotify):
    albums = fake.user.albums
    before = albums.ids()

    albums.listen([5, 9])
    albums.listen(before[7])

    heads = [before[7], before[9], before[5]]
    assert albums.ids() == [*heads, *(one for one in before if one not in heads)]
    [new] = albums.save()
    listened_to = sum(entry.listened > 0 for entry in albums.entries)
    assert albums.ids().index(new.id) == listened_to >= 3, "What was listened to comes first."


def test_what_comes_as_null_keeps_its_place_and_comes_back(fake: FakeSpotify):
    shows = fake.user.shows
    before = shows.ids()

    shows.null(before[2])
    assert [entry.null for entry in shows.entries].index(True) == 2
    shows.null(2, null=False)

    assert shows.ids() == before
    assert not any(entry.null for entry in shows.entries)


def test_patches_add_up(fake: FakeSpotify):
    shows = fake.user.shows

    shows.patch([0, 1], added_at=None)
    shows.patch(1, show={"name": ""})

    assert [entry.raw for entry in shows.entries[:3]] == [
        {"added_at": None},
        {"added_at": None, "show": {"name": ""}},
        None,
    ]


def test_an_album_can_have_as_many_tracks_as_asked_for(fake: FakeSpotify):
    albums = fake.user.albums.save(2, tracks=120)

    for album in albums:
        tracks = fake.user.albums.tracks(album.id)
        places = [(track.disc_number, track.track_number) for track in tracks]
        assert (album.total_tracks, len({track.id for track in tracks})) == (120, 120)
        assert places == sorted(set(places))
        assert places[-1] == (4, 30)
    assert albums[0].id != albums[1].id


def test_saved_tracks_are_among_those_of_their_albums():
    fake = FakeSpotify(tracks=30)
    track = fake.user.saved[0].track
    assert track is not None

    fake.user.albums.save(things=[track.album])

    tracks = fake.user.albums.tracks(0)
    assert track in tracks
    assert len(tracks) == track.album.total_tracks


def test_relinked_albums_have_the_same_tracks_under_other_ids(fake: FakeSpotify):
    albums = fake.user.albums
    before = albums.tracks(2)

    albums.relink(2)

    after = albums.tracks(2)
    assert [track.linked_from for track in after] == before
    assert not {track.id for track in before} & {track.id for track in after}
    assert albums.tracks(2) == after, "They stay what they have become."


def test_libraries_of_one_seed_are_alike():
    sizes = {"albums": 9, "shows": 8, "episodes": 7, "audiobooks": 6}
    small, again = FakeSpotify(seed=5, **sizes), FakeSpotify(seed=5, **sizes)
    large, other = FakeSpotify(seed=5, tracks=1_001, **sizes), FakeSpotify(seed=6, **sizes)

    def ids(fake: FakeSpotify) -> list[list[str]]:
        return [getattr(fake.user, kind).ids() for kind in KINDS]

    assert ids(small) == ids(again)
    assert ids(small)[1:] == ids(large)[1:]
    assert not any(set(one) & set(two) for one, two in zip(ids(small), ids(other), strict=True))
    again.user.albums.remove(0)
    assert ids(small) == ids(FakeSpotify(seed=5, **sizes)), (
        "Edits stay in the fake they are made in."
    )

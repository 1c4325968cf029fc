"""Albums have all their tracks, each in its place, and ask for them once."""

from __future__ import annotations

import pytest

from django_spotify_sync.spotify.answers.albums import parse_albums_page
from django_spotify_sync.sync import sync
from tests.kit.saved import tracks_of

pytestmark = pytest.mark.django_db(transaction=True)


def titles(shelf, album):
    return [track.id for track in shelf.tracks(album.id)]


# Whole albums


@pytest.mark.usefixtures("impatient")
def test_a_page_in_the_middle_of_an_album_is_asked_for_again(spotify, who, lena):
    [album] = who.albums.save(1, tracks=120)
    spotify.faults.add(f"/albums/{album.id}/tracks", offset=50, status=404, times=None)
    sync(lena, "albums")
    spotify.faults.clear()

    sync(lena, "albums")

    assert tracks_of(album.id) == titles(who.albums, album)


def test_a_track_that_moves_across_the_border_of_fifty_stays(spotify, who, lena):
    [album] = who.albums.save(1, tracks=60)
    sync(lena, "albums")
    own = {track.id: track for track in who.albums.tracks(album.id)}
    early, late = list(own.values())[10], list(own.values())[55]
    with spotify.world.edit():
        one, other = (early.disc_number, early.track_number), (late.disc_number, late.track_number)
        early.disc_number, early.track_number = other
        late.disc_number, late.track_number = one
        spotify.world.catalogue_serial += 1

    for _ in range(3):
        sync(lena, "albums")

    assert sorted(tracks_of(album.id)) == sorted(titles(who.albums, album))
    assert tracks_of(album.id) == titles(who.albums, album)


# Albums that become shorter


@pytest.mark.parametrize(("before", "after"), [(12, 10), (60, 40), (120, 60)])
def test_an_album_that_shrinks_keeps_no_track_of_before(spotify, who, lena, before, after):
    [album] = who.albums.save(1, tracks=before)
    sync(lena, "albums")
    who.albums.catalogue.resize(album, after)

    for _ in range(2):
        sync(lena, "albums")

    assert tracks_of(album.id) == titles(who.albums, album)


def test_an_album_that_shrank_is_not_asked_for_for_ever(spotify, who, lena):
    [album] = who.albums.save(1, tracks=120)
    sync(lena, "albums")
    who.albums.catalogue.resize(album, 60)
    sync(lena, "albums")
    sync(lena, "albums")
    spotify.clear_log()

    sync(lena, "albums")

    assert spotify.count(f"/albums/{album.id}/tracks") == 0


def test_an_album_whose_last_track_is_one_of_the_others_is_not_asked_for_for_ever(
    spotify, who, lena
):
    [album] = who.albums.save(1, tracks=60)
    tracks = who.albums.tracks(album.id)
    tracks[-1].id = tracks[3].id
    sync(lena, "albums")
    assert len(tracks_of(album.id)) == 59
    spotify.clear_log()

    sync(lena, "albums")

    assert spotify.count(f"/albums/{album.id}/tracks") == 0


def test_an_absurd_number_of_tracks_asks_for_no_million_pages():
    item = {"album": {"id": "a", "tracks": {"items": [], "total": 2**31 - 1}}}
    page = parse_albums_page({"offset": 0, "limit": 20, "total": 1, "items": [item]})

    assert page.entries[0].tracks <= 10_000

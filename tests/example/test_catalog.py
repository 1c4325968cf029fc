"""Pages of an album, an artist and a track: what of it is in the visitor's library, and nothing of anybody else's."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from django_spotify_sync.models import (
    AlbumArtist,
    AlbumTrack,
    Artist,
    SavedAlbum,
    SpotifyAccount,
    Track,
)
from tests.kit.browsing import browser_of
from tests.kit.libraries import EPOCH, follow, own, put, save, track_of


def text(client: Client, page: str) -> str:
    answer = client.get(page)
    return answer.content.decode() if answer.status_code == 200 else str(answer.status_code)


def saved_album(account: SpotifyAccount, track: Track, **values: Any) -> SavedAlbum:
    album = track.album
    AlbumTrack.objects.create(album=album, track=track, position=0)
    return SavedAlbum.objects.create(
        account=account, album=album, spotify_id=album.spotify_id, **values
    )


def same_album(track: Track, name: str) -> Track:
    """Make one more track of the same album, by the same artists."""
    made = track_of(name, artists=[])
    made.album = track.album
    made.save()
    for link in track.track_artists.all():
        made.track_artists.create(artist=link.artist, position=link.position)
    return made


def test_a_track_says_since_when_it_is_saved_and_in_which_playlists_it_is(
    ada: SpotifyAccount, visit: Client
) -> None:
    track = track_of("Für Elise", artists=["Zoe"])
    save(ada, EPOCH, track=track)
    put(own(ada), track=track)
    unread = own(ada, can_read_items=False)
    put(unread, track=track)

    page = text(visit, f"/tracks/{track.spotify_id}/")

    assert "1 May 2024" in page
    assert "List" in page
    assert unread.name not in page
    assert f'href="/albums/{track.album.spotify_id}/"' in page
    assert f'href="/artists/{track.track_artists.get().artist.spotify_id}/"' in page
    assert f'href="https://open.spotify.com/track/{track.spotify_id}" target="_blank"' in page


def test_a_track_that_is_only_in_a_playlist_or_on_a_saved_album_has_its_page_too(
    ada: SpotifyAccount, visit: Client
) -> None:
    listed, on_album = track_of("listed"), track_of("on an album")
    put(own(ada), track=listed)
    saved_album(ada, on_album)

    assert "In none of your playlists" not in text(visit, f"/tracks/{listed.spotify_id}/")
    assert "On saved albums" in text(visit, f"/tracks/{on_album.spotify_id}/")


def test_an_album_that_is_saved_shows_all_its_tracks(ada: SpotifyAccount, visit: Client) -> None:
    first = track_of("first")
    second = same_album(first, "second")
    entry = saved_album(ada, first, added_at=EPOCH)
    AlbumTrack.objects.create(album=entry.album, track=second, position=1)
    save(ada, EPOCH + timedelta(days=1), track=second)
    put(own(ada), track=first)

    page = text(visit, f"/albums/{entry.album.spotify_id}/")

    assert "saved 1 May 2024" in page
    assert "1 of 2 tracks saved" in page
    assert "the first on 2 May 2024" in page
    assert page.count("of-album") == 2
    assert "1 track</span>" in page, "in one playlist"


def test_of_an_album_that_is_not_saved_only_ones_own_tracks_are_shown(
    ada: SpotifyAccount, grace: SpotifyAccount, visit: Client
) -> None:
    mine = track_of("mine")
    theirs, listed = same_album(mine, "theirs"), same_album(mine, "listed")
    mine.album.total_tracks = 12
    mine.album.save()
    save(ada, track=mine)
    put(own(ada), track=listed)
    saved_album(grace, mine)
    save(grace, track=theirs)

    page = text(visit, f"/albums/{mine.album.spotify_id}/")

    assert "this album is not saved" in page
    assert "1 of 12 tracks saved" in page
    assert "listed</bdi>" in page
    assert "theirs" not in page


def test_an_artist_shows_what_is_saved_of_them(
    ada: SpotifyAccount, grace: SpotifyAccount, visit: Client
) -> None:
    track = track_of("song", artists=["Zoe"])
    artist = track.track_artists.get().artist
    artist.genres = ["dream pop"]
    artist.save()
    save(ada, track=track)
    save(grace, track=same_album(track, "of grace"))
    AlbumArtist.objects.create(album=track.album, artist=artist, position=0)
    saved_album(ada, track)
    put(own(ada), track=track)

    page = text(visit, f"/artists/{artist.spotify_id}/")

    for said in ("1 track saved", "the first on 1 May 2024", "dream pop", "song", "Saved albums"):
        assert said in page
    assert "followed ·" not in page
    assert "of grace" not in page
    followed = follow(ada, "Followed").artist
    assert "followed ·" in text(visit, f"/artists/{followed.spotify_id}/")


def test_what_is_anothers_has_no_page(grace: SpotifyAccount, visit: Client) -> None:
    track = track_of("of grace")
    save(grace, track=track)
    saved_album(grace, track)
    put(own(grace), track=track)
    artist = follow(grace).artist
    addresses = [
        f"/tracks/{track.spotify_id}/",
        f"/albums/{track.album.spotify_id}/",
        f"/artists/{track.track_artists.all()[0].artist.spotify_id}/",
        f"/artists/{artist.spotify_id}/",
        "/tracks/nothing/",
        "/albums/nothing/",
        "/artists/nothing/",
    ]

    assert [text(visit, address) for address in addresses] == ["404"] * len(addresses)
    assert "404" not in [text(browser_of(grace.user), one) for one in addresses[:4]]


def test_so_is_a_track_of_a_list_that_others_changed_since(
    ada: SpotifyAccount, visit: Client
) -> None:
    playlist = own(ada)
    item = put(playlist)
    playlist.contents_version += 1
    playlist.save()

    assert text(visit, f"/tracks/{item.track.spotify_id}/") == "404"


@pytest.mark.parametrize("kind", ["tracks", "albums", "artists"])
def test_many_rows_take_as_many_queries_as_one(
    kind: str, ada: SpotifyAccount, visit: Client, django_assert_num_queries: Any
) -> None:
    track = track_of("one", artists=["Zoe"])
    save(ada, track=track)
    put(own(ada), track=track)
    spotify_id = {
        "tracks": track.spotify_id,
        "albums": track.album.spotify_id,
        "artists": Artist.objects.get(name="Zoe").spotify_id,
    }[kind]
    with CaptureQueriesContext(connection) as first:
        visit.get(f"/{kind}/{spotify_id}/")
    for _ in range(3):
        more = same_album(track, "more")
        save(ada, track=more)
        put(own(ada), track=more)

    with django_assert_num_queries(len(first)):
        visit.get(f"/{kind}/{spotify_id}/")

"""A small library with all that is hard to export, and files that are whole."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from django_spotify_sync.export import begin_export, playlist_of
from django_spotify_sync.models import (
    Album,
    AlbumArtist,
    Artist,
    Audiobook,
    Episode,
    FollowedArtist,
    Playlist,
    SavedAlbum,
    SavedAudiobook,
    SavedEpisode,
    SavedShow,
    SavedTrack,
    Show,
    SpotifyAccount,
    Track,
    TrackArtist,
)
from tests.kit.libraries import own, put

ADDED = datetime(2025, 1, 2, 3, 4, 5, 678_000, tzinfo=UTC)
EARLIER = datetime(2024, 12, 31, 23, 59, 59, tzinfo=UTC)


def exported(account: SpotifyAccount, name: str, **options: Any) -> bytes:
    """Return the content of a file."""
    if spotify_id := options.pop("playlist", None):
        options["playlist"] = playlist_of(account, spotify_id)
    return b"".join(begin_export(account, name, **options).parts)


def artist(spotify_id: str, name: str, **values: Any) -> Artist:
    return Artist.objects.create(spotify_id=spotify_id, name=name, **values)


def album(spotify_id: str, name: str, artists: Sequence[Artist] = (), **values: Any) -> Album:
    made = Album.objects.create(spotify_id=spotify_id, name=name, **values)
    for position, one in enumerate(artists):
        AlbumArtist.objects.create(album=made, artist=one, position=position)
    return made


def track(spotify_id: str, name: str, artists: Sequence[Artist] = (), **values: Any) -> Track:
    made = Track.objects.create(spotify_id=spotify_id, name=name, **values)
    # stored in no order
    for position, one in reversed(list(enumerate(artists))):
        TrackArtist.objects.create(track=made, artist=one, position=position)
    return made


def like(account: SpotifyAccount, rank: int, made: Track | None, **values: Any) -> SavedTrack:
    known = {"spotify_id": made.spotify_id if made else None, "added_at": ADDED}
    return SavedTrack.objects.create(
        account=account, rank=rank, track=made, **{"is_playable": True, **known, **values}
    )


def list_of(account: SpotifyAccount, spotify_id: str, name: str, **values: Any) -> Playlist:
    """Put one more list into a library."""
    playlist = Playlist.objects.create(
        spotify_id=spotify_id,
        name=name,
        owner_id="ada.l",
        owner_name="Ada",
        items_read_by=account.pk,
        **values,
    )
    return own(account, playlist, public=True, snapshot_id="snap")


def fill(account: SpotifyAccount) -> None:
    """Give a library of each kind of row there is, and names that no format likes."""
    one = artist("A1", "One", genres=["dub", "ska"])
    two = artist("A2", "Two, Three; Four", genres=["ska"])
    record = album(
        "B1",
        "An album",
        [two],
        album_type="album",
        release_date="1981-12",
        release_date_precision="month",
        release_year=1981,
        total_tracks=9,
        image_url="https://i.example/b1",
        thumbnail_url="https://i.example/b1s",
        upc="00600",
        label="Label & Sons",
    )
    song = track(
        "T1",
        "Song",
        [one, two],
        album=record,
        duration_ms=200_500,
        isrc="QZABC2100001",
        disc_number=1,
        track_number=3,
    )
    odd = track("T2", '=Say "hi"\nשלום 🎈', [one], duration_ms=1_499, explicit=True)
    like(account, 30, song)
    like(account, 20, odd, spotify_id=None, is_playable=False, added_at=None)
    like(account, 10, None, added_at=EARLIER)

    mix = list_of(account, "L1", "Mix / тест", description="d", total=4)
    put(mix, track=song, uri="spotify:track:T1", added_by="bo", added_at=ADDED)
    put(
        mix,
        kind="local",
        uri="spotify:local:Me:My+Tape%2C+1:Home:61",
        title="Home",
        subtitle="Me",
        duration_ms=61_000,
        added_at=EARLIER,
    )
    put(
        mix,
        kind="episode",
        uri="spotify:episode:E9",
        title="Talk",
        subtitle="Radio",
        duration_ms=1_800_000,
        added_at=EARLIER,
    )
    put(mix, kind="unavailable", title="Gone", added_at=None, is_playable=None)
    list_of(account, "L2", "mix  тест", total=0)

    FollowedArtist.objects.create(account=account, artist=two, position=1)
    FollowedArtist.objects.create(account=account, artist=one, position=0)
    SavedAlbum.objects.create(account=account, album=record, spotify_id="B1", added_at=ADDED)
    SavedAlbum.objects.create(account=account, spotify_id="B0", is_available=False)
    show = Show.objects.create(spotify_id="S1", name="Radio", publisher="Press", total_episodes=7)
    SavedShow.objects.create(account=account, show=show, spotify_id="S1", added_at=ADDED)
    episode = Episode.objects.create(
        spotify_id="E1",
        name="First",
        show=show,
        duration_ms=90_000,
        release_date="2026-02-03",
        release_date_precision="day",
    )
    SavedEpisode.objects.create(account=account, episode=episode, spotify_id="E1", added_at=ADDED)
    book = Audiobook.objects.create(
        spotify_id="K1", name="Book", authors=["An author"], narrators=["A", "B"], total_chapters=12
    )
    SavedAudiobook.objects.create(account=account, audiobook=book, spotify_id="K1")

"""Artists, albums and tracks, wherever an answer holds them, as flat, frozen rows."""

from __future__ import annotations

from msgspec import Struct, field

from django_spotify_sync.spotify.answers.storable import (
    Json,
    date_of_release,
    flag,
    identifier,
    number,
    pictures,
    text,
    texts,
    thumbnail,
    widest,
    widest_image,
)


def parse_track(item: dict[str, Json], catalog: Catalog) -> TrackRow | None:
    """Read a track with its album and artists into ``catalog``; None, and nothing added, where it has no id."""
    spotify_id = identifier(item.get("id"))
    if spotify_id is None:
        return None
    row = TrackRow(
        spotify_id=spotify_id,
        name=text(item.get("name")),
        album_id=_album(item.get("album"), catalog),
        artist_ids=_artists(item.get("artists"), catalog),
        duration_ms=number(item.get("duration_ms")),
        explicit=flag(item.get("explicit")),
        isrc=_isrc(item.get("external_ids")),
        disc_number=number(item.get("disc_number")),
        track_number=number(item.get("track_number")),
    )
    catalog.tracks[spotify_id] = row
    return row


def _album(item: Json, catalog: Catalog) -> str | None:
    if not isinstance(item, dict) or (spotify_id := identifier(item.get("id"))) is None:
        return None
    release_date = date_of_release(item.get("release_date"))
    images = pictures(item.get("images"))
    catalog.albums[spotify_id] = AlbumRow(
        spotify_id=spotify_id,
        name=text(item.get("name")),
        album_type=text(item.get("album_type"), limit=50),
        release_date=release_date,
        release_date_precision=text(item.get("release_date_precision"), limit=10),
        release_year=int(release_date[:4]) if release_date else None,
        total_tracks=number(item.get("total_tracks")),
        image_url=widest(images),
        thumbnail_url=thumbnail(images),
        artist_ids=_artists(item.get("artists"), catalog),
    )
    return spotify_id


def _artists(items: Json, catalog: Catalog) -> tuple[str, ...] | None:
    """Read the artists in their order, each once; None where the shape gives no list."""
    if not isinstance(items, list):
        return None
    ids = [parse_artist(item, catalog) for item in items]
    return tuple(dict.fromkeys(spotify_id for spotify_id in ids if spotify_id is not None))


def parse_artist(item: Json, catalog: Catalog) -> str | None:
    """Read an artist into ``catalog`` and return the id; None where there is none. A fuller shape is not undone."""
    if not isinstance(item, dict) or (spotify_id := identifier(item.get("id"))) is None:
        return None
    if spotify_id not in catalog.artists or "images" in item:
        catalog.artists[spotify_id] = ArtistRow(
            spotify_id=spotify_id,
            name=text(item.get("name")),
            image_url=widest_image(item.get("images")),
            genres=texts(item.get("genres")),
        )
    return spotify_id


def _isrc(value: Json) -> str | None:
    return text(value.get("isrc"), limit=50) if isinstance(value, dict) else None


class ArtistRow(Struct, frozen=True, gc=False):
    spotify_id: str
    name: str | None
    image_url: str | None = None
    genres: tuple[str, ...] | None = None


class AlbumRow(Struct, frozen=True, gc=False):
    spotify_id: str
    name: str | None
    album_type: str | None
    release_date: str | None
    release_date_precision: str | None
    release_year: int | None
    total_tracks: int | None
    image_url: str | None
    thumbnail_url: str | None
    artist_ids: tuple[str, ...] | None


class TrackRow(Struct, frozen=True, gc=False):
    spotify_id: str
    name: str | None
    album_id: str | None
    artist_ids: tuple[str, ...] | None
    duration_ms: int | None
    explicit: bool | None
    isrc: str | None
    disc_number: int | None
    track_number: int | None


class Catalog(Struct, frozen=True):
    """Artists, albums and tracks by Spotify id, each once however often it was answered."""

    artists: dict[str, ArtistRow] = field(default_factory=dict)
    albums: dict[str, AlbumRow] = field(default_factory=dict)
    tracks: dict[str, TrackRow] = field(default_factory=dict)

    def update(self, other: Catalog) -> None:
        """Take in what ``other`` holds; of two rows for one id the later stays."""
        self.artists.update(other.artists)
        self.albums.update(other.albums)
        self.tracks.update(other.tracks)

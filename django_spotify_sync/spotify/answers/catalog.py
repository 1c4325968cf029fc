"""Artists, albums, tracks, shows, episodes and audiobooks, wherever an answer holds them, as flat, frozen rows."""

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
        album_id=parse_album(item.get("album"), catalog),
        artist_ids=_artists(item.get("artists"), catalog),
        duration_ms=number(item.get("duration_ms")),
        explicit=flag(item.get("explicit")),
        isrc=_external(item, "isrc"),
        disc_number=number(item.get("disc_number")),
        track_number=number(item.get("track_number")),
    )
    catalog.tracks[spotify_id] = row
    return row


def parse_album(item: Json, catalog: Catalog) -> str | None:
    """Read an album into ``catalog`` and return the id; None where there is none."""
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
        upc=_external(item, "upc"),
        label=text(item.get("label")),
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


def parse_show(item: Json, catalog: Catalog) -> str | None:
    """Read a show into ``catalog`` and return the id; None where there is none."""
    if not isinstance(item, dict) or (spotify_id := identifier(item.get("id"))) is None:
        return None
    catalog.shows[spotify_id] = ShowRow(
        spotify_id=spotify_id,
        name=text(item.get("name")),
        publisher=text(item.get("publisher")),
        total_episodes=number(item.get("total_episodes")),
        explicit=flag(item.get("explicit")),
        media_type=text(item.get("media_type"), limit=50),
        image_url=widest_image(item.get("images")),
    )
    return spotify_id


def parse_episode(item: Json, catalog: Catalog) -> str | None:
    """Read an episode, and the show it is of, into ``catalog``; return the id, None where there is none.

    One that was deleted is an object all the same: each of its values is null.
    """
    if not isinstance(item, dict) or (spotify_id := identifier(item.get("id"))) is None:
        return None
    catalog.episodes[spotify_id] = EpisodeRow(
        spotify_id=spotify_id,
        name=text(item.get("name")),
        show_id=parse_show(item.get("show"), catalog),
        duration_ms=number(item.get("duration_ms")),
        explicit=flag(item.get("explicit")),
        release_date=date_of_release(item.get("release_date")),
        release_date_precision=text(item.get("release_date_precision"), limit=10),
        image_url=widest_image(item.get("images")),
    )
    return spotify_id


def parse_audiobook(item: Json, catalog: Catalog) -> str | None:
    """Read an audiobook into ``catalog`` and return the id; None where there is none."""
    if not isinstance(item, dict) or (spotify_id := identifier(item.get("id"))) is None:
        return None
    catalog.audiobooks[spotify_id] = AudiobookRow(
        spotify_id=spotify_id,
        name=text(item.get("name")),
        authors=_names(item.get("authors")),
        narrators=_names(item.get("narrators")),
        publisher=text(item.get("publisher")),
        edition=text(item.get("edition")),
        total_chapters=number(item.get("total_chapters")),
        explicit=flag(item.get("explicit")),
        image_url=widest_image(item.get("images")),
    )
    return spotify_id


def _names(people: Json) -> tuple[str, ...] | None:
    """Return the names of people; None where the shape gives no list."""
    if not isinstance(people, list):
        return None
    return texts([person.get("name") for person in people if isinstance(person, dict)])


def _external(item: dict[str, Json], kind: str) -> str | None:
    ids = item.get("external_ids")
    return text(ids.get(kind), limit=50) if isinstance(ids, dict) else None


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
    upc: str | None = None
    label: str | None = None


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


class ShowRow(Struct, frozen=True, gc=False):
    spotify_id: str
    name: str | None
    publisher: str | None
    total_episodes: int | None
    explicit: bool | None
    media_type: str | None
    image_url: str | None


class EpisodeRow(Struct, frozen=True, gc=False):
    spotify_id: str
    name: str | None
    show_id: str | None
    duration_ms: int | None
    explicit: bool | None
    release_date: str | None
    release_date_precision: str | None
    image_url: str | None


class AudiobookRow(Struct, frozen=True, gc=False):
    spotify_id: str
    name: str | None
    authors: tuple[str, ...] | None
    narrators: tuple[str, ...] | None
    publisher: str | None
    edition: str | None
    total_chapters: int | None
    explicit: bool | None
    image_url: str | None


class Catalog(Struct, frozen=True):
    """Rows by Spotify id, each once however often it was answered.

    ``album_tracks`` are the places of albums that were seen, from 0, and which track stands at each, "" if none;
    ``album_versions`` are of those albums of which all came.
    """

    artists: dict[str, ArtistRow] = field(default_factory=dict)
    albums: dict[str, AlbumRow] = field(default_factory=dict)
    tracks: dict[str, TrackRow] = field(default_factory=dict)
    shows: dict[str, ShowRow] = field(default_factory=dict)
    episodes: dict[str, EpisodeRow] = field(default_factory=dict)
    audiobooks: dict[str, AudiobookRow] = field(default_factory=dict)
    album_tracks: dict[str, dict[int, str]] = field(default_factory=dict)
    album_versions: dict[str, str] = field(default_factory=dict)

    def update(self, other: Catalog) -> None:
        """Take in what ``other`` holds; of two rows for one id the later stays."""
        self.artists.update(other.artists)
        self.albums.update(other.albums)
        self.tracks.update(other.tracks)
        self.shows.update(other.shows)
        self.episodes.update(other.episodes)
        self.audiobooks.update(other.audiobooks)
        for album, places in other.album_tracks.items():
            self.album_tracks.setdefault(album, {}).update(places)
        self.album_versions.update(other.album_versions)

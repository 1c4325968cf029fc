"""The music there is: artists, albums and tracks, invented from a seed as they are needed.

The same seed gives the same music in the same order, however much of it is asked for. Knows
nothing of users, HTTP or JSON.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from typing import Any

from django_spotify_sync.testing.music.podcasts import Podcasts
from django_spotify_sync.testing.music.words import (
    GENRES,
    LAST_NAMES,
    UPPER,
    artist_name,
    base62,
    chance,
    native_script,
    title,
)
from django_spotify_sync.testing.music.world import World

# How many tracks a disc of an album with many of them holds.
DISC = 30


@dataclass(slots=True, eq=False)
class Artist:
    """One artist; ``native_name`` is answered to callers who ask for no language."""

    id: str
    name: str
    native_name: str | None
    genres: tuple[str, ...]
    followers: int
    popularity: int
    picture_sizes: tuple[int, ...]


@dataclass(slots=True, eq=False)
class Album:
    """One album; ``release_date`` is as precise as ``release_date_precision`` says.

    ``tracks`` are those invented so far: :meth:`Catalogue.tracks_of` gives all of them.
    """

    id: str
    name: str
    kind: str
    artists: tuple[Artist, ...]
    release_date: str
    release_date_precision: str
    total_tracks: int
    cover: str
    tracks: list[Track] = field(default_factory=list)

    @property
    def uri(self) -> str:
        """The Spotify URI."""
        return f"spotify:album:{self.id}"

    @property
    def upc(self) -> str:
        """The number on the box."""
        return f"{chance(f'{self.id}:upc').randrange(10**12):012}"

    @property
    def label(self) -> str:
        """Who published it."""
        return f"{chance(f'{self.id}:label').choice(LAST_NAMES)} Records"


@dataclass(slots=True, eq=False)
class Track:
    """One track; ``duration_ms`` in milliseconds, ``restriction`` why it cannot be played."""

    id: str
    name: str
    album: Album
    artists: tuple[Artist, ...]
    track_number: int
    duration_ms: int
    explicit: bool
    isrc: str
    popularity: int
    restriction: str | None = None
    disc_number: int = 1
    linked_from: Track | None = None

    @property
    def uri(self) -> str:
        """The Spotify URI."""
        return f"spotify:track:{self.id}"


@dataclass(slots=True, eq=False)
class Catalogue:
    """Invent music on demand and find it again by id."""

    world: World
    seed: int
    tracks: list[Track] = field(default_factory=list)
    artists: list[Artist] = field(default_factory=list)
    albums: list[Album] = field(default_factory=list)
    by_id: dict[str, Track | Album | Artist] = field(default_factory=dict)
    # by id; what they are is known to `playlists`, which knows the catalogue
    playlists: dict[str, Any] = field(default_factory=dict)
    podcasts: Podcasts = field(init=False)
    _new_albums: int = 0
    _rng: random.Random = field(init=False)
    _artist_rng: random.Random = field(init=False)

    def __post_init__(self) -> None:
        """Part the streams of chance, so that following artists invents no other tracks."""
        self._rng = chance(f"{self.seed}:tracks")
        self._artist_rng = chance(f"{self.seed}:artists")
        self.podcasts = Podcasts(self.world, self.seed)

    def first_tracks(self, count: int) -> list[Track]:
        """Give the first *count* tracks."""
        with self.world.lock:
            while len(self.tracks) < count:
                self._invent_album()
            return self.tracks[:count]

    def first_artists(self, count: int) -> list[Artist]:
        """Give the first *count* artists."""
        with self.world.lock:
            while len(self.artists) < count:
                self._invent_artist()
            return self.artists[:count]

    def first_albums(self, count: int) -> list[Album]:
        """Give the first *count* albums that tracks come from."""
        with self.world.lock:
            while len(self.albums) < count:
                self._invent_album()
            return self.albums[:count]

    def new_album(self, tracks: int) -> Album:
        """Invent an album of so many tracks, which are not among :meth:`first_tracks`."""
        with self.world.lock:
            self._new_albums += 1
            rng = chance(f"{self.seed}:album:{self._new_albums}")
            return self._album(rng, (rng.choice(self.first_artists(5)),), tracks)

    def tracks_of(self, album: Album) -> list[Track]:
        """Give all tracks of an album, by disc and number; the same ones whenever it is asked."""
        with self.world.lock:
            known = {(track.disc_number, track.track_number): track for track in album.tracks}
            places = [(at // DISC + 1, at % DISC + 1) for at in range(album.total_tracks)]
            for disc, number in places:
                if (disc, number) not in known:
                    rng = chance(f"{self.seed}:{album.id}:{disc}:{number}")
                    track = self._track(rng, album, number, album.artists, disc)
                    known[disc, number] = track
            return [known[place] for place in places]

    def resize(self, album: Album, total_tracks: int) -> None:
        """Give an album more or fewer tracks for everybody, as a deluxe edition does."""
        with self.world.edit():
            album.total_tracks = total_tracks
            self.world.catalogue_serial += 1

    def relinked(self, track: Track, to: str | None = None) -> Track:
        """Give the track Spotify answers instead of *track*: same recording, another id.

        *to* names the id it gets; by default a new one. ISRC and names stay.
        """
        with self.world.lock:
            if to is not None and isinstance(known := self.by_id.get(to), Track):
                return known
            twin = replace(track, id=to or base62(self._artist_rng), linked_from=track)
            self.by_id[twin.id] = twin
            return twin

    def rename(self, thing: Track | Album | Artist, name: str) -> None:
        """Rename something for everybody."""
        with self.world.edit():
            thing.name = name
            self.world.catalogue_serial += 1

    def _invent_artist(self) -> Artist:
        rng = self._artist_rng
        name = artist_name(rng)
        sizes = rng.choices(((640, 320, 160), (1000, 640, 200, 64), ()), weights=(16, 3, 1))[0]
        artist = Artist(
            id=base62(rng),
            name=name,
            native_name=native_script(name) if rng.random() < 0.03 else None,
            genres=tuple(rng.sample(GENRES, k=rng.choice((0, 0, 1, 2)))),
            followers=int(10 ** rng.uniform(1, 6)),
            popularity=rng.randrange(90),
            picture_sizes=sizes,
        )
        self.artists.append(artist)
        self.by_id[artist.id] = artist
        return artist

    def _some_artist(self) -> Artist:
        # 0.4 artists per track, a few of them with very many albums.
        rng = self._rng
        known = len(self.artists)
        if known < 5 or rng.random() < 0.5:
            return self._invent_artist()
        return self.artists[int(known * rng.random() ** 2)]

    def _invent_album(self) -> None:
        rng = self._rng
        main = self._some_artist()
        artists = (main,) if rng.random() < 0.9 else (main, self._some_artist())
        kept = rng.choices((1, 2, 3, 6), weights=(55, 22, 13, 10))[0]
        total = kept if rng.random() < 0.3 else kept + rng.randrange(1, 14)
        album = self._album(rng, artists, total)
        self.albums.append(album)
        for number in sorted(rng.sample(range(1, total + 1), k=kept)):
            guests = rng.choices((0, 1, 2, 3), weights=(68, 22, 7, 3))[0]
            of_it = dict.fromkeys((*artists, *(self._some_artist() for _ in range(guests))))
            self.tracks.append(self._track(rng, album, number, tuple(of_it)))

    def _album(self, rng: random.Random, artists: tuple[Artist, ...], total: int) -> Album:
        precision = rng.choices(("day", "month", "year"), weights=(80, 8, 12))[0]
        year, month, day = rng.randrange(1958, 2027), rng.randrange(1, 10), rng.randrange(1, 29)
        text = {"day": f"{year}-{month:02}-{day:02}", "month": f"{year}-{month:02}"}
        kinds = ("album", "compilation") if total > 3 else ("single", "album")
        album = Album(
            id=base62(rng),
            name=title(rng),
            kind=rng.choices(kinds, weights=(9, 1))[0],
            artists=artists,
            release_date=text.get(precision, f"{year}"),
            release_date_precision=precision,
            total_tracks=total,
            cover=f"{rng.getrandbits(96):024x}",
        )
        self.by_id[album.id] = album
        return album

    def _track(
        self,
        rng: random.Random,
        album: Album,
        number: int,
        artists: tuple[Artist, ...],
        disc: int = 1,
    ) -> Track:
        year = int(album.release_date[:4])
        track = Track(
            id=base62(rng),
            name=album.name if album.total_tracks == 1 else title(rng),
            album=album,
            artists=artists,
            track_number=number,
            disc_number=disc,
            duration_ms=int(rng.gauss(215_000, 50_000)) % 900_000 + 20_000,
            explicit=rng.random() < 0.12,
            isrc=f"ZZ{''.join(rng.choices(UPPER, k=3))}{year % 100:02}{rng.randrange(100_000):05}",
            popularity=rng.randrange(80),
            restriction="market" if rng.random() < 0.005 else None,
        )
        album.tracks.append(track)
        self.by_id[track.id] = track
        return track

"""A whole library from a seed: all that is saved, every kind of playlist, followed artists."""

from __future__ import annotations

import pickle
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from django_spotify_sync.testing.music.catalog import Catalogue
from django_spotify_sync.testing.music.contents import LocalFile, PlaylistItem, Stranger
from django_spotify_sync.testing.music.podcasts import invent_episode
from django_spotify_sync.testing.music.saved import NEWEST
from django_spotify_sync.testing.music.users import User
from django_spotify_sync.testing.music.words import artist_name, chance
from django_spotify_sync.testing.music.world import World

FRIENDS = (
    Stranger("zofie.quistmoor", "Zofie"),
    Stranger("1177038220", "kaspar w."),
    Stranger("q7x4l0v3b2n9m8k1j5h6g3f2d", None),
)
KINDS = ("own", "own", "private", "followed", "own", "shared", "long", "mixed", "own", "empty")

# Up to about so many entries a library is kept for the next fake that is to have the same.
SMALL = 1_000


@dataclass(slots=True, frozen=True, kw_only=True)
class Sizes:
    """How much there is of each kind in a library; *ties* is a share of the tracks."""

    tracks: int
    playlists: int
    artists: int
    albums: int
    shows: int
    episodes: int
    audiobooks: int
    ties: float

    @property
    def small(self) -> bool:
        """Whether it is worth keeping."""
        others = self.artists + self.shows + self.episodes + self.audiobooks
        return self.tracks + others + 10 * self.albums + 50 * self.playlists <= SMALL


def first_user(key: str, seed: int, sizes: Sizes) -> User:
    """Give somebody with a library, alone in a world of their own.

    Inventing takes longer than many a test that wants it. So what is small is invented once in a
    process and unpickled for each: all of it is a copy that nobody else sees.
    """
    if not sizes.small:
        return _invent(key, seed, sizes)
    user: User = pickle.loads(_pickled(key, seed, sizes))  # noqa: S301
    return user


@lru_cache(maxsize=32, typed=True)
def _pickled(key: str, seed: int, sizes: Sizes) -> bytes:
    return pickle.dumps(_invent(key, seed, sizes))


def _invent(key: str, seed: int, sizes: Sizes) -> User:
    world = World()
    user = User(world, Catalogue(world, seed), key=key)
    seed_library(user, sizes)
    return user


def seed_library(user: User, sizes: Sizes) -> None:
    """Fill an empty library; half of the tracks are those of earlier users where there are any."""
    catalogue, tracks = user.catalogue, sizes.tracks
    known = len(catalogue.tracks)
    shared = min(tracks // 2, known)
    pool = catalogue.first_tracks(known + tracks - shared)
    user.seed(pool[:shared] + pool[known : known + tracks - shared], ties=sizes.ties)
    for number in range(sizes.playlists):
        seed_playlist(user, number)
    if sizes.artists:
        user.following.follow(sizes.artists)
    if sizes.albums:
        user.albums.seed(sizes.albums)
    if sizes.shows:
        user.shows.seed(sizes.shows)
    if sizes.episodes:
        user.episodes.seed(sizes.episodes)
    if sizes.audiobooks:
        user.audiobooks.seed(sizes.audiobooks)


def seed_playlist(user: User, number: int) -> None:
    """Make list *number*: every ten of them hold one of each kind there is.

    Own, private, followed but not owned, shared, longer than any page, empty, and one with all
    that a list can hold besides tracks.
    """
    kind = KINDS[number % len(KINDS)]
    rng = chance(f"{user.catalogue.seed}:{user.key}:list:{number}")
    at = datetime.fromtimestamp(NEWEST, UTC) - timedelta(days=rng.randrange(2_000))
    size = {"empty": 0, "long": rng.randrange(120, 260)}.get(kind, rng.randrange(3, 90))
    friend = FRIENDS[number // len(KINDS) % len(FRIENDS)]
    playlist = user.listed.make(
        tracks=size,
        owner=friend if kind in {"followed", "shared"} else None,
        position=number,
        at=at,
    )
    if kind == "private":
        playlist.publish(public=False)
    if kind == "shared":
        playlist.share(user)
    if kind in {"followed", "long"}:
        playlist.describe(f"Everything by \"{artist_name(rng)}\" & friends, 'loud' <3 / quiet")
        playlist.set_cover("custom")
    if kind == "mixed":
        _mix(user, number, at)


def _mix(user: User, number: int, at: datetime) -> None:
    playlist = user.playlists[number]
    seed = f"{user.catalogue.seed}:{user.key}:{number}"
    memo = LocalFile("", "", "memo 004", 12)
    tape = LocalFile("Tove Ravnsholt", "Kitchen & Tapes", "Rain: take 2", 273)
    playlist.insert(1, [invent_episode(seed), tape, memo], at=at)
    playlist.add([playlist.items[0].content] * 2, at=at + timedelta(days=1))
    # Chart-like lists were seen with the oldest date there is (nokazn/ravyd#49).
    playlist.add(1, at=datetime.fromtimestamp(0, UTC))
    playlist.null(4)
    playlist.make_unavailable(0)
    very_old: tuple[PlaylistItem, ...] = tuple(
        replace(item, added_at=None, added_by=None) if index == 5 else item
        for index, item in enumerate(playlist.items)
    )
    with user.world.edit():
        playlist.history.set(replace(playlist.state, items=very_old))

"""What there is besides music: shows, their episodes, and audiobooks, invented as they are needed.

The same seed gives the same ones in the same order. Knows nothing of users, HTTP or JSON.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from django_spotify_sync.testing.music.words import (
    FIRST_NAMES,
    LAST_NAMES,
    NOUNS,
    base62,
    chance,
    title,
)
from django_spotify_sync.testing.music.world import World

EPISODES_OF_A_SHOW = 3
# What a few shows in eight have: nobody knows who hosts them, no picture, video among the audio.
ODD_SHOWS: dict[int, dict[str, Any]] = {
    1: {"is_externally_hosted": None},
    3: {"cover": None},
    6: {"media_type": "mixed", "is_externally_hosted": True},
}


@dataclass(slots=True, frozen=True, eq=False)
class Show:
    """One podcast. *is_externally_hosted* may be None, and *cover* too, which is one without pictures."""

    id: str
    name: str
    publisher: str
    total_episodes: int
    explicit: bool
    media_type: str
    language: str
    is_externally_hosted: bool | None
    cover: str | None

    @property
    def uri(self) -> str:
        """The Spotify URI."""
        return f"spotify:show:{self.id}"


@dataclass(slots=True, frozen=True, eq=False)
class Episode:
    """One podcast episode; ``duration_ms`` in milliseconds."""

    id: str
    name: str
    show: Show
    duration_ms: int
    release_date: str
    cover: str

    @property
    def uri(self) -> str:
        """The Spotify URI."""
        return f"spotify:episode:{self.id}"


@dataclass(slots=True, frozen=True, eq=False)
class Audiobook:
    """One audiobook, which is a show to Spotify too: of its authors, with chapters for episodes."""

    id: str
    name: str
    authors: tuple[str, ...]
    narrators: tuple[str, ...]
    edition: str
    total_chapters: int
    explicit: bool
    language: str
    cover: str

    @property
    def uri(self) -> str:
        """The Spotify URI, which is that of a show."""
        return f"spotify:show:{self.id}"

    @property
    def publisher(self) -> str:
        """Who published it: its authors, as was recorded."""
        return ", ".join(self.authors)

    def as_show(self) -> Show:
        """Give the show of the same id."""
        return Show(
            id=self.id,
            name=self.name,
            publisher=self.publisher,
            total_episodes=self.total_chapters,
            explicit=self.explicit,
            media_type="audio",
            language=self.language,
            is_externally_hosted=False,
            cover=self.cover,
        )


@dataclass(slots=True, eq=False)
class Podcasts:
    """Invent shows, episodes and audiobooks on demand."""

    world: World
    seed: int
    shows: list[Show] = field(default_factory=list)
    episodes: list[Episode] = field(default_factory=list)
    audiobooks: list[Audiobook] = field(default_factory=list)

    def first_shows(self, count: int) -> list[Show]:
        """Give the first *count* shows."""
        with self.world.lock:
            for number in range(len(self.shows), count):
                show = invent_show(f"{self.seed}:show:{number}")
                self.shows.append(replace(show, **ODD_SHOWS.get(number % 8, {})))
            return self.shows[:count]

    def first_episodes(self, count: int) -> list[Episode]:
        """Give the first *count* episodes; some are of one show."""
        with self.world.lock:
            for number in range(len(self.episodes), count):
                show = self.first_shows(number // EPISODES_OF_A_SHOW + 1)[-1]
                self.episodes.append(invent_episode(f"{self.seed}:episode:{number}", show))
            return self.episodes[:count]

    def first_audiobooks(self, count: int) -> list[Audiobook]:
        """Give the first *count* audiobooks."""
        with self.world.lock:
            for number in range(len(self.audiobooks), count):
                self.audiobooks.append(invent_audiobook(f"{self.seed}:audiobook:{number}"))
            return self.audiobooks[:count]


def invent_show(key: str) -> Show:
    """Make up one show."""
    rng = chance(key)
    return Show(
        id=base62(rng),
        name=f"The {rng.choice(NOUNS)} Hour",
        publisher=f"{rng.choice(LAST_NAMES)} Audio",
        total_episodes=rng.randrange(1, 1_200),
        explicit=rng.random() < 0.1,
        media_type="audio",
        language=rng.choice(("en", "en-US", "nl")),
        is_externally_hosted=False,
        cover=f"{rng.getrandbits(96):024x}",
    )


def invent_episode(key: str, show: Show | None = None) -> Episode:
    """Make up one episode, of a show of its own unless *show* is given."""
    rng = chance(key)
    year, month, day = rng.randrange(2015, 2026), rng.randrange(1, 13), rng.randrange(1, 29)
    return Episode(
        id=base62(rng),
        name=f"{rng.randrange(1, 200)}: {title(rng)}",
        show=show or invent_show(f"{key}:show"),
        duration_ms=rng.randrange(600_000, 7_000_000),
        release_date=f"{year}-{month:02}-{day:02}",
        cover=f"{rng.getrandbits(96):024x}",
    )


def invent_audiobook(key: str) -> Audiobook:
    """Make up one audiobook."""
    rng = chance(key)
    people = [f"{rng.choice(FIRST_NAMES)} {last}" for last in rng.sample(LAST_NAMES, k=6)]
    authors = rng.choices((1, 2), weights=(9, 1))[0]
    return Audiobook(
        id=base62(rng),
        name=title(rng),
        authors=tuple(people[:authors]),
        narrators=tuple(people[authors : authors + rng.randrange(1, 5)]),
        edition=rng.choices(("Unabridged", "Abridged"), weights=(9, 1))[0],
        total_chapters=rng.randrange(5, 90),
        explicit=rng.random() < 0.1,
        language=rng.choice(("en", "nl")),
        cover=f"{rng.getrandbits(96):024x}",
    )

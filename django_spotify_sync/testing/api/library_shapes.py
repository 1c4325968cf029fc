"""Saved albums, shows, episodes and audiobooks as JSON, in the shapes of the three cohorts.

Keys, nulls and types of ``legacy`` are recorded (library-and-history.md, section 1); ``new`` lacks
what the sheet marks there.
"""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from django_spotify_sync.testing.api.content_shapes import ContentShapes
from django_spotify_sync.testing.api.shapes import MARKETS, OPEN, Json, Shapes, merged
from django_spotify_sync.testing.music.catalog import Album, Track
from django_spotify_sync.testing.music.library import Entry
from django_spotify_sync.testing.music.podcasts import Audiobook, Episode, Show

SMALLEST_FIRST = (64, 300, 640)
RESUME_STEP = 10_000  # milliseconds

# What is left of an episode that was deleted (recorded).
GONE_EPISODE: Json = {
    "audio_preview_url": None,
    "description": None,
    "duration_ms": None,
    "explicit": False,
    "html_description": None,
    "id": None,
    "images": [],
    "is_externally_hosted": None,
    "language": None,
    "languages": [None],
    "name": None,
    "release_date": "0000",
    "release_date_precision": "year",
    "resume_point": {"fully_played": False, "resume_position_ms": None},
    "type": "episode",
    "uri": None,
}
GONE_SHOW: Json = {
    "copyrights": None,
    "description": None,
    "explicit": False,
    "html_description": None,
    "id": None,
    "images": [],
    "is_externally_hosted": None,
    "languages": [None],
    "media_type": None,
    "name": None,
    "total_episodes": None,
    "type": "show",
    "uri": None,
}


class LibraryShapes:
    """Write what a user has saved besides tracks."""

    def __init__(self, shapes: Shapes) -> None:
        """Build on the shapes of tracks, shows and episodes."""
        self.shapes = shapes
        self.others = ContentShapes(shapes)

    def album(self, album: Album, tracks: Json, *, native: bool, relinked: bool = False) -> Json:
        """Write a whole album around the page of its *tracks*.

        One that is answered in another edition is for sale nowhere.
        """
        answer = self.shapes.album(album, native=native)
        answer["copyrights"] = [
            {"text": f"{album.release_date[:4]} {album.label}", "type": kind} for kind in "CP"
        ]
        answer["external_ids"] = {"upc": album.upc}
        answer["genres"] = []
        answer["tracks"] = tracks
        if not self.shapes.new:
            answer["available_markets"] = [] if relinked else MARKETS
            answer["label"] = album.label
            answer["popularity"] = max((track.popularity for track in album.tracks), default=0)
        return answer

    def album_track(self, track: Track, *, native: bool, market: bool) -> Json:
        """Write a track inside an album: ``linked_from`` comes even where no market is named."""
        answer = self.shapes.simple_track(track, native=native)
        if market:
            answer["is_playable"] = track.restriction is None
        if track.restriction is not None:
            answer["restrictions"] = {"reason": track.restriction}
        if not self.shapes.new:
            if track.restriction is not None or track.linked_from is not None:
                answer["available_markets"] = []
            if track.linked_from is not None:
                answer["linked_from"] = self.shapes.track_link(track.linked_from)
        return answer

    def show(self, show: Show) -> Json:
        """Write a show as /me/shows does: its pictures come smallest first (recorded)."""
        answer = self.others.show(show)
        if show.cover is not None:
            answer["images"] = self.shapes.images(show.cover, SMALLEST_FIRST)
        return answer

    def book_as_show(self, book: Audiobook) -> Json:
        """Write an audiobook as /me/shows does, where only its description gives it away."""
        return {**self.show(book.as_show()), **_description(book)}

    def episode(self, episode: Episode) -> Json:
        """Write an episode with how far it was listened to, in round steps."""
        played = episode.duration_ms % 3 == 0
        position = 0 if played else episode.duration_ms % 9 * RESUME_STEP
        return {
            **self.others.true_episode(episode),
            "resume_point": {"fully_played": played, "resume_position_ms": position},
        }

    def gone_episode(self) -> Json:
        """Write what stands for an episode that was deleted."""
        show = GONE_SHOW if self.shapes.new else {**GONE_SHOW, "publisher": None}
        return {
            **GONE_EPISODE,
            **self._nowhere("episode"),
            "show": {**show, **self._nowhere("show")},
        }

    def audiobook(self, book: Audiobook) -> Json:
        """Write an audiobook; its pages on the web and its URI are those of a show."""
        answer: Json = {
            "authors": [{"name": name} for name in book.authors],
            "copyrights": [],
            "edition": book.edition,
            "explicit": book.explicit,
            "external_urls": {"spotify": f"{OPEN}/show/{book.id}"},
            "href": f"{self.shapes.api_url}/audiobooks/{book.id}",
            "id": book.id,
            "images": self.shapes.images(book.cover),
            "is_externally_hosted": False,
            "languages": [book.language],
            "media_type": "audio",
            "name": book.name,
            "narrators": [{"name": name} for name in book.narrators],
            "total_chapters": book.total_chapters,
            "type": "audiobook",
            "uri": book.uri,
            **_description(book),
        }
        if not self.shapes.new:
            answer["available_markets"] = MARKETS
            answer["publisher"] = book.publisher
        return answer

    def _nowhere(self, kind: str) -> Json:
        return {
            "external_urls": {"spotify": f"{OPEN}/{kind}/null"},
            "href": f"{self.shapes.api_url}/{kind}s/null",
        }


def dated(entry: Entry[Any], kind: str, thing: Json) -> Json:
    """Write an entry with its date around the *thing* of it."""
    return patched({"added_at": entry.added_at, kind: thing}, entry.raw)


def patched(answer: Json, raw: Mapping[str, Any] | None) -> Json:
    """Lay what a test set over an answer."""
    return merged(answer, raw) if raw else answer


def _description(book: Audiobook) -> Json:
    lines = [
        f"Author(s): {', '.join(book.authors)}",
        f"Narrator(s): {', '.join(book.narrators)}",
        f"{book.name}, read from beginning to end.",
    ]
    return {
        "description": "\n".join(lines),
        "html_description": "<br/>".join(map(escape, lines)),
    }

"""Playlists and what they hold as JSON, in the shapes of the three cohorts.

``new`` has ``items`` and ``item``, ``extended`` has ``tracks`` and ``track``, ``legacy`` both.
The object inside an entry holds booleans named ``track`` and ``episode`` in all of them.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from django_spotify_sync.testing.api.content_shapes import ContentShapes
from django_spotify_sync.testing.api.shapes import OPEN, Json, Shapes, merged
from django_spotify_sync.testing.music.catalog import Track
from django_spotify_sync.testing.music.contents import LocalFile, PlaylistItem
from django_spotify_sync.testing.music.playlists import Cover, ListState, Playlist
from django_spotify_sync.testing.music.podcasts import Episode

if TYPE_CHECKING:
    from django_spotify_sync.testing.music.following import Listed

MOSAIC_SIZES = (640, 300, 60)
ENTRY_NAMES = {"new": ("item",), "legacy": ("track", "item"), "extended": ("track",)}
CONTENTS_NAMES = {"new": ("items",), "legacy": ("tracks", "items"), "extended": ("tracks",)}


class PlaylistShapes:
    """Write playlists; *period* is part of a cover's address, which expires."""

    def __init__(self, shapes: Shapes) -> None:
        """Build on the shapes of tracks and people."""
        self.shapes = shapes
        self.others = ContentShapes(shapes)
        self.contents_names = CONTENTS_NAMES[shapes.cohort]
        self.entry_names = ENTRY_NAMES[shapes.cohort]

    def playlist(self, playlist: Playlist, state: ListState, snapshot: str, period: int) -> Json:
        """Write all that both a listing and a single list say."""
        owner = playlist.owner
        return {
            "collaborative": state.collaborative,
            "description": None if state.description is None else entities(state.description),
            "external_urls": {"spotify": f"{OPEN}/playlist/{playlist.id}"},
            "href": self.address(playlist),
            "id": playlist.id,
            "images": self.covers(playlist, state.cover, period),
            "name": state.name,
            "owner": {"display_name": owner.display_name, **self.shapes.user_link(owner.id)},
            "primary_color": None,
            "public": state.public,
            "snapshot_id": snapshot,
            "type": "playlist",
            "uri": f"spotify:playlist:{playlist.id}",
        }

    def listed(self, entry: Listed, state: ListState, snapshot: str, period: int) -> Json | None:
        """Write one entry of /me/playlists."""
        if entry.null:
            return None
        playlist = entry.playlist
        answer = self.playlist(playlist, state, snapshot, period)
        for name in self.contents_names:
            href = f"{self.address(playlist)}/{name}"
            answer[name] = {"href": href, "total": len(state.items)}
        return merged(answer, entry.raw) if entry.raw else answer

    def address(self, playlist: Playlist) -> str:
        """Write a list's own URL."""
        return f"{self.shapes.api_url}/playlists/{playlist.id}"

    def covers(self, playlist: Playlist, cover: Cover, period: int) -> list[Json] | None:
        """Write the cover: null for a list that never had one, no sizes for one of one's own."""
        if cover is None:
            return None
        stem = f"pl{playlist.id}{period:06d}"
        if cover == "mosaic":
            return self.shapes.images(stem, MOSAIC_SIZES)
        return [{"height": None, "url": f"{self.shapes.url}/image/0640{stem}", "width": None}]

    def item(self, item: PlaylistItem, *, native: bool, market: bool, episodes: bool) -> Json:
        """Write one entry; *episodes* whether the caller asked for episodes as such."""
        content = self.content(item, native=native, market=market, episodes=episodes)
        raw = dict(item.raw or {})
        if "content" in raw:
            content = merged(content, raw.pop("content"))
        by = item.added_by
        answer: Json = {
            "added_at": item.added_at,
            "added_by": None if by is None else self.shapes.user_link(by),
            "is_local": isinstance(item.content, LocalFile),
            "primary_color": None,
            "video_thumbnail": {"url": None},
            **dict.fromkeys(self.entry_names, content),
        }
        return merged(answer, raw) if raw else answer

    def content(
        self, item: PlaylistItem, *, native: bool, market: bool, episodes: bool
    ) -> Json | None:
        """Write what an entry holds."""
        content = item.content
        match content:
            case Track():
                return self._track(content, native, market, item.restriction)
            case LocalFile():
                return self.others.local_file(content)
            case Episode():
                return self.others.episode(content, dressed=not episodes)
        return None

    def _track(self, track: Track, native: bool, market: bool, why: str | None) -> Json:
        answer = self.shapes.track(track, native=native, market=market, restriction=why)
        del answer["album"]["is_playable"]
        # Recorded playlists of the older cohorts lack it unless the call names a market; the new
        # cohort always says it (spoton#119).
        if not (self.shapes.new or market):
            answer.pop("is_playable")
            answer.pop("restrictions", None)
        return {**answer, "episode": False, "track": True}


def entities(text: str) -> str:
    """Write what a person typed the way descriptions are answered: with HTML entities."""
    return escape(text).replace("/", "&#x2F;")

"""Local files and episodes inside playlists as JSON.

Local files follow a recording. Episodes follow what is written of them (JUKE finding 5): a caller
that asks for tracks only is answered an episode dressed as a track.
"""

from __future__ import annotations

from html import escape

from django_spotify_sync.testing.api.shapes import OPEN, Json, Shapes
from django_spotify_sync.testing.music.contents import Episode, LocalFile


class ContentShapes:
    """Write what is no track."""

    def __init__(self, shapes: Shapes) -> None:
        """Build on the shapes of tracks."""
        self.shapes = shapes

    def episode(self, episode: Episode, *, dressed: bool) -> Json:
        """Write an episode as such, or *dressed* as a track."""
        return self._dressed_episode(episode) if dressed else self._true_episode(episode)

    def local_file(self, file: LocalFile) -> Json:
        """Write a local file: no ids, and a URI made of its names (recorded)."""
        artist: Json = {
            "external_urls": {},
            "href": None,
            "id": None,
            "name": file.artist,
            "type": "artist",
            "uri": None,
        }
        album: Json = {
            "album_type": None,
            "artists": [],
            "external_urls": {},
            "href": None,
            "id": None,
            "images": [],
            "name": file.album,
            "release_date": None,
            "release_date_precision": None,
            "type": "album",
            "uri": None,
        }
        answer: Json = {
            "album": album,
            "artists": [artist],
            "disc_number": 0,
            "duration_ms": file.seconds * 1000,
            "explicit": False,
            "external_ids": {},
            "external_urls": {},
            "href": None,
            "id": None,
            "is_local": True,
            "name": file.title,
            "preview_url": None,
            "track_number": 0,
            "type": "track",
            "uri": file.uri,
        }
        if not self.shapes.new:
            album["available_markets"] = []
            answer["available_markets"] = []
            answer["popularity"] = 0
        return answer

    def _show(self, episode: Episode) -> Json:
        show: Json = {
            "copyrights": [],
            "description": f"About {episode.show_name}",
            "explicit": False,
            "external_urls": {"spotify": f"{OPEN}/show/{episode.show_id}"},
            "href": f"{self.shapes.api_url}/shows/{episode.show_id}",
            "html_description": f"About {escape(episode.show_name)}",
            "id": episode.show_id,
            "images": self.shapes.images(episode.cover),
            "is_externally_hosted": False,
            "languages": ["en"],
            "media_type": "audio",
            "name": episode.show_name,
            "total_episodes": 120,
            "type": "show",
            "uri": f"spotify:show:{episode.show_id}",
        }
        if not self.shapes.new:
            show["available_markets"] = []
            show["publisher"] = episode.publisher
        return show

    def _true_episode(self, episode: Episode) -> Json:
        return {
            "audio_preview_url": None,
            "description": f"{episode.name} & more",
            "duration_ms": episode.duration_ms,
            "episode": True,
            "explicit": False,
            "external_urls": {"spotify": f"{OPEN}/episode/{episode.id}"},
            "href": f"{self.shapes.api_url}/episodes/{episode.id}",
            "html_description": f"<p>{escape(episode.name)} &amp; more</p>",
            "id": episode.id,
            "images": self.shapes.images(episode.cover),
            "is_externally_hosted": False,
            "is_playable": True,
            "language": "en",
            "languages": ["en"],
            "name": episode.name,
            "release_date": episode.release_date,
            "release_date_precision": "day",
            "show": self._show(episode),
            "track": False,
            "type": "episode",
            "uri": episode.uri,
        }

    def _dressed_episode(self, episode: Episode) -> Json:
        """Write an episode dressed as a track, for callers that asked for tracks only."""
        show = {"spotify": f"{OPEN}/show/{episode.show_id}"}
        album: Json = {
            "album_type": "show",
            "artists": [],
            "external_urls": show,
            "href": f"{self.shapes.api_url}/shows/{episode.show_id}",
            "id": episode.show_id,
            "images": self.shapes.images(episode.cover),
            "name": episode.show_name,
            "release_date": None,
            "release_date_precision": None,
            "total_tracks": 120,
            "type": "show",
            "uri": f"spotify:show:{episode.show_id}",
        }
        artist: Json = {
            "external_urls": {},
            "href": None,
            "id": None,
            "name": episode.publisher,
            "type": "artist",
            "uri": None,
        }
        answer: Json = {
            "album": album,
            "artists": [artist],
            "disc_number": 0,
            "duration_ms": episode.duration_ms,
            "episode": True,
            "explicit": False,
            "external_ids": {"spotify": episode.uri},
            "external_urls": {"spotify": f"{OPEN}/episode/{episode.id}"},
            "href": f"{self.shapes.api_url}/episodes/{episode.id}",
            "id": episode.id,
            "is_local": False,
            "name": episode.name,
            "preview_url": None,
            "track": False,
            "track_number": 1,
            "type": "episode",
            "uri": episode.uri,
        }
        if not self.shapes.new:
            album["available_markets"] = []
            answer["available_markets"] = []
            answer["popularity"] = 0
        return answer

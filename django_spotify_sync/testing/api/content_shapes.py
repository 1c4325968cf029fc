"""Local files, episodes and shows as JSON.

Local files and shows follow recordings. Episodes inside playlists follow what is written of them
(JUKE finding 5): a caller that asks for tracks only is answered an episode dressed as a track.
"""

from __future__ import annotations

from html import escape

from django_spotify_sync.testing.api.shapes import MARKETS, OPEN, Json, Shapes
from django_spotify_sync.testing.music.contents import LocalFile
from django_spotify_sync.testing.music.podcasts import Episode, Show


class ContentShapes:
    """Write what is no track."""

    def __init__(self, shapes: Shapes) -> None:
        """Build on the shapes of tracks."""
        self.shapes = shapes

    def episode(self, episode: Episode, *, dressed: bool) -> Json:
        """Write an episode as such, or *dressed* as a track."""
        if dressed:
            return self._dressed_episode(episode)
        return {**self.true_episode(episode), "episode": True, "track": False}

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

    def show(self, show: Show) -> Json:
        """Write a show."""
        answer: Json = {
            "copyrights": [],
            "description": f"About {show.name}",
            "explicit": show.explicit,
            "external_urls": {"spotify": f"{OPEN}/show/{show.id}"},
            "href": f"{self.shapes.api_url}/shows/{show.id}",
            "html_description": f"About {escape(show.name)}",
            "id": show.id,
            "images": [] if show.cover is None else self.shapes.images(show.cover),
            "is_externally_hosted": show.is_externally_hosted,
            "languages": [show.language],
            "media_type": show.media_type,
            "name": show.name,
            "total_episodes": show.total_episodes,
            "type": "show",
            "uri": show.uri,
        }
        if not self.shapes.new:
            answer["available_markets"] = MARKETS
            answer["publisher"] = show.publisher
        return answer

    def true_episode(self, episode: Episode) -> Json:
        """Write an episode as such."""
        return {
            "audio_preview_url": None,
            "description": f"{episode.name} & more",
            "duration_ms": episode.duration_ms,
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
            "show": self.show(episode.show),
            "type": "episode",
            "uri": episode.uri,
        }

    def _dressed_episode(self, episode: Episode) -> Json:
        """Write an episode dressed as a track, for callers that asked for tracks only."""
        show = {"spotify": f"{OPEN}/show/{episode.show.id}"}
        album: Json = {
            "album_type": "show",
            "artists": [],
            "external_urls": show,
            "href": f"{self.shapes.api_url}/shows/{episode.show.id}",
            "id": episode.show.id,
            "images": self.shapes.images(episode.cover),
            "name": episode.show.name,
            "release_date": None,
            "release_date_precision": None,
            "total_tracks": episode.show.total_episodes,
            "type": "show",
            "uri": episode.show.uri,
        }
        artist: Json = {
            "external_urls": {},
            "href": None,
            "id": None,
            "name": episode.show.publisher,
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

"""Items of playlists as Spotify gives them."""

from __future__ import annotations

from django_spotify_sync.spotify.answers.playlist_items import parse_items_page

TRACK = {
    "id": "t1",
    "type": "track",
    "uri": "spotify:track:t1",
    "name": "A track",
    "duration_ms": 1000,
    "track": True,
    "episode": False,
    "is_playable": True,
    "artists": [{"id": "a1", "name": "An artist"}],
    "album": {"id": "b1", "name": "An album"},
}
ADDED = {"added_at": "2026-01-02T03:04:05Z", "added_by": {"id": "ada"}}


def page(*items, **more):
    return {"offset": 0, "limit": 50, "total": len(items), "items": list(items), **more}


def item(content, name="item", **more):
    [row] = parse_items_page(page({**ADDED, name: content, **more})).entries
    return row

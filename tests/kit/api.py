"""The REST API: its times, its lists to their ends, and how a run is shown."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.test import Client

from django_spotify_sync.models import SpotifyAccount, SyncRun

TRACKS = "/spotify/tracks/"
PLAYLISTS = "/spotify/playlists/"
FOLLOWING = "/spotify/following/"
ALBUMS = "/spotify/albums/"
SHOWS = "/spotify/shows/"
EPISODES = "/spotify/episodes/"
AUDIOBOOKS = "/spotify/audiobooks/"
CHANGES = "/spotify/changes/"
EXPORT = "/spotify/export/"
SYNC = "/spotify/sync/tracks/"

TOKYO = ZoneInfo("Asia/Tokyo")
NOON = datetime(2026, 3, 1, 21, 0, 0, tzinfo=TOKYO)
NOON_JSON = "2026-03-01T12:00:00Z"


QUEUED_JSON = {
    "resource": "tracks",
    "status": "queued",
    "mode": None,
    "trigger": "user",
    "reason": None,
    "done": 0,
    "total": None,
    "requests": 0,
    "counts": {"created": 0, "updated": 0, "unchanged": 0, "removed": 0, "skipped": 0},
    "created_at": NOON_JSON,
    "started_at": None,
    "finished_at": None,
    "resume_at": None,
    "error": None,
}


def run_of(account: SpotifyAccount, **values: Any) -> SyncRun:
    known = {"resource": "tracks", "trigger": "user", "created_at": NOON}
    return SyncRun.objects.create(account=account, **known | values)


def items_of(spotify_id: str) -> str:
    return f"/spotify/playlists/{spotify_id}/items/"


def names(client: Client, url: str, **query: str) -> list[str]:
    """Return the names of a list in its order, page by page."""
    found: list[str] = []
    page = client.get(url, query).json()
    while True:
        found += [row.get("name") or row.get("title") for row in page["results"]]
        if page["next"] is None:
            return found
        page = client.get(page["next"]).json()

"""A Spotify to test against: :class:`FakeSpotify`, a real HTTP server on this machine."""

from __future__ import annotations

from django_spotify_sync.testing.api.shapes import REMOVED
from django_spotify_sync.testing.fake import FakeSpotify
from django_spotify_sync.testing.music.contents import LocalFile, Stranger
from django_spotify_sync.testing.music.podcasts import invent_episode
from django_spotify_sync.testing.music.users import User
from django_spotify_sync.testing.oauth.door import CORE_SCOPE
from django_spotify_sync.testing.wire.faults import Fault
from django_spotify_sync.testing.wire.limits import Quota, RateLimit
from django_spotify_sync.testing.wire.log import LoggedRequest

__all__ = [
    "CORE_SCOPE",
    "REMOVED",
    "FakeSpotify",
    "Fault",
    "LocalFile",
    "LoggedRequest",
    "Quota",
    "RateLimit",
    "Stranger",
    "User",
    "invent_episode",
]

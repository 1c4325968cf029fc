"""A Spotify to test against: :class:`FakeSpotify`, a real HTTP server on this machine."""

from __future__ import annotations

from .accounts import CORE_SCOPE
from .contents import LocalFile, Stranger, invent_episode
from .fake import FakeSpotify
from .faults import Fault
from .limits import Quota, RateLimit
from .log import LoggedRequest
from .shapes import REMOVED
from .users import User

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

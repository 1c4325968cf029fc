"""A Spotify to test against: :class:`FakeSpotify`, a real HTTP server on this machine."""

from __future__ import annotations

from .accounts import CORE_SCOPE
from .fake import FakeSpotify
from .faults import Fault
from .limits import Quota, RateLimit
from .log import LoggedRequest
from .shapes import REMOVED

__all__ = [
    "CORE_SCOPE",
    "REMOVED",
    "FakeSpotify",
    "Fault",
    "LoggedRequest",
    "Quota",
    "RateLimit",
]

"""Other apps that may hold Spotify tokens of this site's users, by the names that ``spotify_adopt --from`` takes.

Each gives its rows in chunks, which are only read. Their models come from the app registry: nothing of theirs is
imported.
"""

from __future__ import annotations

from django_spotify_sync.upkeep.sources import allauth, social_auth
from django_spotify_sync.upkeep.sources.rows import HeldRow, Source, SourceMissing

__all__ = ["SOURCES", "HeldRow", "Source", "SourceMissing"]

SOURCES: dict[str, Source] = {"allauth": allauth.chunks, "social-auth": social_auth.chunks}

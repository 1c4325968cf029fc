"""Which scopes which resource needs (Spotify Web API, Scopes)."""

from __future__ import annotations

from collections.abc import Iterable

SCOPES: dict[str, tuple[str, ...]] = {
    "tracks": ("user-library-read",),
    "playlists": ("playlist-read-private", "playlist-read-collaborative"),
    "following": ("user-follow-read",),
}


def scopes_for(resources: Iterable[str]) -> list[str]:
    """Return the scopes that syncing ``resources`` needs, in a stable order."""
    wanted = set(resources)
    scopes = (one for resource, ones in SCOPES.items() if resource in wanted for one in ones)
    return list(dict.fromkeys(scopes))

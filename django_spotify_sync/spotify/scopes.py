"""Which scopes which resource needs (Spotify Web API, Scopes)."""

from __future__ import annotations

from collections.abc import Iterable

SCOPES: dict[str, tuple[str, ...]] = {
    "tracks": ("user-library-read",),
    "playlists": ("playlist-read-private", "playlist-read-collaborative"),
    "following": ("user-follow-read",),
    "albums": ("user-library-read",),
    "shows": ("user-library-read",),
    "episodes": ("user-library-read", "user-read-playback-position"),
    "audiobooks": ("user-library-read",),
}


#: Without them Spotify answers all the same, with less: those lists alone that everybody may see.
_DISPENSABLE = {"playlist-read-private", "playlist-read-collaborative"}


def is_covered(resource: str, granted: Iterable[str]) -> bool:
    """Tell whether Spotify answers for ``resource`` under these scopes. Where none is known, it may."""
    known = set(granted)
    return not known or set(SCOPES[resource]) - _DISPENSABLE <= known


def scopes_for(resources: Iterable[str]) -> list[str]:
    """Return the scopes that syncing ``resources`` needs, in a stable order."""
    wanted = set(resources)
    scopes = (one for resource, ones in SCOPES.items() if resource in wanted for one in ones)
    return list(dict.fromkeys(scopes))
